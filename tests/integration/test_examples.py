"""The example DAGs, run by Airflow's own scheduler, workers and triggerer at the demo's identity provider."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from airflow_thirdparty.demo import account
from airflow_thirdparty.demo.account import CONN_ID, NOTES
from tests.support import scheduler, services
from tests.support.airflow_home import FOLDER
from tests.support.airflow_server import AirflowServer, configured, serving_airflow
from tests.support.databases import Database
from tests.support.people import Person
from tests.support.signing_in import api
from tests.support.versions import DEFERS_TO_TRIGGERS

EXAMPLES = Path(__file__).parents[2] / "dags_examples"
SECONDS = 240
"""For all runs, on a busy machine."""

AT_ONCE = {
    "who_am_i": "ask_the_service",
    "my_profile": "profile",
    "any_account": "ask",
    "other_providers": "own",
    "another_entry": "named",
    "key_account": "read_notes",
    "several_accounts": "compare",
    "sdk_object": "ask_by_requests",
}
"""DAGs that alice triggers, who is signed in, with the task that says whom the service saw."""

DEFERRED = {"foreign_deferred": "deferred"}
"""The same, where other providers' operators can wait on the triggerer."""
if DEFERS_TO_TRIGGERS:
    AT_ONCE |= DEFERRED

WIDER = ("more_scopes", "my_files")
"""The DAG that fails until alice has signed in for one scope more, with its task."""

NOTICES = "account_notices"
"""A DAG whose task runs the command line on a machine whose airflow.cfg names the database."""

WAITING = {"wait_for_me": "profile", "ask_me": "profile"}
"""DAGs that carol triggers, who signs in afterwards."""


@pytest.fixture(scope="module")
def database_kind() -> str:
    """Scheduler, triggerer, workers and people write at once: SQLite turns one away after five seconds."""
    return "postgres"


@pytest.fixture(scope="module")
def airflow_server(database: Database) -> Iterator[AirflowServer]:
    with configured("core", dags_folder=str(EXAMPLES), parallelism="3"):
        scheduler.load_dags(EXAMPLES)
        with serving_airflow() as server:
            yield server


@pytest.fixture(scope="module")
def airflow_cfg(database: Database) -> Iterator[None]:
    """The database stands in the file, too: Airflow keeps the variable from tasks."""
    file = FOLDER / "airflow.cfg"
    file.write_text(f"[database]\nsql_alchemy_conn = {database.url}\n")
    yield
    file.unlink()


@pytest.fixture(scope="module")
def processes(airflow_server: AirflowServer, airflow_cfg: None) -> Iterator[None]:
    """A scheduler with workers of its own, and a triggerer."""
    with contextlib.ExitStack() as stack:
        for name in ("scheduler", "triggerer"):
            stack.enter_context(running(name))
        yield


@contextlib.contextmanager
def running(name: str) -> Iterator[None]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with (FOLDER / f"examples-{name}.log").open("w") as log:
        process = subprocess.Popen(
            ["airflow", name, "--skip-serve-logs"],
            env={**os.environ, "PATH": path},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def provider(airflow_server: AirflowServer) -> Iterator[services.Service]:
    with services.running_service(airflow_server.url, conn_ids=(CONN_ID,)) as service:
        yield service


@pytest.fixture(scope="module")
def shown() -> set[str]:
    """The tokens that there have been, before somebody signed in anew."""
    return set()


def until(ready: Callable[[], bool], what: Callable[[], str]) -> None:
    deadline = time.monotonic() + SECONDS
    while not ready():
        assert time.monotonic() < deadline, what()
        time.sleep(0.5)


def state(person: Person, dag_id: str, run_id: str, task_id: str = "") -> str:
    path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}"
    return str(person.rest.get(f"{path}/taskInstances/{task_id}" if task_id else path).json()["state"])


def runs_of(person: Person, dag_id: str) -> dict[str, str]:
    """The states of a DAG's runs; for some time after its hour Airflow starts one of a schedule by itself."""
    runs = person.rest.get(f"/api/v2/dags/{dag_id}/dagRuns").json()["dag_runs"]
    return {run["dag_run_id"]: run["state"] for run in runs}


def xcom(person: Person, dag_id: str, run_id: str, task_id: str) -> Any:
    path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
    return person.rest.get(path).json()["value"]


def seen(person: Person, dag_id: str, run_id: str, task_id: str) -> Any:
    value = xcom(person, dag_id, run_id, task_id)
    return json.loads(value) if isinstance(value, str) else value


def logs(dag_id: str) -> str:
    """What the tasks of a DAG said."""
    files = sorted(path for path in FOLDER.glob("logs/**/*.log") if f"dag_id={dag_id}/" in str(path))
    return "\n".join(path.read_text() for path in files)[-20_000:]


def test_every_example_is_run_here_or_stands_for_a_schedule() -> None:
    examples = {path.stem for path in EXAMPLES.glob("*.py")}
    assert examples == {*AT_ONCE, *DEFERRED, *WAITING, WIDER[0], NOTICES, "team_digest"}


def test_they_act_as_whoever_triggered_them(
    admin: Person,
    alice: Person,
    carol: Person,
    provider: services.Service,
    processes: None,
    shown: set[str],
) -> None:
    body = provider.connection(CONN_ID, scopes="openid profile offline_access")
    assert admin.rest.post("/api/v2/connections", json=body).status_code == 201
    assert alice.sign_in(CONN_ID).status_code == 200
    add_notes(admin, alice, provider)
    too_narrow = alice.trigger(WIDER[0])
    runs = {dag_id: (alice, alice.trigger(dag_id)) for dag_id in AT_ONCE}
    runs |= {dag_id: (carol, carol.trigger(dag_id)) for dag_id in WAITING}
    broken = provider.connection("broken")
    assert admin.rest.post("/api/v2/connections", json=broken).status_code == 201
    flag("broken")
    admin.trigger(NOTICES)

    def states() -> str:
        return str({dag_id: state(who, dag_id, run_id) for dag_id, (who, run_id) in runs.items()})

    waits = {"wait_for_me": "signed_in", "ask_me": "profile"}

    def all_wait() -> bool:
        return not {state(carol, dag_id, runs[dag_id][1], task) for dag_id, task in waits.items()} & START

    until(all_wait, states)
    assert carol.sign_in(CONN_ID).status_code == 200
    for dag_id, (who, run_id) in runs.items():
        until(lambda: state(who, dag_id, run_id) in ("success", "failed"), states)  # noqa: B023  # at once
        task_id = {**AT_ONCE, **WAITING}[dag_id]
        assert state(who, dag_id, run_id) == "success", logs(dag_id)
        assert seen(who, dag_id, run_id, task_id)["sub"] == who.name
    until(lambda: {*runs_of(admin, NOTICES).values()} <= {"success", "failed"}, states)
    assert {*runs_of(admin, NOTICES).values()} == {"success"}, logs(NOTICES)
    said = [xcom(admin, NOTICES, run_id, "notify") for run_id in runs_of(admin, NOTICES)]
    assert [words for words in said if words != "0 notices."] == ["1 notice."], (
        "of the account that does not work"
    )
    until(lambda: state(alice, WIDER[0], too_narrow) in ("success", "failed"), lambda: logs(WIDER[0]))
    assert state(alice, WIDER[0], too_narrow) == "failed"
    assert "files:read" in logs(WIDER[0]), "which scope is missing"
    shown |= tokens_of_everybody()
    assert alice.sign_in(CONN_ID).status_code == 200
    wide_enough = alice.trigger(WIDER[0])
    until(lambda: state(alice, WIDER[0], wide_enough) in ("success", "failed"), lambda: logs(WIDER[0]))
    assert seen(alice, WIDER[0], wide_enough, WIDER[1])["sub"] == alice.name, logs(WIDER[0])


def add_notes(admin: Person, alice: Person, provider: services.Service) -> None:
    """The demo's account for keys, and alice's key."""
    fields = account.notes(provider.issuer)
    conn_id, extra = fields.pop("conn_id"), json.dumps(fields.pop("extra"))
    body = {**fields, "connection_id": conn_id, "extra": extra}
    assert admin.rest.post("/api/v2/connections", json=body).status_code == 201
    answer = alice.browser.post(f"{api(NOTES)}/sign-in", json={"key": "key-of-alice"})
    assert answer.status_code == 200, answer.text


def flag(conn_id: str) -> None:
    """Let an account's service not know its client any more."""
    from airflow.utils.session import create_session

    from airflow_thirdparty.server.store.models import AccountHealth

    with create_session(scoped=False) as session:
        session.add(
            AccountHealth(
                conn_id=conn_id,
                flagged_at=datetime.now(timezone.utc),
                flagged_code="invalid_client",
                flagged_text="the client is not known",
                several_failed=False,
            )
        )


def test_nothing_of_a_token_stays_anywhere(processes: None, shown: set[str]) -> None:
    """What the runs of the test above left: logs, XComs, rendered fields, triggers' arguments, audit rows."""
    tokens = shown | tokens_of_everybody()
    assert len(tokens) == 4
    places = {**dict(written()), **dict(stored())}
    assert len(places) > len(AT_ONCE) + len(WAITING)
    found = [place for place, text in places.items() if any(token in text for token in tokens)]
    assert found == []


def tokens_of_everybody() -> set[str]:
    from airflow.utils.session import create_session
    from sqlalchemy import select

    from airflow_thirdparty.server.store import sign_ins
    from airflow_thirdparty.server.store.models import SignIn

    with create_session(scoped=False) as session:
        return {sign_ins.open_access(row) for row in session.scalars(select(SignIn))}


def written() -> Iterator[tuple[str, str]]:
    for path in FOLDER.rglob("*.log"):
        yield str(path), path.read_text(errors="replace")


def stored() -> Iterator[tuple[str, str]]:
    from airflow.utils.session import create_session
    from sqlalchemy import text

    tables = ("xcom", "rendered_task_instance_fields", '"trigger"', "log", "task_instance", "dag_run")
    with create_session(scoped=False) as session:
        for table in tables:
            yield table, repr(session.execute(text(f"SELECT * FROM {table}")).all())


START = {"None", "scheduled", "queued"}
"""States of a task instance that has not come so far as to wait."""
