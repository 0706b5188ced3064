"""A public DAG that nobody has to trigger: whose account does it use, and what does that endanger?"""

from __future__ import annotations

from airflow.sdk import Asset, AssetOrTimeSchedule, CronTriggerTimetable, dag, task

from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook

MONDAYS_AND_NEW_ORDERS = AssetOrTimeSchedule(
    timetable=CronTriggerTimetable("0 6 * * MON", timezone="UTC"), assets=[Asset("new_orders")]
)


@dag(schedule=MONDAYS_AND_NEW_ORDERS, tags=["example", "public"])
def team_digest():
    """Until somebody lets these runs act as them, in the tab *Accounts*, they act for nobody and fail."""

    @task
    def collect() -> dict[str, str]:
        return ThirdPartyAccountHook("demo_service").run("GET", "/me").json()

    @task
    def write(collected: dict[str, str]) -> str:
        return f"Collected in the name of {collected['sub']}."

    write(collect())


team_digest()
