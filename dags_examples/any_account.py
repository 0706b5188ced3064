"""The account is chosen when the run is triggered, so the task says which ones it may be."""

from __future__ import annotations

from airflow.sdk import Param, dag, task

from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.hooks.uses_account import uses_account


@dag(schedule=None, tags=["example"], params={"account": Param("demo_service", type="string")})
def any_account():
    """What the decorator declares stands on the DAG's tab, scopes and all."""

    @task
    @uses_account("demo_service", scopes=["profile"])
    def ask(account: str) -> dict[str, str]:
        return ThirdPartyAccountHook(account, scopes=["profile"]).run("GET", "/me").json()

    ask("{{ params.account }}")


any_account()
