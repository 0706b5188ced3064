"""People are people, not names: whoever is gone, shut out, made anew or shared acts for nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.acting import real_airflow
from tests.integration.acting.real_airflow import Server
from tests.support.airflow_server import configured

NOBODY = "acting_user_unknown"


@pytest.fixture
def mallory(server: Server) -> Iterator[str]:
    """A user who is there for one test."""
    with server.user("mallory"):
        yield "mallory"


def deactivated(server: Server, name: str) -> None:
    server.change_user(name, active=False)


def deleted(server: Server, name: str) -> None:
    server.delete_user(name)


def deleted_and_created_anew(server: Server, name: str) -> None:
    user_id = server.delete_user(name)
    server.add_user(name, id=user_id)


def id_reused_by_another(server: Server, name: str) -> None:
    user_id = server.delete_user(name)
    server.add_user(f"not-{name}", id=user_id)


def id_reused_in_capitals(server: Server, name: str) -> None:
    user_id = server.delete_user(name)
    server.add_user(name.upper(), id=user_id)


FAB_ONLY = [
    pytest.param(deactivated, id="deactivated"),
    pytest.param(deleted, id="deleted"),
    pytest.param(deleted_and_created_anew, id="deleted and created anew with the same id"),
    pytest.param(id_reused_by_another, id="id re-used by another user"),
    pytest.param(id_reused_in_capitals, id="id re-used by a user whose name differs only in case"),
]


@pytest.mark.parametrize("server", real_airflow.FAB_KINDS, indirect=True, scope="module")
@pytest.mark.parametrize("change", FAB_ONLY)
def test_a_user_who_is_not_that_user_any_more(server: Server, mallory: str, change):
    run_id = server.trigger(mallory)
    ti_id = server.start("by_hand", run_id)
    assert server.acting(ti_id).person.name == mallory
    change(server, mallory)
    assert server.acting(ti_id).refusal.code == NOBODY


@pytest.mark.parametrize("server", real_airflow.FAB_KINDS, indirect=True, scope="module")
def test_a_renamed_user_stays_the_same_person(server: Server, mallory: str):
    ti_id = server.start("by_hand", server.trigger(mallory))
    before = server.acting(ti_id).person
    server.change_user(mallory, username="malory")
    try:
        assert server.acting(ti_id).person == before
        after = server.acting(server.start("by_hand", server.trigger("malory"))).person
        assert after == before
        assert after.name == "malory"
    finally:
        server.change_user("malory", username=mallory)


@pytest.mark.parametrize("server", real_airflow.SIMPLE_KINDS, indirect=True, scope="module")
def test_a_user_removed_from_the_configuration(server: Server):
    ti_id = server.start("by_hand", server.trigger("carol"))
    assert server.acting(ti_id).person.name == "carol"
    with configured("core", simple_auth_manager_users="alice:op,Carol:user"):
        assert server.acting(ti_id).refusal.code == NOBODY


@pytest.mark.parametrize("server", real_airflow.SIMPLE_KINDS, indirect=True, scope="module")
def test_where_everybody_is_an_admin_nobody_is_anybody(server: Server):
    before = server.start("by_hand", server.trigger("alice"))
    with configured("core", simple_auth_manager_all_admins="True"):
        assert server.acting(before).refusal.code == NOBODY
        token = server.client.get("/auth/token").json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = server.client.post(
            "/api/v2/dags/by_hand/dagRuns", json={"logical_date": None}, headers=headers
        )
        assert answer.status_code == 200, answer.text
        during = server.start("by_hand", answer.json()["dag_run_id"])
        assert server.acting(during).refusal.code == NOBODY
    assert server.acting(during).refusal.code == NOBODY
    assert server.acting(before).person.name == "alice"


def test_another_auth_manager_does_not_know_them(server: Server):
    ti_id = server.start("by_hand", server.trigger("alice"))
    other = real_airflow.SIMPLE if server.auth_manager == real_airflow.FAB else real_airflow.FAB
    with configured("core", auth_manager=other):
        assert server.acting(ti_id).refusal.code == NOBODY


def test_a_run_made_anew_under_an_old_id_acts_for_nobody(server: Server):
    """Whoever may delete a run could otherwise trigger another one under its record."""
    run_id = server.trigger("alice")
    server.end("by_hand", run_id, "failed")
    server.rest("alice", "DELETE", f"/dags/by_hand/dagRuns/{run_id}", expect=204)
    server.cli("dags", "trigger", "--run-id", run_id, "by_hand", LOGNAME="alice")
    assert server.acts_for("by_hand", run_id) == NOBODY
