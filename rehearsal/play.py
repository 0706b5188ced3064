"""What happens in the rehearsal: people trigger, services are killed, everything is looked at afterwards."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rehearsal.people import CONN_ID, PAGES, Person
from rehearsal.topology import Topology

AT_ONCE = 8
"""Runs under way at a time: as many as two workers of four take."""

ACCIDENTS = (
    ("api-server-1", "killed"),
    ("worker-1", "ended"),
    ("triggerer", "killed"),
    ("proxy", "killed"),
    ("scheduler", "killed"),
    ("api-server-2", "killed"),
)
"""What happens to whom, spread over the runs. A worker is ended and not killed: Airflow finds out only after
five minutes that a task's process is gone (``[scheduler] task_instance_heartbeat_timeout``)."""

DOWN_SECONDS = 2.0
"""How long a service stays away."""

LAST_SECONDS = 300
"""How long the last runs may take."""

WORK = ("asks", "asks", "asks", "has_child")
"""DAGs, as they are triggered one after the other."""

SCHEDULED = "every_minute"


@dataclass(frozen=True)
class Run:
    """One run.

    :param person: whom it has to act for
    """

    dag_id: str
    run_id: str
    person: str


@dataclass
class Outcome:
    """What came of it.

    :param wrong: runs that acted for somebody else, in words
    :param failed: runs that did not succeed, in words
    :param lost: people whose sign-in is not good any more
    :param calls: calls to the identity provider, by path
    :param seconds: from the first run to the last
    """

    runs: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    accidents: list[str] = field(default_factory=list)
    second_tries: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def is_well(self) -> bool:
        """Whether nothing happened that must not."""
        return not (self.wrong or self.failed or self.lost)


class Play:
    """The rehearsal on a running topology.

    :param topology: the services
    :param admin: looks at all runs
    :param people: who trigger, by name
    """

    def __init__(self, topology: Topology, admin: Person, people: dict[str, Person]) -> None:
        self._topology = topology
        self._admin = admin
        self._people = people
        self._triggered: list[Run] = []
        self._accidents: list[str] = []
        self._begun = time.monotonic()
        self._next = itertools.count()

    def delegate(self, name: str) -> None:
        """Wait until the DAGs are known, and let the scheduled ones act for somebody.

        :param name: who
        """
        ends = time.monotonic() + LAST_SECONDS
        for dag_id in (*WORK, SCHEDULED):
            while not self._knows(dag_id):
                if time.monotonic() > ends:
                    raise RuntimeError(f"{dag_id} is not parsed:\n{self._topology.tail('dag-processor')}")
                time.sleep(1)
        body = {"conn_id": CONN_ID, "scheduled": True}
        self._people[name].call("POST", f"{PAGES}/dags/{SCHEDULED}/delegations", body)
        self._delegate, self._delegated_at = name, time.time()
        self._begun = time.monotonic()

    def _knows(self, dag_id: str) -> bool:
        found = self._admin.call("GET", f"/api/v2/dags?dag_id_pattern={dag_id}")["dags"]
        return any(dag["dag_id"] == dag_id for dag in found)

    def run(self, count: int) -> None:
        """Trigger runs, and let the accidents happen between them.

        :param count: how many
        """
        due = {(number + 1) * count // (len(ACCIDENTS) + 1): each for number, each in enumerate(ACCIDENTS)}
        for number in range(count):
            self._make_room()
            self._trigger()
            if number in due:
                self._happen(*due[number])
        self._make_room(of=1)

    def go_on(self, seconds: float, every: float) -> None:
        """Trigger runs for a while.

        :param seconds: how long
        :param every: seconds between two runs
        """
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            self._make_room()
            self._trigger()
            time.sleep(every)
        self._make_room(of=1)

    def _trigger(self) -> None:
        number = next(self._next)
        person = list(self._people.values())[number % len(self._people)]
        dag_id = WORK[number // len(self._people) % len(WORK)]
        run_id = f"{number}-of-{person.name}"
        path = f"/api/v2/dags/{dag_id}/dagRuns"
        try:
            person.call("POST", path, {"logical_date": None, "dag_run_id": run_id})
        except RuntimeError as error:
            if ": 409" not in str(error):  # the answer to the first try was lost, the run was not
                raise
        self._triggered.append(Run(dag_id, run_id, person.name))

    def _make_room(self, of: int = AT_ONCE) -> None:
        ends = time.monotonic() + LAST_SECONDS
        while len(self._under_way()) >= of and time.monotonic() < ends:
            time.sleep(1)

    def _under_way(self) -> list[Any]:
        path = "/api/v2/dags/~/dagRuns?state=running&state=queued&limit=100"
        return [run for run in self._admin.call("GET", path)["dag_runs"] if run["dag_id"] != SCHEDULED]

    def _happen(self, name: str, what: str) -> None:
        at = time.monotonic() - self._begun
        self._accidents.append(f"{name} {what} after {at:.0f} s")
        print(f"  {self._accidents[-1]}", flush=True)
        if what == "killed":
            self._topology.kill(name)
        else:
            self._topology.end(name)
        time.sleep(DOWN_SECONDS)
        self._topology.start(name)

    def outcome(self) -> Outcome:
        """Look at every run and at everybody's sign-in."""
        found = Outcome(accidents=self._accidents, seconds=time.monotonic() - self._begun)
        children = [
            Run("asks", f"child-of-{run.run_id}", run.person)
            for run in self._triggered
            if run.dag_id == "has_child"
        ]
        for kind, runs in (
            ("triggered", self._triggered),
            ("child", children),
            ("scheduled", self._scheduled()),
        ):
            for run in runs:
                found.runs[kind] += 1
                self._judge(run, found)
        for name, person in self._people.items():
            status = person.call("GET", f"{PAGES}/accounts/{CONN_ID}")["status"]
            if status != "signed_in":
                found.lost.append(f"{name}: {status}")
        log = self._topology.folder / "tmp" / "identity-provider.log"
        for line in log.read_text().splitlines():
            found.calls[line.split('"')[1].split()[1].partition("?")[0]] += 1
        return found

    def _scheduled(self) -> list[Run]:
        path = f"/api/v2/dags/{SCHEDULED}/dagRuns?state=success&state=failed&limit=100"
        runs = self._admin.call("GET", path)["dag_runs"]
        after = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self._delegated_at))
        return [Run(SCHEDULED, run["dag_run_id"], self._delegate) for run in runs if run["queued_at"] > after]

    def _judge(self, run: Run, found: Outcome) -> None:
        base = f"/api/v2/dags/{run.dag_id}/dagRuns/{run.run_id}"
        try:
            state = self._admin.call("GET", base)["state"]
            task = self._admin.call("GET", f"{base}/taskInstances/who")
        except RuntimeError as error:
            found.failed.append(f"{run.dag_id} {run.run_id}: {error}")
            return
        found.second_tries += task["try_number"] > 1
        if state != "success":
            found.failed.append(f"{run.dag_id} {run.run_id}: {state}")
            return
        seen = self._admin.call("GET", f"{base}/taskInstances/who/xcomEntries/return_value")["value"]
        if str(seen).strip('"') != run.person:
            found.wrong.append(f"{run.dag_id} {run.run_id}: {seen} instead of {run.person}")
