"""An account for which everybody enters a key of their own, instead of signing in at the service."""

from __future__ import annotations

from airflow.sdk import dag, task

from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook


@dag(schedule=None, tags=["example"])
def key_account():
    """The task's code is that of any other account; in the demo the key is `key-of-` and a name."""

    @task
    def read_notes() -> dict[str, str]:
        return ThirdPartyAccountHook("demo_notes").run("GET", "/mine").json()

    read_notes()


key_account()
