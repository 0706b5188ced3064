"""Two accounts in one task: each with the login that the same person has there."""

from __future__ import annotations

from airflow.sdk import dag, task

from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook


@dag(schedule=None, tags=["example"])
def several_accounts():
    """The DAG's tab shows both, and *sign in to all* goes through what is missing."""

    @task
    def compare() -> dict[str, str]:
        profile = ThirdPartyAccountHook("demo_service").run("GET", "/me").json()
        notes = ThirdPartyAccountHook("demo_notes").run("GET", "/mine").json()
        return {"sub": profile["sub"], "notes_of": notes["sub"]}

    compare()


several_accounts()
