"""What questions take while the tables grow to 1,000,000 sign-ins, uses and records, on Postgres.

Every question is asked at 1 %, 10 % and 100 % of that.  Then everything is walked once, as ``prune`` does it,
and records of runs that are gone are pruned though the million older ones before them stay.

    python -m benchmarks.growth [--rows N]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

from tests.support import airflow_home

SIZES = (0.01, 0.1, 1.0)
TIMES = 15
"""How often each question is asked."""

GONE = 41_592
"""How many records are of runs that are gone, the youngest of all."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    wanted = parser.parse_args()
    airflow_home.settle()
    from benchmarks import results
    from tests.support import databases

    with databases.in_use("postgres"):
        figures = {"rows": wanted.rows, "ms": _questions(wanted.rows), **_walks(), **_pruning(wanted.rows)}
    figures["slower"] = round(max(found[-1] / found[0] for found in figures["ms"].values()), 2)
    show(figures)
    results.merge("growth", figures)


def _questions(rows: int) -> dict[str, list[float]]:
    from airflow.utils.session import create_session

    from airflow_thirdparty.server.broker.housekeeping import counting
    from tests.support import accounts, growth

    for number in range(growth.ACCOUNTS):
        host = f"https://api-{number}.example"
        accounts.store(accounts.connection(f"account_{number}", host, service="custom", kind="key"))
    found: dict[str, list[float]] = {name: [] for name in growth.QUESTIONS}
    filled = 0
    for part in SIZES:
        began, first, filled = time.perf_counter(), filled + 1, int(rows * part)
        growth.fill(first, filled)
        print(f"{filled:,} rows a table, filled in {time.perf_counter() - began:.0f} s", flush=True)
        with create_session(scoped=False) as session:
            counting.count(session, growth.NOW)
        for name, ask in growth.QUESTIONS.items():
            found[name].append(_milliseconds(ask))
    return found


def _milliseconds(ask: Callable[[Any], Any]) -> float:
    """Median time of a question; what it changes is taken back."""
    from airflow.utils.session import create_session

    taken = []
    for _ in range(TIMES + 1):
        with create_session(scoped=False) as session:
            session.connection()
            began = time.perf_counter()
            ask(session)
            taken.append(time.perf_counter() - began)
            session.rollback()
    return round(statistics.median(taken[1:]) * 1000, 2)


def _walks() -> dict[str, Any]:
    """Seconds of whole walks over all sign-ins, and how much the process grew by them."""
    from datetime import timedelta
    from functools import partial

    from airflow_thirdparty.server.broker.database import in_transaction
    from airflow_thirdparty.server.broker.housekeeping import counting, offboarding
    from tests.support import growth

    before = _memory()
    idle = partial(offboarding.idle, before=growth.NOW - timedelta(days=400))
    walks = {"orphaned": offboarding.orphaned, "departed": offboarding.departed, "idle": idle}
    seconds, found = {}, {}
    for name, find in walks.items():
        began = time.perf_counter()
        found[name] = sum(1 for _ in offboarding.walk(in_transaction, find))
        seconds[name] = round(time.perf_counter() - began, 1)
    began = time.perf_counter()
    in_transaction(counting.count, growth.NOW)
    seconds["counting in the background"] = round(time.perf_counter() - began, 1)
    return {"walk_s": seconds, "found": found, "memory_mb": round(_memory() - before, 1)}


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _pruning(rows: int) -> dict[str, Any]:
    """Prune records behind a million that stay."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunType
    from sqlalchemy import func, select, text

    from airflow_thirdparty.server.broker.database import in_transaction
    from airflow_thirdparty.server.broker.housekeeping import pruning
    from airflow_thirdparty.server.store.attributions import Attribution
    from tests.support import growth

    gone = min(GONE, rows // 2)
    with create_session(scoped=False) as session:
        run = DagRun(dag_id="dag", run_id="run", run_type=DagRunType.MANUAL, state="success")
        run.id, run.created_at = growth.KEPT_RUN, growth.NOW
        session.add(run)
        session.flush()
        last = session.scalar(select(func.max(Attribution.id)))
        session.execute(
            text("UPDATE third_party_attribution SET run_pk = 2 WHERE id > :after"), {"after": last - gone}
        )
    growth.analyze()
    steps, deleted, taken, more = 0, 0, [], True
    while more:
        began = time.perf_counter()
        pruned, more = in_transaction(pruning.step, growth.NOW)
        taken.append(time.perf_counter() - began)
        steps += 1
        deleted += pruned.attributions
    with create_session(scoped=False) as session:
        left = session.scalar(select(func.count()).select_from(Attribution))
    assert left == rows - gone, "what stays was deleted"
    return {
        "pruned": deleted,
        "due": gone,
        "starved": gone - deleted,
        "steps": steps,
        "step_ms": round(statistics.median(taken) * 1000, 1),
        "slowest_step_ms": round(max(taken) * 1000, 1),
    }


def show(figures: dict[str, Any]) -> None:
    print(f"{'ms, median':<26}" + "".join(f"{int(figures['rows'] * part):>12,}" for part in SIZES))
    for name, found in figures["ms"].items():
        print(f"{name:<26}" + "".join(f"{one:>12.2f}" for one in found))
    for name, seconds in figures["walk_s"].items():
        print(f"{name + ', all':<26}{seconds:>12.1f} s")
    print(f"memory of the walks       {figures['memory_mb']:>12.1f} MB")
    print(f"pruned {figures['pruned']:,} of {figures['due']:,} due in {figures['steps']} steps")


if __name__ == "__main__":
    main()
