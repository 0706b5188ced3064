"""Hands the server's parts to Airflow."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class ThirdPartyAccountsPlugin(AirflowPlugin):
    """The page, the API and the middleware."""

    name = "third_party_accounts"
