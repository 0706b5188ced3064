"""One account, two ways to find its credential: after `--as--` the id names another exposure entry."""

from __future__ import annotations

from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import dag, task

from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook


@dag(schedule=None, tags=["example"])
def another_entry():
    """An account for GitHub serves GithubOperator by itself, and HttpOperator as `github--as--http`."""
    named = HttpOperator(task_id="named", http_conn_id="demo_service--as--http", endpoint="/me", method="GET")

    @task
    def by_the_hook() -> dict[str, str]:
        return ThirdPartyAccountHook("demo_service").run("GET", "/me").json()

    named >> by_the_hook()


another_entry()
