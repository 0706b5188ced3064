"""Processes are watched, and none is left behind, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_thirdparty.demo.errors import DemoError
from airflow_thirdparty.demo.processes import Processes

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('up', flush=True); time.sleep(600)",
]
PARENT = [
    sys.executable,
    "-c",
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(600)",
]


def lives(pid: int) -> bool:
    try:
        # A zombie is dead: nobody here may wait for a grandchild.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(condition: object, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    started = Processes(os.environ, tmp_path)
    yield started
    started.kill()


def start(processes: Processes, name: str, command: list[str]) -> tuple[int, str]:
    child = processes.start(name, command)
    assert eventually(lambda: child.log.read_text().endswith("\n")), "the child says nothing"
    return child.popen.pid, child.log.read_text().strip()


def test_all_are_ended_with_what_they_started(processes: Processes) -> None:
    sleeper, _ = start(processes, "sleeper", SLEEP)
    parent, child = start(processes, "parent", PARENT)
    processes.stop()
    assert not any(map(lives, (sleeper, parent)))
    assert eventually(lambda: not lives(int(child)))


def test_who_does_not_listen_is_killed(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_thirdparty.demo.processes.GRACE_SECONDS", 0.3)
    stubborn, _ = start(processes, "stubborn", STUBBORN)
    processes.stop()
    assert not lives(stubborn)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        pytest.param(
            [sys.executable, "-c", "print('no disk left'); raise SystemExit(3)"],
            ["worker", "exit status 3", "no disk left"],
            id="it fails",
        ),
        pytest.param(
            [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"],
            ["worker", "SIGKILL"],
            id="it is killed",
        ),
        pytest.param(["/nowhere/program"], ["worker", "/nowhere/program"], id="there is no such program"),
    ],
)
def test_a_death_is_told_with_name_and_log(
    processes: Processes, command: list[str], words: list[str]
) -> None:
    start(processes, "sleeper", SLEEP)
    processes.start("worker", command)
    with pytest.raises(DemoError) as told:
        processes.wait_until(lambda: False, 10, "what never comes")
    assert all(word in str(told.value) for word in words), str(told.value)


def test_one_that_is_meant_to_end_may(processes: Processes) -> None:
    child = processes.start("prepare", [sys.executable, "-c", "import sys; print(sys.stdin.read())"], b"text")
    processes.finish(child, 10)
    assert child.log.read_text() == "text\n"


def test_an_exit_status_with_a_reason_is_told_by_it(processes: Processes) -> None:
    failing = [sys.executable, "-c", "print('a long log'); raise SystemExit(3)"]
    child = processes.start("prepare", failing, reasons={3: "remove the folder"})
    with pytest.raises(DemoError, match=r"^remove the folder$"):
        processes.finish(child, 10)


def test_waiting_ends(processes: Processes) -> None:
    with pytest.raises(DemoError, match="the moon was not ready"):
        processes.wait_until(lambda: False, 0.2, "the moon")


def test_what_others_started_is_watched(processes: Processes, tmp_path: Path) -> None:
    log = tmp_path / "provider.log"
    log.write_text("out of memory\n")
    processes.watch("identity-provider", lambda: False, log)
    with pytest.raises(DemoError, match=r"(?s)identity-provider does not answer.*out of memory"):
        processes.supervise()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda number: number.name)
def test_a_launcher_that_dies_leaves_nothing(tmp_path: Path, number: int) -> None:
    program = (
        "import os, sys, time; from pathlib import Path\n"
        "from airflow_thirdparty.demo.processes import Processes\n"
        f"child = Processes(os.environ, Path({str(tmp_path)!r})).start('sleeper', {SLEEP!r})\n"
        "while not child.log.read_text(): time.sleep(0.02)\n"
        "print(child.popen.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        child = int(launcher.stdout.readline())
        assert lives(child)
        launcher.send_signal(number)
        launcher.wait()
    assert eventually(lambda: not lives(child))
