"""Trigger first, sign in later: the run waits without holding a worker, and goes on by itself."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from airflow_thirdparty.operators.http import ThirdPartyHttpOperator
from airflow_thirdparty.sensors.sign_in import ThirdPartySignInSensor


@dag(schedule=None, tags=["example"])
def wait_for_me():
    """Deferred on Airflow 3.3 and newer; rescheduled, and sent from the worker, on 3.2."""
    signed_in = ThirdPartySignInSensor(
        task_id="signed_in",
        deferrable=True,
        poke_interval=30,
        timeout=timedelta(hours=12),
    )
    profile = ThirdPartyHttpOperator(
        task_id="profile",
        third_party_account_conn_id="demo_service",
        endpoint="/me",
        response_filter=lambda response: response.json(),
        deferrable=True,
    )
    signed_in >> profile


wait_for_me()
