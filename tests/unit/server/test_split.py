"""The application of a server that serves tasks alone is Airflow's, with ours before it, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI

from airflow_thirdparty.server import split
from airflow_thirdparty.wire import WEB_PREFIX

MIDDLEWARES = ["ProjectionMiddleware", "AttributionMiddleware"]


def installed(app: FastAPI) -> tuple[list[str], int]:
    names = [getattr(each.cls, "__name__", "") for each in app.user_middleware]
    return names, sum(getattr(route, "path", "") == WEB_PREFIX for route in app.routes)


def test_ours_stand_before_an_application_that_has_none() -> None:
    assert installed(split.serve_accounts(FastAPI())) == (MIDDLEWARES, 1)


def test_ours_do_not_stand_twice_before_one_that_has_them() -> None:
    assert installed(split.serve_accounts(split.serve_accounts(FastAPI()))) == (MIDDLEWARES, 1)


@pytest.mark.parametrize("prefix", ["", "/airflow"])
async def test_the_first_call_is_its_own(prefix: str) -> None:
    """After Airflow's own start, and before the server says that it has started."""
    happened: list[str] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        happened.append("started")
        yield
        happened.append("ended")

    execution = FastAPI()
    execution.get("/health")(lambda: happened.append("called"))
    app = FastAPI(lifespan=lifespan, root_path=prefix)
    app.mount("/execution", execution)
    split.serve_accounts(app)
    async with app.router.lifespan_context(app):
        assert happened == ["started", "called"]
    assert happened == ["started", "called", "ended"]
