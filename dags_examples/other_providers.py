"""Operators of another provider, unmodified: they ask in the name of whoever triggered the run."""

from __future__ import annotations

from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import dag


@dag(schedule=None, tags=["example"])
def other_providers():
    """The account's id is the connection's id; after `--as--` stands another way to find the credential.

    With `deferrable=True` they wait on the triggerer, from Airflow 3.3 on.
    """
    own = HttpOperator(task_id="own", http_conn_id="demo_service", endpoint="/me", method="GET")
    named = HttpOperator(task_id="named", http_conn_id="demo_service--as--http", endpoint="/me", method="GET")
    own >> named


other_providers()
