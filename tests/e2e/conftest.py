"""The demo as its users start it: a command in a terminal."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from airflow_thirdparty import dag_tags
from airflow_thirdparty.demo import ports, users
from airflow_thirdparty.demo.environment import DAG_ID
from airflow_thirdparty.demo.state import PersistedSettings, State
from airflow_thirdparty.demo.users import User
from tests.support.browsing import patient_browser
from tests.support.people import Person

COMMAND = [sys.executable, "-m", "airflow_thirdparty.demo"]
SECONDS = 240
READY = "Ctrl-C stops the demo"
RUN_SECONDS = 60


class Terminal:
    """A terminal in which somebody types the command.

    :param folder: the demo's folder; its output goes beside it
    :param arguments: more for the command line
    """

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self._output = folder.with_suffix(".output")
        self.start(*arguments)

    def start(self, *arguments: str) -> None:
        """Type the command, also once more after it has ended."""
        with self._output.open("w") as output:
            self.process = subprocess.Popen(
                [*COMMAND, "--state", str(self.folder), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )

    @property
    def output(self) -> str:
        """All it has printed."""
        return self._output.read_text()

    def wait_for(self, words: str) -> None:
        """Wait until it prints something.

        :param words: a part of what it prints
        """
        deadline = time.monotonic() + SECONDS
        while words not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.1)

    def wait_for_dags(self) -> None:
        """Wait until the policy has warned of an example DAG: the demo itself waits for another one only."""
        file = f"file:{self.state().airflow_home / 'airflow.db'}?mode=ro"
        deadline = time.monotonic() + SECONDS
        with contextlib.closing(sqlite3.connect(file, uri=True, timeout=30)) as connection:
            while not connection.execute(
                "SELECT 1 FROM dag_tag WHERE name = ?", [dag_tags.WARNING]
            ).fetchone():
                assert time.monotonic() < deadline, self.output
                time.sleep(0.5)

    def press_ctrl_c(self) -> int:
        """End it as a terminal does: the signal goes to the whole foreground group.

        :return: exit status
        """
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(SECONDS)

    def state(self) -> State:
        """The state it keeps."""
        return State(self.folder, PersistedSettings(**json.loads((self.folder / "demo.json").read_text())))

    def processes(self) -> list[Path]:
        """All that works for this demo, as folders below ``/proc``."""
        return [process for process in Path("/proc").glob("[0-9]*") if self._is_mine(process)]

    def _is_mine(self, process: Path) -> bool:
        try:
            said = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:
            return False
        return bytes(self.folder) in said

    def processor_seconds(self) -> float:
        """How long it has kept processors busy, with what has ended in the meantime."""
        clock = os.sysconf("SC_CLK_TCK")
        numbers = [(process / "stat").read_text().rpartition(")")[2].split() for process in self.processes()]
        return sum(int(ticks) for fields in numbers for ticks in fields[11:15]) / clock


def _as_long_as_needed(fixture_name: str, config: pytest.Config) -> str:
    # beside other tests a whole Airflow that idles to their end would take their time
    return "module" if config.getoption("numprocesses", None) else "session"


@pytest.fixture(scope=_as_long_as_needed)
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A running demo on free ports, one for all tests; whoever stops it starts it again."""
    port, provider_port = ports.free_ports(2)
    folder = tmp_path_factory.mktemp("terminal") / "demo"
    terminal = Terminal(folder, "--port", str(port), "--provider-port", str(provider_port))
    try:
        terminal.wait_for(READY)
        terminal.wait_for_dags()
        yield terminal
    finally:
        if terminal.process.poll() is None:
            terminal.press_ctrl_c()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a file; each has tabs of its own in it."""
    with patient_browser() as opened:
        yield opened


def finished_run(person: Person) -> str:
    """Trigger a run and wait for its end.

    :param person: who triggers it
    :return: its id
    """
    run_id = person.trigger(DAG_ID)
    deadline = time.monotonic() + RUN_SECONDS
    while person.rest.get(f"/api/v2/dags/{DAG_ID}/dagRuns/{run_id}").json()["state"] in ("queued", "running"):
        assert time.monotonic() < deadline, "the run takes too long"
        time.sleep(0.3)
    return run_id


def task_tab(person: Person, task: str) -> str:
    """The tab "Account" of a task that has run.

    :param person: who triggers the run
    :param task: id of the task
    :return: its address
    """
    run_id = quote(finished_run(person), safe="+:")
    return f"/dags/{DAG_ID}/runs/{run_id}/tasks/{task}/plugin/task-third-party-account"


def _person(user: User, terminal: Terminal) -> Iterator[Person]:
    person = Person(user, terminal.state().base_url)
    yield person
    person.close()


@pytest.fixture(scope="module")
def alice(demo: Terminal) -> Iterator[Person]:
    """Alice, who may use all DAGs of the demo."""
    yield from _person(users.ALICE, demo)


@pytest.fixture(scope="module")
def carol(demo: Terminal) -> Iterator[Person]:
    """Carol, who may do the same, and has signed in nowhere."""
    yield from _person(users.CAROL, demo)


@pytest.fixture(scope="module")
def admin(demo: Terminal) -> Iterator[Person]:
    """The admin."""
    yield from _person(users.ADMIN, demo)
