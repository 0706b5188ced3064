"""Whoever may no longer trigger a DAG lends nothing to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

import pytest

from airflow_thirdparty.server.people.directory import FabDirectory, SimpleDirectory
from tests.support import scheduler
from tests.support.airflow import Airflow
from tests.support.user_directory import FAB

NOBODY = "acting_user_unknown"
MINUTES, DAYS = 60, 24 * 3600


@pytest.fixture(scope="module", autouse=True)
def account(server: Airflow) -> None:
    """An account that Alice and Bob have signed in to."""
    server.register("demo")
    for user in ("alice", "bob"):
        server.page(user, "POST", "/accounts/demo/sign-in", json={"key": f"{user}'s own"})


@pytest.fixture
def delegated(server: Airflow) -> Iterator[tuple[str, str]]:
    """A scheduled run of a DAG that Alice has delegated to."""
    scheduler.forget_runs("daily")
    scheduler.load_dags(server.dags)
    scheduler.schedule()
    agree(server, "alice")
    yield "daily", scheduler.latest_run("daily", "scheduled")
    server.page("admin", "DELETE", "/dags/daily/delegations?conn_id=demo", expect=204)


def agree(server: Airflow, user: str, expect: int = 200) -> None:
    body = {"conn_id": "demo", "scheduled": True}
    server.page(user, "POST", "/dags/daily/delegations", expect=expect, json=body)


def state(server: Airflow) -> str:
    (seen,) = server.page("admin", "GET", "/dags/daily/delegations")["delegations"]
    return str(seen["state"])


def ask() -> int:
    """A round of what an API server does in the background."""
    from airflow.utils.session import create_session

    from airflow_thirdparty.server.broker.acting import rights

    with create_session(scoped=False) as session:
        return rights.ask_for_all(session, datetime.now(timezone.utc))


@contextmanager
def demoted(server: Airflow, user: str) -> Iterator[None]:
    """Let somebody be a Viewer for a while, who may read DAGs and trigger none."""
    if server.users.auth_manager == FAB:
        set_role(user, "Viewer")
        yield
        set_role(user, "User")
        return
    option = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"
    before = os.environ[option]
    os.environ[option] = before.replace(f"{user}:op", f"{user}:viewer")
    yield
    os.environ[option] = before


def set_role(user: str, role: str) -> None:
    from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager
    from airflow.providers.fab.auth_manager.models import Role, User
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session(scoped=False) as session:
        row = session.scalars(select(User).where(User.username == user)).unique().one()
        row.roles = [session.scalars(select(Role).where(Role.name == role)).unique().one()]
    FabAuthManager.cache.clear()


def test_who_may_trigger_no_more(server: Airflow, delegated: tuple[str, str]):
    ti_id = server.running(*delegated)
    with demoted(server, "alice"):
        assert ask() == 1
        refusal = server.acting(ti_id).refusal
        assert refusal.code == NOBODY
        assert "may not trigger" in refusal.message
        assert state(server) == "not_entitled"
    assert ask() == 1
    assert server.acting(ti_id).person.name == "alice"
    assert state(server) == "active"


def test_their_place_is_free(server: Airflow, delegated: tuple[str, str]):
    agree(server, "bob", expect=409)
    with demoted(server, "alice"):
        ask()
        agree(server, "bob")
    assert server.acting(server.running(*delegated)).person.name == "bob"


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        pytest.param(9 * MINUTES, "alice", id="nine minutes old"),
        pytest.param(11 * MINUTES, NOBODY, id="eleven minutes old"),
    ],
)
def test_an_answer_grows_old(server: Airflow, delegated: tuple[str, str], later: float, expected: str):
    acting = server.acting(server.running(*delegated), later=later)
    assert (acting.person.name if acting.person else acting.refusal.code) == expected


def test_an_auth_manager_that_fails_changes_no_answer(
    server: Airflow, delegated: tuple[str, str], monkeypatch: pytest.MonkeyPatch
):
    def fails(*_args: object) -> None:
        raise ConnectionError

    for cls in (FabDirectory, SimpleDirectory):
        monkeypatch.setattr(cls, "load", fails)
    assert ask() == 0
    assert server.acting(server.running(*delegated), later=9 * MINUTES).person.name == "alice"
    assert server.acting(server.running(*delegated), later=11 * MINUTES).refusal.code == NOBODY


def test_where_only_present_people_can_be_asked_about(
    server: Airflow, delegated: tuple[str, str], monkeypatch: pytest.MonkeyPatch
):
    for cls in (FabDirectory, SimpleDirectory):
        monkeypatch.setattr(cls, "can_ask_for_absent", False)
    ti_id = server.running(*delegated)
    assert ask() == 0
    assert server.acting(ti_id, later=29 * DAYS).person.name == "alice"
    assert server.acting(ti_id, later=31 * DAYS).refusal.code == NOBODY
    (seen,) = server.page("bob", "GET", "/dags/daily/delegations")["delegations"]
    assert seen["rights_until"] > seen["created_at"]
    age_answers()
    assert state(server) == "rights_unknown"
    server.page("bob", "GET", "/accounts")
    assert state(server) == "rights_unknown"
    server.page("alice", "GET", "/accounts")
    assert state(server) == "active"
    age_answers()
    with demoted(server, "alice"):
        server.page("alice", "GET", "/dags/daily/delegations")
    assert state(server) == "not_entitled"


def age_answers() -> None:
    from airflow.utils.session import create_session
    from sqlalchemy import update

    from airflow_thirdparty.server.store.delegations import Delegation

    with create_session(scoped=False) as session:
        session.execute(update(Delegation).values(asked_at=datetime(2020, 1, 1, tzinfo=timezone.utc)))


def test_where_people_can_be_asked_about_no_end_is_shown(server: Airflow, delegated: tuple[str, str]):
    (seen,) = server.page("bob", "GET", "/dags/daily/delegations")["delegations"]
    assert seen["rights_until"] is None
