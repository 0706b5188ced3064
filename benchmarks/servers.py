"""What a process costs: an API server's start, memory, first answer and idling, and a worker's import.

Servers are started in turns, vanilla Airflow and Airflow with this package, on one Postgres database.

    python -m benchmarks.servers [--turns N]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import fetch  # settles Airflow's home, which comes first

# isort: split
from airflow_thirdparty import wire
from benchmarks import results
from tests.support.airflow_server import configured
from tests.support.databases import Database, Postgres, used
from tests.support.services import CONN_IDS
from tests.support.tasks import task_token

TURNS = 3
SETTLED = 5.0
"""Seconds after which a process has done what it does at its start."""

OTHERS = 60
"""How many answers the first one is compared with."""

QUIET = 20.0
"""Seconds after which the first round of background work, in which everything is due, is over."""

IDLE = 120
"""Seconds in which nobody asks anything: six rounds of background work."""

IMPORTS = 9
IMPORT = """
import time, airflow.sdk
began = time.process_time()
import airflow_thirdparty.hooks.third_party_account
print(time.process_time() - began)
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=TURNS)
    options = parser.parse_args()
    os.environ["AIRFLOW__API__HOST"] = "127.0.0.1"
    figures = {"worker_import_ms": _imported(), **_served(options.turns)}
    show(figures)
    results.merge("servers", figures)


def _imported() -> float:
    """Milliseconds that a worker's import of the hook takes beyond that of ``airflow.sdk``."""
    taken = []
    for _ in range(IMPORTS):
        done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
        taken.append(float(done.stdout.split()[-1]))
    return round(statistics.median(taken) * 1000, 1)


def _served(turns: int) -> dict[str, Any]:
    found: dict[str, list[dict[str, float]]] = {"vanilla": [], "ours": []}
    with contextlib.ExitStack() as stack:
        postgres = Postgres(stack)
        url = postgres.prepared()
        stack.enter_context(used(Database("postgres", url)))
        port = fetch.free_port()
        stack.enter_context(configured("api", base_url=f"http://localhost:{port}"))
        with fetch.server("ours", port) as ours:
            task = stack.enter_context(fetch.people_and_tasks(ours.url)).alices
        # one that is not near its end when the last server is asked
        task.worker.headers["Authorization"] = f"Bearer {task_token(task.id, valid_for=7200)}"
        draw = random.Random(turns)  # an order of starts
        for _ in range(turns):
            for kind in draw.sample(sorted(found), len(found)):
                found[kind].append(_started(kind, port, task))
        with fetch.server("ours", port):
            time.sleep(QUIET)
            idle = _transactions(postgres, url)
    figures = {kind: {name: _median(each, name) for name in each[0]} for kind, each in found.items()}
    more = {name: round(figures["ours"][name] - figures["vanilla"][name], 2) for name in figures["ours"]}
    return {**figures, "more": more, "idle_transactions": idle}


def _median(found: list[dict[str, float]], name: str) -> float:
    return round(statistics.median(each[name] for each in found), 2)


def _started(kind: str, port: int, task: Any) -> dict[str, float]:
    asked_id = wire.TokenRequest(CONN_IDS[0]).encode() if kind == "ours" else "plain"
    began = time.monotonic()
    with fetch.server(kind, port) as server:
        ready, cpu = time.monotonic() - began, server.cpu()
        time.sleep(SETTLED)
        memory = _memory(server.pid)
        case = fetch.Case(server, task, asked_id)
        first, *others = [case.ask() * 1000 for _ in range(OTHERS + 1)]
        case.line.close()
        return {
            "start_s": ready,
            "start_cpu_s": cpu,
            "memory_mb": memory,
            "first_ms": first,
            "others_ms": statistics.median(others),
            "slowest_other_ms": max(others),
            "memory_after_mb": _memory(server.pid),
        }


def _memory(pid: int) -> float:
    """Megabytes that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1024


def _transactions(postgres: Postgres, url: str) -> float:
    """Transactions a second in the database while nobody asks anything."""
    name = url.partition("@/")[2].partition("?")[0]

    def count() -> int:
        asked = f"SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = '{name}'"
        found = re.search(r"^\s*(\d+)\s*$", postgres.psql(asked), re.MULTILINE)
        assert found
        return int(found[1])

    before = count()
    time.sleep(IDLE)
    return round((count() - before) / IDLE, 3)


def show(figures: dict[str, Any]) -> None:
    print(f"a worker's import of the hook: {figures['worker_import_ms']:.1f} ms beyond airflow.sdk")
    print(f"{'an API server':<26}{'vanilla':>10}{'ours':>10}{'more':>10}")
    for name, more in figures["more"].items():
        print(f"{name:<26}{figures['vanilla'][name]:>10.2f}{figures['ours'][name]:>10.2f}{more:>10.2f}")
    print(f"idle: {figures['idle_transactions']:.3f} transactions/s")


if __name__ == "__main__":
    main()
