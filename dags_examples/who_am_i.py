"""Who am I? The service's answer depends on who triggered the run."""

from __future__ import annotations

from airflow.sdk import dag, task

from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook


@dag(schedule=None, tags=["example"])
def who_am_i():
    """One task, one line: the call carries the access token of whoever triggered the run."""

    @task
    def ask_the_service() -> dict[str, str]:
        return ThirdPartyAccountHook("demo_service").run("GET", "/me").json()

    ask_the_service()


who_am_i()
