"""DAGs whose runs come about, and are re-run, in every way there is."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.sdk import DAG, Asset, TaskGroup, task

MADE = Asset("made", uri="test://made")
START = datetime(2024, 1, 1, tzinfo=timezone.utc)


def chain(dag_id: str, **options) -> DAG:
    """Three tasks in a row; the middle one may be retried by Airflow."""
    with DAG(dag_id, catchup=False, **options) as dag:

        @task
        def first(): ...

        @task(retries=1, retry_delay=timedelta(0))
        def second(): ...

        @task
        def third(): ...

        first() >> second() >> third()
    return dag


by_hand = chain("by_hand", schedule=None)
with by_hand, TaskGroup("group"):

    @task
    def member(): ...

    member()

child = chain("child", schedule=None)
daily = chain("daily", schedule="@daily", start_date=START, tags=["account:demo"])
fired = chain("fired", schedule=[MADE])

with DAG("maker", schedule=None) as maker:

    @task(outlets=[MADE])
    def first(): ...

    first()
