"""Memory of the services and connections of the database, over time."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import psutil
from sqlalchemy import create_engine, text

from rehearsal.topology import Topology

INTERVAL = 10.0
"""Seconds between two looks."""
LASTING_SECONDS = 120.0
"""A child that has lived for so long is part of its service; a younger one is a task's process."""
LEAST_SECONDS = 300.0
"""Over less no growth is told: a look at a process in the middle of its work says nothing."""


@dataclass
class Series:
    """What was seen of one thing.

    :param seen: seconds since the beginning, and the figure then
    """

    seen: list[tuple[float, float]] = field(default_factory=list)

    def span(self, since: float) -> str:
        """The least and the most.

        :param since: seconds after the first look; what was before is left out
        :return: for the table
        """
        values = [value for _, value in self._after(since)]
        return f"{min(values):.0f} to {max(values):.0f}" if values else "-"

    def slope(self, since: float) -> float:
        """By how much it grows in a minute, by least squares.

        :param since: seconds after the first look; what was before is left out
        :return: 0 where too little was seen
        """
        points = [(at / 60, value) for at, value in self._after(since)]
        if len(points) < 3:
            return 0.0
        mean_at = sum(at for at, _ in points) / len(points)
        mean = sum(value for _, value in points) / len(points)
        spread = sum((at - mean_at) ** 2 for at, _ in points)
        return sum((at - mean_at) * (value - mean) for at, value in points) / spread if spread else 0.0

    def lasted(self, since: float) -> bool:
        """Whether it was seen for long enough to tell its growth.

        :param since: seconds after the first look; what was before is left out
        """
        seen = self._after(since)
        return bool(seen) and seen[-1][0] - seen[0][0] >= LEAST_SECONDS

    def _after(self, since: float) -> list[tuple[float, float]]:
        return [(at, value) for at, value in self.seen if at >= self.seen[0][0] + since]


class Measures:
    """Looks at a topology now and then.

    :param topology: which
    """

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._engine = create_engine(topology.database)
        self._begun = time.monotonic()
        self._pids: dict[str, int] = {}
        self.memory: dict[str, Series] = defaultdict(Series)
        """MB that a service's lasting processes hold for themselves (USS), by the service's name."""
        self.processes: dict[str, int] = {}
        """How many lasting processes a service had when last looked at."""
        self.rows: dict[str, Series] = defaultdict(Series)
        """Connections of the database, and rows of our tables, by name."""

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._begun

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Look until left."""
        done = threading.Event()

        def look() -> None:
            while not done.wait(INTERVAL):
                self.look()

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            self._engine.dispose()

    def look(self) -> None:
        """Look once."""
        for name, process in list(self._topology.processes.items()):
            if self._pids.setdefault(name, process.pid) != process.pid:
                # started again: another process, with a warm-up of its own
                self._pids[name] = process.pid
                self.memory[name].seen.clear()
            with contextlib.suppress(psutil.Error):
                processes = lasting(psutil.Process(process.pid))
                self.memory[name].seen.append((self.now, sum(map(_memory, processes))))
                self.processes[name] = len(processes)
        with self._engine.connect() as connection:
            count = connection.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE datname = 'airflow'"))
            self.rows["database connections"].seen.append((self.now, float(count)))
            for table in ("sign_in", "authorization", "attempts", "leader_lease"):
                known = connection.scalar(text("SELECT to_regclass(:name)"), {"name": f"third_party_{table}"})
                if known:
                    rows = connection.scalar(text(f"SELECT count(*) FROM third_party_{table}"))
                    self.rows[f"rows of {table}"].seen.append((self.now, float(rows)))


def lasting(first: psutil.Process) -> list[psutil.Process]:
    """A service's first process, and those of its children that are no task's.

    :param first: the first process
    """
    born_before = time.time() - LASTING_SECONDS
    return [first, *(child for child in first.children(recursive=True) if child.create_time() < born_before)]


def _memory(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().uss) / 1e6
    except psutil.NoSuchProcess:
        return 0.0
