"""Child processes: started, watched, and all of them ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from airflow_thirdparty.demo.errors import DemoError

POLL_SECONDS = 0.1
"""How often the launcher looks whether something happened."""

SUPERVISE_SECONDS = 1.0
"""How often it looks once everything runs."""

GRACE_SECONDS = 15.0
"""How long a process may take to end by itself."""

TAIL_LINES = 15
"""How much of a log is shown when its process died."""


@dataclass
class Child:
    """One running process.

    :param name: as shown to the user
    :param popen: its handle
    :param log: where its output goes
    :param ends: whether it may end by itself, if it ends well
    :param reasons: what to say, in place of the end of its log, by exit status
    """

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    ends: bool = False
    reasons: Mapping[int, str] = field(default_factory=dict)


class Processes:
    """The demo's child processes.

    Each is the leader of a session of its own, so that Ctrl-C in the terminal reaches only the launcher,
    which then ends them in order, together with everything they started.

    :param env: the environment they get
    :param logs: the folder of their logs
    """

    def __init__(self, env: Mapping[str, str], logs: Path) -> None:
        self._env = dict(env)
        self._logs = logs
        self._children: list[Child] = []
        self._watched: list[tuple[str, Callable[[], bool], Path]] = []

    def start(
        self,
        name: str,
        command: Sequence[str],
        stdin: bytes | None = None,
        reasons: Mapping[int, str] | None = None,
    ) -> Child:
        """Start one.

        :param name: as shown to the user; also the name of its log
        :param command: program and arguments
        :param stdin: what it reads; nothing if not given
        :param reasons: what to tell the user when it ends with one of these exit statuses
        :return: the process, which has begun
        """
        log = self._logs / f"{name}.log"
        exit_with_parent = [sys.executable, "-m", "airflow_thirdparty.demo.parent", str(os.getpid())]
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [*exit_with_parent, *command],
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._env,
                start_new_session=True,
            )
        child = Child(name, popen, log, reasons=reasons or {})
        self._children.append(child)
        if stdin is not None and popen.stdin is not None:
            with contextlib.suppress(BrokenPipeError), popen.stdin as pipe:
                pipe.write(stdin)
        return child

    def watch(self, name: str, lives: Callable[[], bool], log: Path) -> None:
        """Watch a process that somebody else started and will end.

        :param name: as shown to the user
        :param lives: asks whether it still works
        :param log: its log
        """
        self._watched.append((name, lives, log))

    def supervise(self) -> None:
        """Wait until something ends that should not.

        :raises DemoError: names what ended
        """
        while True:
            self.check()
            for name, lives, log in self._watched:
                if not lives():
                    raise DemoError(f"{name} does not answer any more.\n{_tail(log)}")
            time.sleep(SUPERVISE_SECONDS)

    def check(self) -> None:
        """Make sure that all of them live.

        :raises DemoError: names the one that does not, with the tail of its log
        """
        for child in self._children:
            code = child.popen.poll()
            if code is not None and not (child.ends and code == 0):
                raise DemoError(
                    child.reasons.get(code, f"{child.name} ended {_how(code)}.\n{_tail(child.log)}")
                )

    def finish(self, child: Child, seconds: float) -> None:
        """Wait until a process that is meant to end has ended well.

        :param child: the process
        :param seconds: how long it may take
        :raises DemoError: when it takes longer or fails, or when another one dies meanwhile
        """
        child.ends = True
        self.wait_until(lambda: child.popen.poll() is not None, seconds, child.name)
        self.check()

    def wait_until(self, ready: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait for something, as long as all processes live.

        :param ready: asks whether it has happened
        :param seconds: how long it may take
        :param what: what we wait for, for the message
        :raises DemoError: when it takes longer, or a process dies
        """
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise DemoError(f"{what} was not ready after {seconds:.0f} s. The logs are in {self._logs}.")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """End all and everything they started: gently, but at once when interrupted again."""
        try:
            self._ask_to_end()
        finally:
            self.kill()

    def _ask_to_end(self) -> None:
        for child in self._children:
            if child.popen.poll() is None:
                child.popen.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for child in self._children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.popen.wait(max(0.0, deadline - time.monotonic()))

    def kill(self) -> None:
        """End at once whatever is left."""
        for child in self._children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.popen.pid, signal.SIGKILL)
            child.popen.wait()
        self._children.clear()


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join([f"The end of its log, {log}:", *(f"    {line}" for line in lines[-TAIL_LINES:])])


def _how(code: int) -> str:
    if code < 0:
        return f"by {signal.Signals(-code).name}"
    return f"with exit status {code}"
