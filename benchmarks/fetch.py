"""What a task's question for a connection costs: vanilla Airflow, beside Airflow with this package.

Both servers run at the same time, one process each, on one database. Every round asks each case once, in an
order that is drawn anew, so that a machine that drifts drifts for all; a second vanilla series is the no-op
control. A figure counts when the control lies within 0.95 to 1.05.

    python -m benchmarks.fetch [--rounds N] [--database postgres]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import airflow_home

airflow_home.settle()

import httpx2  # noqa: E402  # Airflow's home is settled first

from airflow_thirdparty import wire  # noqa: E402
from airflow_thirdparty.demo import users  # noqa: E402
from benchmarks import results  # noqa: E402
from benchmarks.line import Line  # noqa: E402
from tests.support import databases  # noqa: E402
from tests.support.airflow_server import configured  # noqa: E402
from tests.support.people import Person  # noqa: E402
from tests.support.services import CONN_IDS, running_service  # noqa: E402
from tests.support.tasks import RunningTask, Tasks  # noqa: E402

DAG_ID = "fetches"
WARM_UP = 100
CLIENTS = 16
BLOCKS = 10
"""Parts of the series whose ratios show the spread."""

TURNS = 24
"""Turns of full load for each server: many short ones, since a machine drifts from one to the next."""

SHORTER = 4
"""How many times fewer questions a turn has than the rounds."""

WITHIN = (0.95, 1.05)
PLAIN = {
    "connection_id": "plain",
    "conn_type": "http",
    "host": "https://api.example",
    "password": "a-token-that-everybody-shares",
    "extra": '{"Accept": "application/json"}',
}
"""What one would use without this package."""


@dataclass
class Server:
    """A server process that is measured.

    :param url: where it is
    :param pid: its process
    """

    url: str
    pid: int

    def cpu(self) -> float:
        """Seconds of processor time it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Running:
    """Alice has signed in and her run's task is running; carol has not, and hers is running too."""

    alices: RunningTask
    carols: RunningTask


@dataclass
class Stage(Running):
    """Both servers, and who asks them."""

    ours: Server
    vanilla: Server


@contextlib.contextmanager
def server(kind: str, port: int) -> Iterator[Server]:
    """Run one API server process."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.fetch_server", str(port), kind])
    try:
        url = f"http://localhost:{port}"
        deadline = time.monotonic() + 120
        while True:
            with contextlib.suppress(httpx2.HTTPError):
                if httpx2.get(f"{url}/execution/health", trust_env=False).status_code == 200:
                    break
            assert process.poll() is None, f"the {kind} server did not start"
            assert time.monotonic() < deadline, f"the {kind} server takes too long"
            time.sleep(0.05)
        yield Server(url, process.pid)
    finally:
        process.terminate()
        process.wait(40)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def staged(kind: str = "postgres") -> Iterator[Stage]:
    """Set the stage on a database of a kind."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(databases.in_use(kind))
        port = free_port()
        base_url = f"http://localhost:{port}"
        stack.enter_context(configured("api", base_url=base_url))
        ours = stack.enter_context(server("ours", port))
        vanilla = stack.enter_context(server("vanilla", free_port()))
        running = stack.enter_context(people_and_tasks(base_url))
        yield Stage(running.alices, running.carols, ours, vanilla)


@contextlib.contextmanager
def people_and_tasks(base_url: str) -> Iterator[Running]:
    """Let people sign in and run something, at a server with this package.

    :param base_url: its address
    """
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(running_service(base_url, access_token_ttl=3600))
        admin, alice, carol = (Person(who, base_url) for who in (users.ADMIN, users.ALICE, users.CAROL))
        for body in (service.connection(CONN_IDS[0]), PLAIN):
            assert admin.rest.post("/api/v2/connections", json=body).status_code == 201
        assert alice.sign_in(CONN_IDS[0]).status_code == 200
        tasks = Tasks(base_url)
        stack.callback(tasks.close)
        tasks.add_dag(DAG_ID)
        alices, carols = (tasks.start(DAG_ID, who.trigger(DAG_ID)) for who in (alice, carol))
        yield Running(alices, carols)


def token_of(task: RunningTask) -> str:
    return str(task.worker.headers["Authorization"]).removeprefix("Bearer ")


@dataclass
class Case:
    """One question.

    :param expect: the status that is right
    """

    server: Server
    task: RunningTask
    asked_id: str
    expect: int = 200

    def __post_init__(self) -> None:
        self.line = Line(self.server.url, token_of(self.task))
        self.request = self.line.request(self.asked_id)

    def ask(self) -> float:
        return self.line.ask(self.request, self.expect)


def cases_of(stage: Stage) -> dict[str, Case]:
    hook = wire.TokenRequest(CONN_IDS[0]).encode()
    return {
        "vanilla": Case(stage.vanilla, stage.alices, "plain"),
        "vanilla again": Case(stage.vanilla, stage.alices, "plain"),
        "not ours": Case(stage.ours, stage.alices, "plain"),
        "account, our hook": Case(stage.ours, stage.alices, hook),
        "account, foreign hook": Case(stage.ours, stage.alices, CONN_IDS[0]),
        "refused": Case(stage.ours, stage.carols, CONN_IDS[0], 403),
    }


def shuffled(cases: dict[str, Case], rounds: int) -> dict[str, list[float]]:
    order = list(cases)
    draw = random.Random(rounds)  # an order of questions
    for case in cases.values():
        for _ in range(WARM_UP):
            case.ask()
    series: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        draw.shuffle(order)
        for name in order:
            series[name].append(cases[name].ask())
    return series


def ratios(series: dict[str, list[float]], name: str) -> dict[str, Any]:
    def at(values: list[float], cut: int) -> float:
        return statistics.quantiles(values, n=100)[cut - 1]

    size = len(series[name]) // BLOCKS
    parts = [slice(start, start + size) for start in range(0, size * BLOCKS, size)]
    blocks = [
        statistics.median(series[name][part]) / statistics.median(series["vanilla"][part]) for part in parts
    ]
    return {
        "p50": round(at(series[name], 50) / at(series["vanilla"], 50), 3),
        "p99": round(at(series[name], 99) / at(series["vanilla"], 99), 3),
        "p50_spread": [round(min(blocks), 3), round(max(blocks), 3)],
        "p50_ms": round(at(series[name], 50) * 1000, 2),
    }


def loaded(case: Case, requests: int) -> tuple[float, float]:
    """Requests a second with many clients, and milliseconds of the server's processor time for each."""
    lines = [Line(case.server.url, token_of(case.task)) for _ in range(CLIENTS)]

    def work(line: Line) -> None:
        for _ in range(requests // CLIENTS):
            line.ask(case.request, case.expect)

    used_before, started = case.server.cpu(), time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, lines))
    taken, used_now = time.perf_counter() - started, case.server.cpu()
    for line in lines:
        line.close()
    return requests / taken, (used_now - used_before) / requests * 1000


def under_load(cases: dict[str, Case], requests: int) -> dict[str, Any]:
    names = ["vanilla", "vanilla again", "account, our hook", "account, foreign hook"]
    turns: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    draw = random.Random(requests)  # an order of turns
    for name in names:  # each server's threads and connections are there before anything counts
        loaded(cases[name], requests)
    for _ in range(TURNS):
        draw.shuffle(names)
        for name in names:
            turns[name].append(loaded(cases[name], requests))
    figures: dict[str, Any] = {}
    for name in turns.keys() - {"vanilla"}:
        rates = [one[0] / other[0] for one, other in zip(turns[name], turns["vanilla"], strict=True)]
        cpu = [one[1] / other[1] for one, other in zip(turns[name], turns["vanilla"], strict=True)]
        figures[name] = {
            "throughput": round(statistics.median(rates), 3),
            "throughput_spread": [round(min(rates), 3), round(max(rates), 3)],
            "cpu": round(statistics.median(cpu), 3),
            "per_second": round(statistics.median(rate for rate, _ in turns[name])),
        }
    return figures


def measured(kind: str, rounds: int) -> dict[str, Any]:
    with staged(kind) as stage:
        cases = cases_of(stage)
        series = shuffled(cases, rounds)
        figures: dict[str, Any] = {name: ratios(series, name) for name in cases}
        for name, load in under_load(cases, rounds // SHORTER).items():
            figures[name] |= load
    control = figures["vanilla again"]
    figures["counts"] = all(WITHIN[0] <= control[name] <= WITHIN[1] for name in ("p50", "throughput"))
    return figures


def show(kind: str, figures: dict[str, Any]) -> None:
    print(f"{f'fetch, {kind}':<26}{'p50':>8}{'spread':>16}{'p99':>8}{'rate':>8}{'cpu':>8}   x vanilla")
    for name, figure in figures.items():
        if name == "counts":
            continue
        low, high = figure["p50_spread"]
        cells = f"{figure['p50']:>8.3f}{f'{low:.2f} to {high:.2f}':>16}{figure['p99']:>8.3f}"
        cells += "".join(f"{figure[key]:>8.3f}" for key in ("throughput", "cpu") if key in figure)
        print(f"{name:<26}{cells}")
    if not figures["counts"]:
        print("The control is off, so these figures do not count.")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=800)
    parser.add_argument("--database", choices=("postgres", "sqlite"))
    options = parser.parse_args()
    os.environ["AIRFLOW__API__HOST"] = "127.0.0.1"
    kinds = [options.database] if options.database else ["postgres", "sqlite"]
    for kind in kinds:
        figures = measured(kind, options.rounds)
        show(kind, figures)
        results.merge(f"fetch, {kind}", figures)


if __name__ == "__main__":
    main()
