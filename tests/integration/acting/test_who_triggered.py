from __future__ import annotations

import getpass

import pytest

from tests.support import scheduler, shell
from tests.support.airflow import FAB_KINDS, Airflow

NOBODY = "acting_user_unknown"


def by_rest(server: Airflow) -> tuple[str, str]:
    return "by_hand", server.trigger("alice")


def in_the_web_page(server: Airflow) -> tuple[str, str]:
    body = {"logical_date": None}
    page = {"Referer": f"{server.server.url}/dags/by_hand"}
    answer = server.rest("alice", "POST", "/dags/by_hand/dagRuns", json=body, headers=page)
    return "by_hand", answer["dag_run_id"]


def asset_materialized(server: Airflow) -> tuple[str, str]:
    assets = server.rest("alice", "GET", "/assets?uri_pattern=test://made")["assets"]
    answer = server.rest("alice", "POST", f"/assets/{assets[0]['id']}/materialize")
    return "maker", answer["dag_run_id"]


def backfill_by_rest(server: Airflow) -> tuple[str, str]:
    scheduler.end_backfills()
    server.backfill("alice", "2024-03-01", reprocess_behavior="none")
    return "daily", scheduler.latest_run("daily", "backfill")


def child(server: Airflow, parent: tuple[str, str]) -> tuple[str, str]:
    """TriggerDagRunOperator in a run."""
    from uuid import uuid4

    ti_id = server.running(*parent)
    run_id = f"child-{uuid4().hex}"
    server.execution(ti_id, "POST", f"/dag-runs/child/{run_id}", expect=204, json={})
    return "child", run_id


def child_of_rest(server: Airflow) -> tuple[str, str]:
    return child(server, by_rest(server))


def grandchild_of_rest(server: Airflow) -> tuple[str, str]:
    return child(server, child_of_rest(server))


def command_line(server: Airflow) -> tuple[str, str]:
    shell.run_here("dags", "trigger", "by_hand", LOGNAME="alice")
    return "by_hand", scheduler.latest_run("by_hand")


def child_of_command_line(server: Airflow) -> tuple[str, str]:
    return child(server, command_line(server))


def grandchild_of_command_line(server: Airflow) -> tuple[str, str]:
    return child(server, child_of_command_line(server))


def backfill_on_the_command_line(server: Airflow) -> tuple[str, str]:
    scheduler.end_backfills()
    day = "2024-04-01"
    shell.run_here(
        "backfill", "create", "--dag-id", "daily", "--from-date", day, "--to-date", day, LOGNAME="alice"
    )
    return "daily", scheduler.latest_run("daily", "backfill")


def child_of_backfill_on_the_command_line(server: Airflow) -> tuple[str, str]:
    return child(server, backfill_on_the_command_line(server))


def asset_materialized_on_the_command_line(server: Airflow) -> tuple[str, str]:
    shell.run_here("assets", "materialize", "--name", "made", LOGNAME="alice")
    return "maker", scheduler.latest_run("maker")


def schedule(server: Airflow) -> tuple[str, str]:
    scheduler.schedule()
    return "daily", scheduler.latest_run("daily", "scheduled")


def asset_events(server: Airflow) -> tuple[str, str]:
    assets = server.rest("alice", "GET", "/assets?uri_pattern=test://made")["assets"]
    server.rest("alice", "POST", "/assets/events", json={"asset_id": assets[0]["id"], "extra": {}})
    scheduler.schedule()
    return "fired", scheduler.latest_run("fired", "asset_triggered")


def dag_test(server: Airflow) -> tuple[str, str]:
    """In a process of its own, since it starts an Execution API of its own; how its tasks end is the same."""
    env = {"LOGNAME": "alice", "AIRFLOW__CORE__DAGS_FOLDER": str(server.dags)}
    shell.run_apart("dags", "test", "by_hand", may_fail=True, **env)
    run = server.rest("bob", "GET", f"/dags/by_hand/dagRuns/{scheduler.latest_run('by_hand')}")
    assert run["triggered_by"] == "test"
    return "by_hand", scheduler.latest_run("by_hand")


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        pytest.param(by_rest, "alice", id="REST"),
        pytest.param(in_the_web_page, "alice", id="web page"),
        pytest.param(asset_materialized, "alice", id="asset materialized by a user"),
        pytest.param(backfill_by_rest, "alice", id="backfill by REST"),
        pytest.param(child_of_rest, "alice", id="TriggerDagRunOperator"),
        pytest.param(grandchild_of_rest, "alice", id="TriggerDagRunOperator chain"),
        pytest.param(command_line, NOBODY, id="command line with a forged LOGNAME"),
        pytest.param(child_of_command_line, NOBODY, id="its child"),
        pytest.param(grandchild_of_command_line, NOBODY, id="its grandchild"),
        pytest.param(backfill_on_the_command_line, NOBODY, id="backfill on the command line"),
        pytest.param(child_of_backfill_on_the_command_line, NOBODY, id="child of that backfill"),
        pytest.param(asset_materialized_on_the_command_line, NOBODY, id="asset materialized there"),
        pytest.param(schedule, NOBODY, id="schedule"),
        pytest.param(asset_events, NOBODY, id="asset events"),
        pytest.param(dag_test, NOBODY, id="dag.test()"),
    ],
)
def test_whom_a_run_acts_for(server: Airflow, way, expected: str):
    assert server.acts_for(*way(server)) == expected


def test_the_forged_names_are_really_there(server: Airflow):
    """Else the cases above would prove nothing."""
    for dag_id, run_id in (
        command_line(server),
        child_of_command_line(server),
        backfill_on_the_command_line(server),
    ):
        run = server.rest("bob", "GET", f"/dags/{dag_id}/dagRuns/{run_id}")
        assert run["triggering_user_name"] == "alice"
    assert getpass.getuser() != "alice"


@pytest.mark.parametrize("server", FAB_KINDS[1:], indirect=True, scope="module")
def test_the_command_line_in_a_process_of_its_own(server: Airflow):
    shell.run_apart("dags", "trigger", "by_hand", LOGNAME="alice")
    run_id = scheduler.latest_run("by_hand")
    path = f"/dags/by_hand/dagRuns/{run_id}"
    assert server.rest("bob", "GET", path)["triggering_user_name"] == "alice"
    assert server.acts_for("by_hand", run_id) == NOBODY
