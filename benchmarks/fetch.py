"""What a task's question for a connection costs: vanilla Airflow, beside Airflow with this package.

Pairs are interleaved, so that a machine that drifts drifts for all; a second vanilla series is the no-op
control.

    python -m benchmarks.fetch [--rounds N]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.support import airflow_home

airflow_home.settle()

import httpx2  # noqa: E402  # Airflow's home is settled first

from airflow_thirdparty import wire  # noqa: E402
from airflow_thirdparty.demo import users  # noqa: E402
from benchmarks import results  # noqa: E402
from tests.support.airflow_server import configured  # noqa: E402
from tests.support.databases import Database, Postgres, used  # noqa: E402
from tests.support.people import Person  # noqa: E402
from tests.support.services import CONN_IDS, running_service  # noqa: E402
from tests.support.tasks import RunningTask, Tasks  # noqa: E402

DAG_ID = "fetches"
WARM_UP = 40
CLIENTS = 16


@contextlib.contextmanager
def server(kind: str, port: int) -> Iterator[str]:
    """Run one API server process."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.fetch_server", str(port), kind])
    try:
        url = f"http://localhost:{port}"
        deadline = time.monotonic() + 90
        while True:
            with contextlib.suppress(httpx2.HTTPError):
                if httpx2.get(f"{url}/execution/health", trust_env=False).status_code == 200:
                    break
            assert process.poll() is None, f"the {kind} server did not start"
            assert time.monotonic() < deadline, f"the {kind} server takes too long"
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def a_running_task() -> Iterator[tuple[RunningTask, httpx2.Client, httpx2.Client]]:
    """Alice has signed in and her run's task is running; clients of both servers with the task's token."""
    ours, vanilla = free_port(), free_port()
    with contextlib.ExitStack() as stack:
        database = Database("postgres", Postgres(stack).prepared())
        stack.enter_context(used(database))
        url = f"http://localhost:{ours}"
        stack.enter_context(configured("api", base_url=url))
        stack.enter_context(server("ours", ours))
        vanilla_url = stack.enter_context(server("vanilla", vanilla))
        service = stack.enter_context(running_service(url, access_token_ttl=3600))
        admin, alice = Person(users.ADMIN, url), Person(users.ALICE, url)
        for body in (
            service.connection(CONN_IDS[0]),
            {"connection_id": "plain", "conn_type": "http", "host": "x", "password": "some-password"},
        ):
            assert admin.rest.post("/api/v2/connections", json=body).status_code == 201
        assert alice.sign_in(CONN_IDS[0]).status_code == 200
        tasks = Tasks(url)
        tasks.add_dag(DAG_ID)
        task = tasks.start(DAG_ID, alice.trigger(DAG_ID))
        other = stack.enter_context(
            httpx2.Client(base_url=vanilla_url, headers=dict(task.worker.headers), trust_env=False)
        )
        yield task, task.worker, other
        tasks.close()


def seconds(client: httpx2.Client, conn_id: str) -> float:
    started = time.perf_counter()
    answer = client.get(f"/execution/connections/{conn_id}")
    taken = time.perf_counter() - started
    assert answer.status_code == 200, answer.text
    return taken


def interleaved(calls: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    for call in calls.values():
        for _ in range(WARM_UP):
            call()
    series: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            series[name].append(call())
    return series


def per_second(client: httpx2.Client, conn_id: str, requests: int) -> float:
    with ThreadPoolExecutor(CLIENTS) as pool:
        started = time.perf_counter()
        list(pool.map(lambda _: seconds(client, conn_id), range(requests)))
        return requests / (time.perf_counter() - started)


def ratio_of(series: dict[str, list[float]], name: str, cut: int) -> float:
    def at(values: list[float]) -> float:
        return statistics.quantiles(values, n=100)[cut - 1]

    return round(at(series[name]) / at(series["vanilla"]), 3)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=600)
    rounds = parser.parse_args().rounds
    os.environ["AIRFLOW__API__HOST"] = "127.0.0.1"
    with a_running_task() as (_, ours, vanilla):
        asked = wire.TokenRequest(CONN_IDS[0]).encode()
        calls = {
            "vanilla": lambda: seconds(vanilla, "plain"),
            "vanilla again": lambda: seconds(vanilla, "plain"),
            "not ours": lambda: seconds(ours, "plain"),
            "account, our hook": lambda: seconds(ours, asked),
            "account, foreign hook": lambda: seconds(ours, CONN_IDS[0]),
        }
        series = interleaved(calls, rounds)
        throughput = [
            (per_second(vanilla, "plain", rounds), per_second(ours, asked, rounds)) for _ in range(3)
        ]
    figures = {name: {"p50": ratio_of(series, name, 50), "p99": ratio_of(series, name, 99)} for name in calls}
    figures["throughput"] = {"ratio": round(statistics.median(ours / van for van, ours in throughput), 3)}
    print(f"{'fetch of a connection':<26}{'p50':>8}{'p99':>8}   x vanilla, {rounds} rounds")
    for name, figure in figures.items():
        cells = "".join(f"{value:>8.3f}" for value in figure.values())
        print(f"{name:<26}{cells}")
    results.merge("fetch", figures)


if __name__ == "__main__":
    main()
