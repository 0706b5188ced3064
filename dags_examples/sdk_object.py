"""A client library that takes an object of its own for its credentials: here requests."""

from __future__ import annotations

from airflow.sdk import dag, task

from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.sdks.credentials import requests_auth


@dag(schedule=None, tags=["example"])
def sdk_object():
    """The same with Google's, Azure's, Amazon's and GitHub's libraries, each by an extra of the package."""

    @task
    def ask_by_requests() -> dict[str, str]:
        import requests

        hook = ThirdPartyAccountHook("demo_service")
        with requests.Session() as session:
            session.auth = requests_auth(hook)
            return session.get(f"{hook.get_access().host}/me", timeout=30).json()

    ask_by_requests()


sdk_object()
