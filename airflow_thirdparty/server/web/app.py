"""The FastAPI apps that are mounted below ``/third-party-accounts``: one for people, one beside tasks.

A server's start builds what tasks need, and the routes for people at their first request: most of their time
and memory would be spent in processes that nobody asks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp

from airflow_thirdparty import __version__
from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.plugin_views import STATIC_FOLDER
from airflow_thirdparty.server.broker import runtime
from airflow_thirdparty.server.broker.housekeeping import loop
from airflow_thirdparty.server.broker.own_pool import close_own_pools
from airflow_thirdparty.server.broker.usage.recorder import usage_recorder
from airflow_thirdparty.server.broker.warm_up import warm_up
from airflow_thirdparty.server.web.at_first_request import AtFirstRequest
from airflow_thirdparty.server.web.headers import add_security_headers
from airflow_thirdparty.server.web.routes import health, token
from airflow_thirdparty.server.web.schemas.common import Problem, ProblemAnswer

log = logging.getLogger(__name__)

AFTER_START = 2.0
"""Seconds before the background work of a process begins, which would take its start's processor time."""

DRAIN = 27.0
"""Seconds that refreshes under way get at the end: longer than a call, shorter than a graceful stop (30)."""


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    background = asyncio.create_task(_work_in_the_background())
    try:
        yield
    finally:
        background.cancel()
        with suppress(asyncio.CancelledError):
            await background
        # new tokens that a service is just handing out must not die with the process
        await runtime.refresher().drain(DRAIN)
        await usage_recorder().drain()
        await close_own_pools()


async def _work_in_the_background() -> None:
    await asyncio.sleep(AFTER_START)
    await warm_up()
    await loop.run(runtime.refresher())


def create_app() -> FastAPI:
    """Build the app with the pages and their API."""
    app = create_tasks_app()
    app.mount("/static", StaticFiles(directory=STATIC_FOLDER, check_dir=False), name="static")
    app.mount("/", AtFirstRequest(_routes_for_people))
    app.add_exception_handler(ThirdPartyAccountError, _refused)
    return app


def create_tasks_app() -> FastAPI:
    """Build the app of a server that serves tasks alone.

    It has what their triggers ask, its health, and the background work of a process.
    """
    app = FastAPI(
        title="Third-Party Accounts", version=__version__, lifespan=_lifespan, docs_url=None, openapi_url=None
    )
    app.include_router(token.router)
    app.include_router(health.router)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.middleware("http")(_answer_failures)
    app.middleware("http")(add_security_headers)  # the last one is the outermost
    return app


def _routes_for_people() -> ASGIApp:
    from airflow_thirdparty.server.web.for_people import create_routes  # takes as long as building them

    return create_routes()


async def _refused(_request: Request, error: Exception) -> Response:
    from airflow_thirdparty.server.web import refusals  # knows the errors of the routes for people

    assert isinstance(error, ThirdPartyAccountError)  # noqa: S101  # registered for this class
    return refusals.answer(error)


async def _answer_failures(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Answer what nobody foresaw in words too, and log it; what happened stays here."""
    try:
        return await call_next(request)
    except Exception:
        log.exception("%s %s failed", request.method, request.url.path)
    problem = Problem(
        code="internal_error",
        message="Something went wrong in the API server.",
        remedy="Try again; if it stays, an admin finds the reason in the API server's log.",
    )
    return JSONResponse(ProblemAnswer(error=problem).model_dump(), status_code=500)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for this class
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:]) or "body"
    problem = Problem(
        code="invalid_request",
        message=f"The field '{field}' of the request is wrong: {first['msg']}.",
        remedy="Correct it and send the request again.",
        field=field,
    )
    return JSONResponse(ProblemAnswer(error=problem).model_dump(), status_code=422)
