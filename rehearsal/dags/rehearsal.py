"""What the people of the rehearsal trigger: every task asks the service who it acts for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, task

from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook

OPTIONS = {
    "catchup": False,
    "start_date": datetime(2024, 1, 1, tzinfo=timezone.utc),
    "default_args": {"retries": 3, "retry_delay": timedelta(seconds=3)},
}


@task
def who() -> str:
    """Asked twice, so that a token of a minute is refreshed now and then between the questions."""
    first = ThirdPartyAccountHook("demo_service").run("GET", "/me").json()["sub"]
    second = ThirdPartyAccountHook("demo_service").run("GET", "/me").json()["sub"]
    return first if first == second else f"{first}, then {second}"


with DAG("asks", schedule=None, **OPTIONS):
    who()

with DAG("has_child", schedule=None, **OPTIONS):
    who() >> TriggerDagRunOperator(
        task_id="child", trigger_dag_id="asks", trigger_run_id="child-of-{{ run_id }}"
    )

with DAG("every_minute", schedule="* * * * *", max_active_runs=1, **OPTIONS):
    who()
