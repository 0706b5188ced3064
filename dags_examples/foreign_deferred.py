"""An operator of another provider that waits on the triggerer, and acts as the person there."""

from __future__ import annotations

from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import dag


@dag(schedule=None, tags=["example"])
def foreign_deferred():
    """On Airflow 3.3 and newer; on 3.2, which shows the arguments of triggers, the task fails and says so."""
    HttpOperator(
        task_id="deferred", http_conn_id="demo_service", endpoint="/me", method="GET", deferrable=True
    )


foreign_deferred()
