"""What an API server's start loads beyond Airflow's own modules: nothing that a first sign-in would need."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import pytest

from tests.support.loading import loaded_by

STEPS = {
    "the plugin's apps and middlewares": """
from airflow_thirdparty.plugin import ThirdPartyAccountsPlugin
plugin = ThirdPartyAccountsPlugin()
apps = plugin.fastapi_apps, plugin.fastapi_root_middlewares
assert all(apps)""",
    "the background work": """
from airflow_thirdparty.server.broker import runtime
runtime.refresher()""",
    "an answer about health": """
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from airflow_thirdparty.server.broker import health
with Session(create_engine("sqlite://")) as session:
    assert "db migrate" in health.checks(session)["migrations"]""",
}

AIRFLOW = """
import airflow.api_fastapi.app
import airflow.api_fastapi.core_api.app
import airflow.api_fastapi.execution_api.app
from airflow.api_fastapi.core_api.routes.public import public_router
from airflow.api_fastapi.core_api.routes.ui import ui_router
from airflow.api_fastapi.execution_api.routes import execution_api_router
"""
"""Airflow's own applications, which are there in any case."""

ROUTES = "airflow_thirdparty.server.web.routes"


@pytest.fixture(scope="module")
def loaded() -> Mapping[str, list[str]]:
    return loaded_by(STEPS, after=AIRFLOW)


@pytest.mark.parametrize("step", STEPS)
def test_no_library_is_loaded_that_airflow_has_not_loaded_itself(
    loaded: Mapping[str, list[str]], step: str
) -> None:
    """Such as Authlib, joserfc and the HTTP engine, which sign-ins need, or Alembic."""
    packages = {name.partition(".")[0] for name in loaded[step]}
    assert packages <= {"airflow", "airflow_thirdparty", *sys.stdlib_module_names}


def test_the_routes_for_people_wait_for_somebody_to_ask(loaded: Mapping[str, list[str]]) -> None:
    names = {name for names in loaded.values() for name in names}
    routes = {name for name in names if name.startswith(f"{ROUTES}.")}
    assert routes == {f"{ROUTES}.health", f"{ROUTES}.token"}
