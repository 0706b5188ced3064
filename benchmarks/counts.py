"""What an answer to a task costs in a server's process, counted: vanilla Airflow, and with this package.

Nothing here depends on how busy the machine is.

    python -m benchmarks.counts
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import asdict
from typing import Any

from benchmarks import fetch  # settles Airflow's home, which comes first

# isort: split
from airflow_thirdparty import wire
from benchmarks import results
from benchmarks.fetch_server import without_us
from tests.support.counting import counted
from tests.support.services import CONN_IDS

Question = tuple[str, str, int]
"""The id that is asked for, the task's token, and the status that is right."""


async def _counts(app: Any, questions: dict[str, Question]) -> dict[str, dict[str, int]]:
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        return {name: asdict(await counted(app, *question)) for name, question in questions.items()}


def _app(*, with_us: bool) -> Any:
    from airflow import plugins_manager
    from airflow.api_fastapi.app import create_app, purge_cached_app

    purge_cached_app()
    loaded = plugins_manager._get_plugins
    if not with_us:
        without_us()
    plugins_manager.get_fastapi_plugins.cache_clear()
    try:
        return create_app()
    finally:
        plugins_manager._get_plugins = loaded


def main() -> None:
    os.environ["AIRFLOW__API__HOST"] = "127.0.0.1"
    with fetch.staged() as stage:
        token, carols = fetch.token_of(stage.alices), fetch.token_of(stage.carols)
        vanilla = {"vanilla": ("plain", token, 200)}
        ours = {
            "not ours": ("plain", token, 200),
            "account, our hook": (wire.TokenRequest(CONN_IDS[0]).encode(), token, 200),
            "account, foreign hook": (CONN_IDS[0], token, 200),
            "refused": (CONN_IDS[0], carols, 403),
        }
        figures = asyncio.run(_counts(_app(with_us=False), vanilla))
        figures |= asyncio.run(_counts(_app(with_us=True), ours))
    names = list(next(iter(figures.values())))
    print(f"{'an answer, counted':<26}" + "".join(f"{name:>13}" for name in names))
    for row, counts in figures.items():
        print(f"{row:<26}" + "".join(f"{counts[name]:>13,}" for name in names))
    results.merge("counts", figures)


if __name__ == "__main__":
    main()
