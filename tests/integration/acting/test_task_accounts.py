"""What people are told about their sign-ins and their tasks."""

from __future__ import annotations

import uuid

import pytest

from airflow_thirdparty.wire import TokenRequest
from tests.integration.acting.test_who_triggered import command_line
from tests.support import scheduler
from tests.support.airflow import FAB_KINDS, Airflow
from tests.support.airflow_server import configured
from tests.support.tasks import task_token

KEY = "a key of alice's own"


@pytest.fixture(scope="module", autouse=True)
def signed_in(server: Airflow) -> None:
    """Alice has signed in to an account, Bob has not."""
    server.register("keys")
    server.page("alice", "POST", "/accounts/keys/sign-in", json={"key": KEY})


@pytest.fixture
def run_id(server: Airflow) -> str:
    return server.trigger("alice")


def fetch(server: Airflow, ti_id: uuid.UUID, expect: int = 200):
    return server.execution(ti_id, "GET", "/connections/keys", expect=expect)


def task_tab(server: Airflow, user: str, dag_id: str, run_id: str, **options):
    return server.page(user, "GET", f"/task-instances/{dag_id}/{run_id}/first/-1/account", **options)


def test_a_use_is_on_record_for_its_owner_alone(server: Airflow, run_id: str):
    ti_id = server.start("by_hand", run_id)
    for _ in range(3):
        assert fetch(server, ti_id)["password"] == KEY
    server.write_usage()
    (use, *_) = server.page("alice", "GET", "/uses?conn_id=keys")["uses"]
    expected = {"dag_id": "by_hand", "run_id": run_id, "task_id": "first", "map_index": -1, "try_number": 1}
    assert {name: use[name] for name in expected} == expected
    assert use["times"] == 3
    assert use["first_at"] <= use["last_at"]
    assert server.page("bob", "GET", "/uses") == {"uses": [], "total": 0}
    assert server.page("alice", "GET", "/accounts/keys")["last_used_at"] == use["last_at"]


def test_the_ledger_has_pages(server: Airflow):
    for _ in range(3):
        fetch(server, server.start("by_hand", server.trigger("alice")))
    server.write_usage()
    first = server.page("alice", "GET", "/uses?limit=2")
    second = server.page("alice", "GET", "/uses?limit=2&offset=2")
    assert len(first["uses"]) == 2
    assert first["total"] == second["total"] >= 3
    assert not {use["run_id"] for use in first["uses"]} & {use["run_id"] for use in second["uses"]}
    server.page("alice", "GET", "/uses?limit=1000", expect=422)


def test_an_admin_sees_counts_and_no_runs(server: Airflow, run_id: str):
    fetch(server, server.start("by_hand", run_id))
    server.write_usage()
    (count,) = server.page("admin", "GET", "/admin/uses")
    assert (count["conn_id"], count["user_name"]) == ("keys", "alice")
    assert count["task_instances"] >= 1
    assert "run_id" not in count
    server.page("bob", "GET", "/admin/uses", expect=403)


@pytest.mark.parametrize("user", ["alice", "bob", "viewer"])
def test_the_tab_of_a_task_that_used_an_account(server: Airflow, run_id: str, user: str):
    fetch(server, server.start("by_hand", run_id))
    server.write_usage()
    answer = task_tab(server, user, "by_hand", run_id)
    acting = answer["acting_user"]
    assert (acting["user_name"], acting["is_me"]) == ("alice", user == "alice")
    assert acting["reason"] == "They triggered this run."
    (use,) = answer["uses"]
    assert (use["conn_id"], use["outcome"], use["error"]) == ("keys", "used", None)
    # everybody sees their own view of the account, not Alice's
    assert use["account"]["status"] == ("signed_in" if user == "alice" else "sign_in_needed")


def test_the_tab_of_a_task_whose_user_has_to_sign_in(server: Airflow):
    run_id = server.trigger("bob")
    fetch(server, server.start("by_hand", run_id), expect=403)
    answer = task_tab(server, "bob", "by_hand", run_id)
    assert answer["acting_user"]["is_me"] is True
    assert (answer["state"], answer["started_by"]) == ("running", "person")
    (use,) = answer["uses"]
    assert (use["outcome"], use["error"]["code"]) == ("refused", "sign_in_required")
    assert use["error"]["link"].endswith("?account=keys")


def test_the_tab_of_a_task_that_acts_for_nobody(server: Airflow):
    dag_id, run_id = command_line(server)
    ti_id = server.start(dag_id, run_id)
    fetch(server, ti_id, expect=403)
    answer = task_tab(server, "alice", dag_id, run_id)
    assert answer["acting_user"]["user_name"] is None
    assert "command line" in answer["acting_user"]["reason"]
    assert answer["started_by"] == "command_line"
    (use,) = answer["uses"]
    assert use["error"]["code"] == "acting_user_unknown"
    assert use["error"]["remedy"]


def test_the_refusal_stands_in_the_audit_log_of_the_run(server: Airflow):
    dag_id, run_id = command_line(server)
    fetch(server, server.start(dag_id, run_id), expect=403)
    wanted = {"dag_id": dag_id, "run_id": run_id, "task_id": "first"}
    rows = server.rest("admin", "GET", "/eventLogs", params=wanted)["event_logs"]
    (row,) = [row for row in rows if row["event"] == "third_party_account.refused"]
    assert "command line" in row["extra"]


def test_our_own_hook_is_told_the_refusal_in_words(server: Airflow):
    dag_id, run_id = command_line(server)
    asked = TokenRequest("keys").encode()
    answer = server.execution(server.start(dag_id, run_id), "GET", f"/connections/{asked}")
    assert "acting_user_unknown" in answer["extra"]
    assert "command line" in answer["extra"]
    assert answer["password"] is None


def test_the_latest_word_counts(server: Airflow, run_id: str):
    ti_id = server.start("by_hand", run_id)
    fetch(server, ti_id)
    server.write_usage()
    body = {"dry_run": False, "only_failed": False, "dag_run_id": run_id, "task_ids": ["first"]}
    server.finish(ti_id)
    server.rest("bob", "POST", "/dags/by_hand/clearTaskInstances", json=body)
    fetch(server, server.start("by_hand", run_id), expect=403)
    answer = task_tab(server, "alice", "by_hand", run_id)
    assert answer["acting_user"]["user_name"] is None
    (use,) = answer["uses"]
    assert (use["outcome"], use["error"]["code"]) == ("refused", "rerun_by_other_user")
    assert "bob" not in str(answer)


def test_the_tab_of_a_task_that_asked_for_nothing(server: Airflow, run_id: str):
    answer = task_tab(server, "alice", "by_hand", run_id)
    assert (answer["acting_user"]["user_name"], answer["uses"]) == ("alice", [])


def test_a_task_there_is_not(server: Airflow):
    assert (
        task_tab(server, "alice", "by_hand", "none", expect=404)["error"]["code"] == "no_such_task_instance"
    )


@pytest.mark.parametrize("server", FAB_KINDS[1:], indirect=True, scope="module")
def test_who_may_not_read_the_dag_sees_no_tab(server: Airflow, run_id: str):
    with server.users.having("stranger", role="Public"):
        task_tab(server, "stranger", "by_hand", run_id, expect=403)


def test_the_token_of_a_superseded_try_gets_nothing(server: Airflow, run_id: str):
    ti_id = server.start("by_hand", run_id)
    fetch(server, ti_id)
    body = {"dry_run": False, "only_failed": False, "dag_run_id": run_id, "task_ids": ["first"]}
    server.rest("alice", "POST", "/dags/by_hand/clearTaskInstances", json=body)
    fetch(server, ti_id, expect=403)


@pytest.mark.parametrize("state", ["success", "failed"])
def test_the_token_of_a_task_that_has_ended_gets_nothing(server: Airflow, run_id: str, state: str):
    ti_id = server.start("by_hand", run_id)
    server.finish(ti_id, state)
    fetch(server, ti_id, expect=403)


def test_allowed_dags_is_exact(server: Airflow):
    server.register("narrow", allowed_dags="by_han by_hand_too")
    server.page("alice", "POST", "/accounts/narrow/sign-in", json={"key": KEY})
    ti_id = server.start("by_hand", server.trigger("alice"))
    server.execution(ti_id, "GET", "/connections/narrow", expect=403)
    (use,) = task_tab(server, "alice", "by_hand", scheduler.latest_run("by_hand"))["uses"]
    assert use["error"]["code"] == "account_not_allowed"


def test_a_token_that_may_only_start_the_task_gets_nothing(server: Airflow, run_id: str):
    ti_id = server.start("by_hand", run_id)
    headers = {"Authorization": f"Bearer {task_token(ti_id, scope='workload')}"}
    answer = server.client.get("/execution/connections/keys", headers=headers)
    assert answer.status_code == 403
    assert KEY not in answer.text


@pytest.mark.parametrize(
    ("team", "answered"), [("red", True), ("blue", False)], ids=["of the DAG's team", "of another team"]
)
def test_an_account_of_a_team(server: Airflow, run_id: str, team: str, answered: bool):
    server.register("teamed")
    server.page("alice", "POST", "/accounts/teamed/sign-in", json={"key": KEY})
    ti_id = server.start("by_hand", run_id)
    try:
        with configured("core", multi_team="True"):
            server.set_teams("teamed", account=team, dags="red")
            answer = server.execution(ti_id, "GET", "/connections/teamed", expect=None)
    finally:
        server.set_teams("teamed", account=None, dags=None)
        server.rest("admin", "DELETE", "/connections/teamed", expect=204)
    # Airflow itself does not find the connection of another team
    assert (answer.status_code == 200, KEY in answer.text) == (answered, answered)
