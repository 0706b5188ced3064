"""One request as whoever triggered the run, without a line of Python that speaks HTTP."""

from __future__ import annotations

from airflow.sdk import dag, task

from airflow_thirdparty.operators.http import ThirdPartyHttpOperator


@dag(schedule=None, tags=["example"])
def my_profile():
    """The operator's result is what ``response_filter`` makes of the answer."""
    profile = ThirdPartyHttpOperator(
        task_id="profile",
        third_party_account_conn_id="demo_service",
        endpoint="/me",
        response_filter=lambda response: response.json(),
    )

    @task
    def greet(found: dict[str, str]) -> str:
        return f"Hello {found['sub']}"

    greet(profile.output)


my_profile()
