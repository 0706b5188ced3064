"""What needs a person comes first on their page, and is the only thing that is counted in its heading."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.airflow import Airflow

KEY = {"key": "alices-own-key"}
MANY = 120


@pytest.fixture
def demo(server: Airflow) -> Iterator[str]:
    """The account that the DAG ``daily`` names, to which nobody has signed in."""
    server.register("demo")
    yield "demo"
    for user in ("alice", "admin"):
        server.page(user, "DELETE", "/accounts/demo/sign-in")
    server.rest("admin", "DELETE", "/connections/demo", expect=204)


@pytest.fixture
def newcomer(server: Airflow) -> Iterator[str]:
    """Somebody who has done nothing yet: what others triggered does not go away between tests."""
    name = f"dora-{uuid.uuid4().hex[:8]}" if "Fab" in server.users.auth_manager else "carol"
    with server.users.having(name):
        yield name


@pytest.fixture(scope="module")
def many(server: Airflow) -> Iterator[list[str]]:
    """More accounts than stand on a page."""
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    ids = [f"many_{number:03}" for number in range(MANY)]
    extra = '{"service": "custom", "kind": "key"}'
    with create_session(scoped=False) as session:
        for conn_id in ids:
            session.add(
                Connection(
                    conn_id=conn_id,
                    conn_type="third_party_account",
                    host="https://service.invalid",
                    description=f"Number {int(conn_id[-3:])}",
                    extra=extra,
                )
            )
    yield ids
    with create_session(scoped=False) as session:
        session.execute(delete(Connection).where(Connection.conn_id.in_(ids)))


def listed(server: Airflow, user: str, query: str = "") -> Any:
    return server.page(user, "GET", f"/accounts{query}")


def seen(server: Airflow, user: str, conn_id: str = "demo") -> tuple[str, list[str]]:
    """The group of an account, and what needs it."""
    (account,) = [one for one in listed(server, user, "?limit=200")["accounts"] if one["conn_id"] == conn_id]
    return account["group"], account["needed_by"]


def test_what_nothing_of_theirs_uses_is_available_and_not_counted(
    server: Airflow, demo: str, newcomer: str
) -> None:
    assert seen(server, newcomer) == ("available", [])
    assert listed(server, newcomer)["counts"]["needs_you"] == 0


def test_a_dag_that_they_triggered_needs_them_and_nobody_else(
    server: Airflow, demo: str, newcomer: str
) -> None:
    server.trigger("alice", "daily")
    assert seen(server, "alice") == ("needs_you", ["daily"])
    assert listed(server, "alice")["counts"]["needs_you"] == 1
    assert listed(server, "alice")["accounts"][0]["conn_id"] == "demo", "it comes first"
    assert seen(server, newcomer) == ("available", [])


def test_who_signs_in_is_connected(server: Airflow, demo: str) -> None:
    server.trigger("alice", "daily")
    server.page("alice", "POST", "/accounts/demo/sign-in", json=KEY)
    assert seen(server, "alice") == ("connected", ["daily"])
    assert listed(server, "alice")["counts"]["needs_you"] == 0


def test_a_delegation_needs_who_made_it(server: Airflow, demo: str) -> None:
    server.page("admin", "POST", "/accounts/demo/sign-in", json=KEY)
    body = {"conn_id": "demo", "scheduled": True}
    server.page("admin", "POST", "/dags/daily/delegations", json=body)
    try:
        assert server.page("admin", "GET", "/accounts/demo/dependents")["delegated"] == ["daily"]
        server.page("admin", "DELETE", "/accounts/demo/sign-in")
        assert seen(server, "admin") == ("needs_you", ["daily"])
    finally:
        server.page("admin", "DELETE", "/dags/daily/delegations?conn_id=demo", expect=204)


def test_a_sign_in_that_does_not_work_any_more_needs_its_person(server: Airflow, newcomer: str) -> None:
    server.register("moving")
    try:
        server.page(newcomer, "POST", "/accounts/moving/sign-in", json=KEY)
        server.rest(
            "admin",
            "PATCH",
            "/connections/moving?update_mask=host",
            json={
                "connection_id": "moving",
                "conn_type": "third_party_account",
                "host": "https://other.invalid",
            },
        )
        assert seen(server, newcomer, "moving") == ("needs_you", [])
    finally:
        server.rest("admin", "DELETE", "/connections/moving", expect=204)


def test_what_signing_out_touches_is_told_to_its_person_alone(
    server: Airflow, demo: str, newcomer: str
) -> None:
    server.trigger("alice", "daily")
    path = "/accounts/demo/dependents"
    assert server.page("alice", "GET", path)["triggered"] == ["daily"]
    assert server.page(newcomer, "GET", path) == {"delegated": [], "triggered": []}


def test_a_long_list_has_pages(server: Airflow, many: list[str]) -> None:
    first = listed(server, "alice")
    assert (len(first["accounts"]), first["total"], first["all"]) == (50, first["all"], first["all"])
    everything: list[str] = []
    for offset in range(0, first["total"], 50):
        everything += [one["conn_id"] for one in listed(server, "alice", f"?offset={offset}")["accounts"]]
    assert len(everything) == len(set(everything)) == first["total"] >= MANY
    assert set(many) <= set(everything)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("?search=many_007", ["many_007"], id="an id"),
        pytest.param(
            "?search=NUMBER%2011&group=available",
            [f"many_{n:03}" for n in (11, *range(110, 120))],
            id="words in any case",
        ),
        pytest.param("?search=no%20such%20account", [], id="nothing"),
        pytest.param("?search=many_007&group=connected", [], id="in another group"),
    ],
)
def test_a_search(server: Airflow, many: list[str], query: str, found: list[str]) -> None:
    answer = listed(server, "alice", query)
    assert [one["conn_id"] for one in answer["accounts"]] == found
    assert answer["total"] == len(found)
    assert answer["all"] >= MANY


@pytest.mark.parametrize(
    ("query", "field"),
    [
        pytest.param("?limit=1000", "limit", id="too many"),
        pytest.param("?group=mine", "group", id="no group"),
        pytest.param(f"?search={'x' * 101}", "search", id="too long a search"),
    ],
)
def test_what_cannot_be_asked(server: Airflow, query: str, field: str) -> None:
    answer = server.page("alice", "GET", f"/accounts{query}", expect=422)
    assert answer["error"]["field"] == field


def test_a_long_list_costs_no_more_queries(server: Airflow, request: pytest.FixtureRequest) -> None:
    from airflow import settings
    from sqlalchemy import event

    def cost() -> int:
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if "third_party_" in statement or "connection" in statement or "dag_tag" in statement:
                statements.append(statement)

        event.listen(settings.engine, "before_cursor_execute", note)
        try:
            listed(server, "viewer")
        finally:
            event.remove(settings.engine, "before_cursor_execute", note)
        return len([statement for statement in statements if "leader_lease" not in statement])

    def costs() -> Iterator[int]:
        for _ in range(20):  # what runs in the background comes on top, for some seconds after a change
            yield cost()
            time.sleep(0.25)

    listed(server, "viewer")
    few = min(itertools.islice(costs(), 3))
    request.getfixturevalue("many")
    assert any(now <= few for now in costs())
