"""The application of a server that serves tasks alone is Airflow's, with ours before it, once."""

from __future__ import annotations

from fastapi import FastAPI

from airflow_thirdparty.server.split import serve_accounts
from airflow_thirdparty.wire import WEB_PREFIX

MIDDLEWARES = ["ProjectionMiddleware", "AttributionMiddleware"]


def installed(app: FastAPI) -> tuple[list[str], int]:
    names = [getattr(each.cls, "__name__", "") for each in app.user_middleware]
    return names, sum(getattr(route, "path", "") == WEB_PREFIX for route in app.routes)


def test_ours_stand_before_an_application_that_has_none() -> None:
    assert installed(serve_accounts(FastAPI())) == (MIDDLEWARES, 1)


def test_ours_do_not_stand_twice_before_one_that_has_them() -> None:
    assert installed(serve_accounts(serve_accounts(FastAPI()))) == (MIDDLEWARES, 1)
