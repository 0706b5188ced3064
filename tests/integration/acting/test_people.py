"""People are people, not names: whoever is gone, shut out, made anew or shared acts for nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import scheduler, shell
from tests.support.airflow import FAB_KINDS, SIMPLE_KINDS, Airflow
from tests.support.airflow_server import configured
from tests.support.user_directory import FAB, SIMPLE

NOBODY = "acting_user_unknown"


@pytest.fixture
def mallory(server: Airflow) -> Iterator[str]:
    """A user who is there for one test."""
    with server.users.having("mallory"):
        yield "mallory"


def deactivated(server: Airflow, name: str) -> None:
    server.users.change(name, active=False)


def deleted(server: Airflow, name: str) -> None:
    server.users.delete(name)


def deleted_and_created_anew(server: Airflow, name: str) -> None:
    user_id = server.users.delete(name)
    server.users.add(name, id=user_id)


def id_reused_by_another(server: Airflow, name: str) -> None:
    user_id = server.users.delete(name)
    server.users.add(f"not-{name}", id=user_id)


def id_reused_in_capitals(server: Airflow, name: str) -> None:
    user_id = server.users.delete(name)
    server.users.add(name.upper(), id=user_id)


FAB_ONLY = [
    pytest.param(deactivated, id="deactivated"),
    pytest.param(deleted, id="deleted"),
    pytest.param(deleted_and_created_anew, id="deleted and created anew with the same id"),
    pytest.param(id_reused_by_another, id="id re-used by another user"),
    pytest.param(id_reused_in_capitals, id="id re-used by a user whose name differs only in case"),
]


@pytest.mark.parametrize("server", FAB_KINDS, indirect=True, scope="module")
@pytest.mark.parametrize("change", FAB_ONLY)
def test_a_user_who_is_not_that_user_any_more(server: Airflow, mallory: str, change):
    run_id = server.trigger(mallory)
    ti_id = server.start("by_hand", run_id)
    assert server.acting(ti_id).person.name == mallory
    change(server, mallory)
    assert server.acting(ti_id).refusal.code == NOBODY


@pytest.mark.parametrize("server", FAB_KINDS, indirect=True, scope="module")
def test_a_renamed_user_stays_the_same_person(server: Airflow, mallory: str):
    ti_id = server.start("by_hand", server.trigger(mallory))
    before = server.acting(ti_id).person
    server.users.change(mallory, username="malory")
    try:
        assert server.acting(ti_id).person == before
        after = server.acting(server.start("by_hand", server.trigger("malory"))).person
        assert after == before
        assert after.name == "malory"
    finally:
        server.users.change("malory", username=mallory)


@pytest.mark.parametrize("server", SIMPLE_KINDS, indirect=True, scope="module")
def test_a_user_removed_from_the_configuration(server: Airflow):
    ti_id = server.start("by_hand", server.trigger("carol"))
    assert server.acting(ti_id).person.name == "carol"
    with configured("core", simple_auth_manager_users="alice:op,Carol:user"):
        assert server.acting(ti_id).refusal.code == NOBODY


@pytest.mark.parametrize("server", SIMPLE_KINDS, indirect=True, scope="module")
def test_where_everybody_is_an_admin_nobody_is_anybody(server: Airflow):
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


def test_another_auth_manager_does_not_know_them(server: Airflow):
    ti_id = server.start("by_hand", server.trigger("alice"))
    other = SIMPLE if server.users.auth_manager == FAB else FAB
    with configured("core", auth_manager=other):
        assert server.acting(ti_id).refusal.code == NOBODY


def test_a_run_made_anew_under_an_old_id_acts_for_nobody(server: Airflow):
    """Whoever may delete a run could otherwise trigger another one under its record."""
    run_id = server.trigger("alice")
    scheduler.end("by_hand", run_id, "failed")
    server.rest("alice", "DELETE", f"/dags/by_hand/dagRuns/{run_id}", expect=204)
    shell.run_here("dags", "trigger", "--run-id", run_id, "by_hand", LOGNAME="alice")
    assert server.acts_for("by_hand", run_id) == NOBODY
