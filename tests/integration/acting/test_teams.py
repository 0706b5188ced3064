"""Where teams share an Airflow, nobody sees, signs in to or administers another team's account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.airflow import SIMPLE_KINDS, Airflow
from tests.support.airflow_server import configured

pytestmark = pytest.mark.parametrize("server", SIMPLE_KINDS, indirect=True, scope="module")

USERS = "admin:admin,alice:op:red,bob:op:blue"
KEY = {"key": "alices-own-key"}


@pytest.fixture
def teams(server: Airflow) -> Iterator[None]:
    """Alice is of the red team, bob of the blue one; one account is red, one is blue, one is everybody's."""
    with configured("core", multi_team="True", simple_auth_manager_users=USERS):
        for conn_id, team in {"red": "red", "blue": "blue", "shared": None}.items():
            server.register(conn_id)
            server.set_teams(conn_id, account=team, dags="red")
        yield
        for conn_id in ("red", "blue", "shared"):
            server.rest("admin", "DELETE", f"/connections/{conn_id}", expect=204)
        server.set_teams("red", account=None, dags=None)


def ids(listed: Any) -> set[str]:
    return {account["conn_id"] for account in listed} & {"red", "blue", "shared"}


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        pytest.param("alice", {"red", "shared"}, id="the red team"),
        pytest.param("bob", {"blue", "shared"}, id="the blue team"),
        pytest.param("admin", {"red", "blue", "shared"}, id="an admin of all teams"),
    ],
)
@pytest.mark.usefixtures("teams")
def test_each_sees_and_administers_the_accounts_of_their_team(
    server: Airflow, name: str, theirs: set[str]
) -> None:
    assert ids(server.page(name, "GET", "/accounts")["accounts"]) == theirs
    assert ids(server.page(name, "GET", "/admin/accounts")["accounts"]) == theirs
    for conn_id in ("red", "blue", "shared"):
        seen = conn_id in theirs
        server.page(name, "GET", f"/accounts/{conn_id}", expect=200 if seen else 404)
        server.page(name, "POST", f"/accounts/{conn_id}/sign-in", expect=200 if seen else 404, json=KEY)
        if seen:
            server.page(name, "DELETE", f"/accounts/{conn_id}/sign-in")


@pytest.mark.usefixtures("teams")
def test_an_account_that_cannot_be_read_is_its_teams_alone(server: Airflow) -> None:
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import update

    with create_session(scoped=False) as session:
        session.execute(update(Connection).where(Connection.conn_id == "blue").values(extra="no JSON"))
    assert ids(server.page("alice", "GET", "/accounts")["accounts"]) == {"red", "shared"}


@pytest.mark.usefixtures("teams")
def test_nobody_delegates_or_withdraws_for_another_team(server: Airflow) -> None:
    body = {"conn_id": "blue", "scheduled": True}
    server.page("alice", "POST", "/dags/daily/delegations", expect=404, json=body)
    server.page("alice", "POST", "/accounts/red/sign-in", json=KEY)
    server.page("alice", "POST", "/dags/daily/delegations", json={**body, "conn_id": "red"})
    server.page("bob", "DELETE", "/dags/daily/delegations?conn_id=red", expect=403)
    assert server.page("bob", "GET", "/admin/delegations")["total"] == 0
    listed = server.page("alice", "GET", "/admin/delegations")
    assert [one["conn_id"] for one in listed["delegations"]] == ["red"]
    server.page("alice", "DELETE", "/dags/daily/delegations?conn_id=red", expect=204)
    server.page("alice", "DELETE", "/accounts/red/sign-in")


@pytest.mark.usefixtures("teams")
def test_roles_that_are_kept_elsewhere_are_said_to_be(server: Airflow) -> None:
    assert server.page("admin", "GET", "/admin/roles") == {"roles": [], "known": False, "may_edit": False}
    server.page("admin", "POST", "/admin/roles", expect=409, json={"role": "User"})
