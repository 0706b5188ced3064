"""Hands the server's parts to Airflow.

Airflow loads plugins in every process.  Only the API server asks for the app and the middlewares, so only
there is the server's zone imported.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from airflow.plugins_manager import AirflowPlugin

from airflow_thirdparty import settings
from airflow_thirdparty.plugin_views import react_apps
from airflow_thirdparty.wire import WEB_PREFIX

log = logging.getLogger(__name__)


class ThirdPartyAccountsPlugin(AirflowPlugin):
    """The pages, the API and the middlewares."""

    name = "third_party_accounts"
    react_apps = react_apps(urlsplit(settings.base_url()).path)

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]  # asked for by the API server only
        """The app that Airflow mounts."""
        try:
            from airflow_thirdparty.server.web.app import create_app

            return [{"app": create_app(), "url_prefix": WEB_PREFIX, "name": "Third-Party Accounts"}]
        except Exception:  # Airflow itself starts all the same
            log.exception("The pages for third-party accounts could not be built")
            return []

    @property
    def fastapi_root_middlewares(self) -> list[dict[str, Any]]:  # type: ignore[override]  # as above
        """What sees Airflow's own requests."""
        try:
            from airflow_thirdparty.server.execution.middleware import ProjectionMiddleware
            from airflow_thirdparty.server.recording.middleware import AttributionMiddleware
            from airflow_thirdparty.server.web.slash import SlashMiddleware
        except Exception:  # Airflow itself starts all the same; accounts are then refused
            log.exception("The middlewares for third-party accounts could not be loaded")
            return []
        return [
            {"middleware": AttributionMiddleware, "name": "Who caused a run"},
            {"middleware": ProjectionMiddleware, "name": "Third-party accounts for tasks"},
            {"middleware": SlashMiddleware, "name": "The page's address without a slash"},
        ]
