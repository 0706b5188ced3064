"""What an API server that loads no plugins needs in order to answer tasks that ask for an account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.routing import Mount
from starlette.types import Message

from airflow_thirdparty.server.execution.middleware import ProjectionMiddleware
from airflow_thirdparty.server.recording.middleware import AttributionMiddleware
from airflow_thirdparty.server.web.app import create_tasks_app
from airflow_thirdparty.wire import WEB_PREFIX

FIRST_CALL = "/execution/health"
"""Open to everybody, and as good as any other to have the Execution API built."""


def serve_accounts(app: FastAPI) -> FastAPI:
    """Put projection and recording in front of Airflow's Execution API, and health and lifespan beside it.

    Airflow's own lifespan enters those of mounted applications.  An application that has ours already is left
    as it is.

    :param app: Airflow's application, as ``cached_app(apps="execution")`` builds it
    :return: the same
    """
    if not any(isinstance(route, Mount) and route.path == WEB_PREFIX for route in app.routes):
        app.mount(WEB_PREFIX, create_tasks_app())
        app.add_middleware(AttributionMiddleware)
        app.add_middleware(ProjectionMiddleware)  # the last one is the outermost, as with plugins
        _warm_up_at_start(app)
    return app


def _warm_up_at_start(app: FastAPI) -> None:
    """Have the Execution API built before the first task asks.

    That happens at its first call and can take longer than the 5 seconds that a task waits.
    """
    lifespan = app.router.lifespan_context

    @asynccontextmanager
    async def warmed(started: Any) -> AsyncIterator[Any]:
        async with lifespan(started) as state:
            # mounted applications are found below the path of [api] base_url only
            await _ask(app, f"{app.root_path}{FIRST_CALL}")
            yield state

    app.router.lifespan_context = warmed


async def _ask(app: FastAPI, path: str) -> None:
    """Call an application in this process, as a server would, and leave the answer aside.

    Source: https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
    """

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: Message) -> None:
        pass

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 0),
        "server": ("localhost", 80),
    }
    await app(scope, receive, send)
