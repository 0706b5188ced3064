"""A task that needs a scope beyond the account's own: it is asked for at the person's next sign-in."""

from __future__ import annotations

from airflow.sdk import dag, task

from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook


@dag(schedule=None, tags=["example"])
def more_scopes():
    """The first run fails with `ScopesMissing` and a link; after signing in by that link it succeeds."""

    @task
    def my_files() -> dict[str, str]:
        return ThirdPartyAccountHook("demo_service", scopes=["files:read"]).run("GET", "/me").json()

    my_files()


more_scopes()
