"""The FastAPI apps that are mounted below ``/third-party-accounts``: one for people, one beside tasks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from airflow.configuration import conf
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from airflow_thirdparty import __version__
from airflow_thirdparty.exceptions import AccountMisconfigured, ServiceUnavailable, ThirdPartyAccountError
from airflow_thirdparty.plugin_views import STATIC_FOLDER
from airflow_thirdparty.server.broker import runtime
from airflow_thirdparty.server.broker.acting.delegations import (
    CannotDelegate,
    DelegatedByAnother,
    NoSuchDag,
    NoSuchDelegation,
    NotTheDelegate,
)
from airflow_thirdparty.server.broker.housekeeping import loop
from airflow_thirdparty.server.broker.own_pool import close_own_pools
from airflow_thirdparty.server.broker.registry.editing import IdTaken, KeptElsewhere
from airflow_thirdparty.server.broker.registry.registrations import NoSuchAccount
from airflow_thirdparty.server.broker.sign_in.own_credentials import TooManyAttempts
from airflow_thirdparty.server.broker.usage.recorder import usage_recorder
from airflow_thirdparty.server.broker.warm_up import warm_up
from airflow_thirdparty.server.people.roles import NoSuchRole, RolesElsewhere
from airflow_thirdparty.server.web.dependencies import (
    CrossSite,
    LoggedIn,
    NotAdmin,
    NotEntitled,
    SharedIdentity,
    without_nul,
)
from airflow_thirdparty.server.web.headers import add_security_headers
from airflow_thirdparty.server.web.routes import (
    accounts,
    dags,
    delegations,
    documents,
    health,
    pages,
    people,
    registry,
    roles,
    runs,
    token,
    uses,
)
from airflow_thirdparty.server.web.routes.people import NoSuchSignIn
from airflow_thirdparty.server.web.routes.registry import NoSuchService
from airflow_thirdparty.server.web.routes.runs import NoSuchTaskInstance
from airflow_thirdparty.server.web.schemas.common import Problem, ProblemAnswer

log = logging.getLogger(__name__)

STATUS = {
    NoSuchAccount: 404,
    AccountMisconfigured: 422,
    ServiceUnavailable: 503,
    SharedIdentity: 403,
    CrossSite: 403,
    NotAdmin: 403,
    NotEntitled: 403,
    NoSuchRole: 404,
    NoSuchService: 404,
    IdTaken: 409,
    KeptElsewhere: 409,
    NoSuchSignIn: 404,
    RolesElsewhere: 409,
    NoSuchDag: 404,
    NoSuchTaskInstance: 404,
    NoSuchDelegation: 404,
    NotTheDelegate: 403,
    DelegatedByAnother: 409,
    CannotDelegate: 422,
    TooManyAttempts: 429,
}
"""Which HTTP status an error answers with; the nearest class wins."""

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
    with_docs = conf.getboolean("api", "enable_swagger_ui", fallback=True)
    app = FastAPI(
        title="Third-Party Accounts",
        version=__version__,
        lifespan=_lifespan,
        docs_url=None,  # ours says what it may load, see routes.documents
        redoc_url=None,
        openapi_url="/openapi.json" if with_docs else None,
        dependencies=[Depends(without_nul)],
        responses={"4XX": {"model": ProblemAnswer}, "5XX": {"model": ProblemAnswer}},
    )
    for routes in (accounts, dags, delegations, runs, uses, roles, people, registry):
        app.include_router(routes.router, dependencies=[LoggedIn])
    for routes in (token, pages, health):
        app.include_router(routes.router)
    if with_docs:
        app.include_router(documents.router)
    app.mount("/static", StaticFiles(directory=STATIC_FOLDER, check_dir=False), name="static")
    app.add_exception_handler(ThirdPartyAccountError, _to_user_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    return _guarded(app)


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
    return _guarded(app)


def _guarded(app: FastAPI) -> FastAPI:
    app.middleware("http")(_answer_failures)
    app.middleware("http")(add_security_headers)  # the last one is the outermost
    return app


async def _to_user_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ThirdPartyAccountError)  # noqa: S101  # registered for this class
    status = next((STATUS[cls] for cls in type(error).__mro__ if cls in STATUS), 400)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyAttempts) else None
    return JSONResponse(
        ProblemAnswer(error=Problem.of(error)).model_dump(), status_code=status, headers=headers
    )


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
