"""Signing in as a required action: Airflow shows it to the person whose run waits, and to nobody else."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from airflow_thirdparty.operators.http import ThirdPartyHttpOperator


@dag(schedule=None, tags=["example"])
def ask_me():
    """On Airflow 3.2 the task waits on its worker."""
    ThirdPartyHttpOperator(
        task_id="profile",
        third_party_account_conn_id="demo_service",
        endpoint="/me",
        response_filter=lambda response: response.json(),
        wait_for_sign_in=timedelta(hours=12),
    )


ask_me()
