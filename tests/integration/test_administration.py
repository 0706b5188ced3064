"""What an admin sees of the accounts: what has to be mended, and how many people are signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.utils.session import create_session
from sqlalchemy import text, update

from airflow_thirdparty.server.store import account_health
from airflow_thirdparty.server.store.account_health import Failure
from airflow_thirdparty.server.store.clock import utcnow
from airflow_thirdparty.server.store.models import SignIn
from tests.support.people import Person

ADDRESS = "/third-party-accounts/api/v1/admin/accounts"


@pytest.fixture
def account(register: Callable[..., str]) -> Iterator[str]:
    """An account whose health is forgotten after the test."""
    conn_id = register()
    yield conn_id
    with create_session() as session:
        account_health.note_success(session, conn_id)


@pytest.fixture
def foreign_tables() -> Iterator[None]:
    """A column of which only housekeeping knows has another name, as if another version had made it."""

    def rename(old: str, new: str) -> None:
        with create_session() as session:
            session.execute(text(f"ALTER TABLE third_party_leader_lease RENAME COLUMN {old} TO {new}"))

    rename("until", "held_until")
    yield
    rename("held_until", "until")


def overview(admin: Person, conn_id: str) -> dict[str, object]:
    (found,) = [seen for seen in page(admin, search=conn_id)["accounts"] if seen["conn_id"] == conn_id]
    return dict(found)


def page(admin: Person, **asked: str | int) -> dict[str, Any]:
    answer = admin.browser.get(ADDRESS, params=asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_accounts_are_searched_and_paged(admin: Person, register: Callable[..., str]) -> None:
    ids = [register(f"found_{number}") for number in range(3)]
    whole = page(admin)
    seen = [account["conn_id"] for account in whole["accounts"]]
    assert (whole["total"], set(ids) <= set(seen)) == (whole["all"], True)
    second = page(admin, limit=1, offset=1)
    assert ([account["conn_id"] for account in second["accounts"]], second["total"]) == (seen[1:2], len(seen))
    found = page(admin, search=ids[1].upper())
    assert ([account["conn_id"] for account in found["accounts"]], found["all"]) == ([ids[1]], len(seen))
    assert page(admin, search="nothing-like-that")["total"] == 0


def test_what_has_to_be_fixed_comes_first(admin: Person, register: Callable[..., str]) -> None:
    register("fine_one")
    broken = register("zz_broken")
    with create_session() as session:
        for sign_in in (1, 2):
            account_health.note_client_refused(session, broken, Failure(sign_in, utcnow(), "e", "no"))
    try:
        assert page(admin, limit=1)["accounts"][0]["conn_id"] == broken
    finally:
        with create_session() as session:
            account_health.note_success(session, broken)


def test_how_many_people_are_signed_in(admin: Person, alice: Person, bob: Person, account: str) -> None:
    assert (overview(admin, account)["sign_ins"], overview(admin, account)["problem"]) == (0, None)
    alice.sign_in(account)
    bob.sign_in(account)
    with create_session() as session:
        session.execute(update(SignIn).where(SignIn.user_name == "bob").values(lapsed_at=utcnow()))
    seen = overview(admin, account)
    assert (seen["sign_ins"], seen["lapsed"]) == (2, 1)
    assert "bob" not in str(seen)


def test_a_service_that_turns_airflow_away(admin: Person, account: str) -> None:
    with create_session() as session:
        for sign_in in (1, 2):
            failure = Failure(sign_in, utcnow(), "invalid_client", "it does not know this client")
            account_health.note_client_refused(session, account, failure)
    seen = overview(admin, account)
    assert "it does not know this client" in str(seen["problem"])
    assert seen["problem_at"] is not None


def test_nobody_else_sees_it(alice: Person) -> None:
    answer = alice.browser.get(ADDRESS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_admin")


@pytest.mark.usefixtures("foreign_tables")
def test_tables_of_another_version_are_told_to_admins(admin: Person, alice: Person) -> None:
    said = "The tables are not those of this version: column 'third_party_leader_lease.until' is missing"
    health = admin.browser.get("/third-party-accounts/health")
    assert health.status_code == 503
    assert health.json()["checks"]["migrations"].startswith(said)
    accounts = "/third-party-accounts/api/v1/accounts"
    [warning] = admin.browser.get(accounts).json()["warnings"]
    assert warning["text"].startswith(said)
    assert alice.browser.get(accounts).json()["warnings"] == []
