"""An operator of another provider, unmodified: it asks in the name of whoever triggered the run."""

from __future__ import annotations

from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import dag


@dag(schedule=None, tags=["example"])
def other_providers():
    """The account's id is the connection's id, whatever parameter it has."""
    HttpOperator(task_id="own", http_conn_id="demo_service", endpoint="/me", method="GET")


other_providers()
