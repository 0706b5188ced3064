"""500 tasks ask at once for the token of one expired sign-in, while the service takes its time.

Run with ``python -m benchmarks.storm``; ``--callers`` and ``--delays`` make it smaller.
"""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import asdict

from tests.support import airflow_home

HEADING = ("database", "callers", "processes", "service answers after", "calls", "lost", "slowest answer")


def main() -> None:
    """Print a line for each storm and write them to ``results.json``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--callers", type=int, default=500)
    parser.add_argument("--delays", type=float, nargs="+", default=[0, 2, 15])
    parser.add_argument("--databases", nargs="+", default=["postgres", "sqlite"])
    wanted = parser.parse_args()
    airflow_home.settle()
    from benchmarks import results
    from tests.support import databases
    from tests.support.storm import Outcome, brewing

    print(("{:>10} {:>8} {:>10} {:>22} {:>6} {:>5} {:>15}").format(*HEADING))
    outcomes: list[Outcome] = []
    for kind in wanted.databases:
        with (
            databases.in_use(kind) as database,
            brewing(database, 4 if kind == "postgres" else 1) as storm,
        ):
            asyncio.run(storm.blow(wanted.callers // 5, 0))  # connections, caches
            for delay in wanted.delays:
                found = asyncio.run(storm.blow(wanted.callers, delay))
                outcomes.append(found)
                print(
                    f"{found.database:>10} {found.callers:>8} {found.processes:>10} "
                    f"{f'{found.delay_s:g} s':>22} {found.service_calls:>6} {found.lost:>5} "
                    f"{f'{found.slowest_s:.1f} s':>15}",
                    flush=True,
                )
    by_kind = {kind: [found for found in outcomes if found.database == kind] for kind in wanted.databases}
    figures = {
        kind: {
            "calls": max(outcome.service_calls for outcome in found),
            "lost": sum(outcome.lost for outcome in found),
            "each": [asdict(outcome) for outcome in found],
        }
        for kind, found in by_kind.items()
    }
    results.merge("storm", figures)


if __name__ == "__main__":
    main()
