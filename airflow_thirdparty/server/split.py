"""What an API server that loads no plugins needs in order to answer tasks that ask for an account."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.routing import Mount

from airflow_thirdparty.server.execution.middleware import ProjectionMiddleware
from airflow_thirdparty.server.recording.middleware import AttributionMiddleware
from airflow_thirdparty.server.web.app import create_tasks_app
from airflow_thirdparty.wire import WEB_PREFIX


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
    return app
