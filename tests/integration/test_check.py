"""Check says what is fine, what to change, what only a sign-in shows; an account is what was last seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from airflow.models.log import Log
from airflow.utils.session import create_session
from sqlalchemy import delete, select, update

from airflow_thirdparty.server.store import account_seen
from airflow_thirdparty.server.store.clock import utcnow
from airflow_thirdparty.server.store.models import AccountSeen
from tests.support.people import Person
from tests.support.services import CONN_IDS, Service

ADMIN = "/third-party-accounts/api/v1/admin/accounts"
NOWHERE = "http://localhost:9"
"""Nothing listens on the port for discarding."""


@pytest.fixture(autouse=True)
def nothing_seen() -> Iterator[None]:
    """No account has been tried yet, as far as anybody remembers."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    account_seen._noted.clear()
    with create_session() as session:
        session.execute(delete(AccountSeen))


@pytest.fixture
def account(register: Callable[..., str]) -> str:
    return register()


def check(person: Person, conn_id: str) -> dict[str, Any]:
    answer = person.browser.post(f"{ADMIN}/{conn_id}/check", json={})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    assert all(finding["code"] for finding in report["findings"])
    return {finding["step"]: finding["outcome"] for finding in report["findings"]}


def state(admin: Person, conn_id: str) -> tuple[str, str | None]:
    """What the list says: the state, and why if it failed."""
    (found,) = [one for one in admin.browser.get(ADMIN).json()["accounts"] if one["conn_id"] == conn_id]
    return found["state"], (found["problem"] or {}).get("message")


def test_an_account_that_nobody_tried_is_not_called_ready(admin: Person, account: str) -> None:
    assert state(admin, account) == ("untried", None)


def test_a_client_that_the_service_knows(admin: Person, account: str) -> None:
    report = check(admin, account)
    assert outcomes(report) == {
        "registration": "fine",
        "address": "fine",
        "hooks": "fine",
        "secret": "fine",
        "discovery": "fine",
        "authorize": "fine",
        "clock": "fine",
        "userinfo": "fine",
        "client": "fine",
        "pkce": "fine",
        "refresh": "unknown",
        "rotation": "unknown",
        "revocation": "fine",
    }
    assert report["outcome"] == "fine"
    assert state(admin, account) == ("worked", None)


def test_a_client_that_it_turns_away_is_red_with_what_to_change(
    admin: Person, register: Callable[..., str], service: Service
) -> None:
    account = register()
    body = {**service.connection(account), "password": "another-secret"}
    assert admin.rest.patch(f"/api/v2/connections/{account}", json=body).is_success
    report = check(admin, account)
    assert (outcomes(report)["client"], report["outcome"]) == ("change", "change")
    (found,) = [finding for finding in report["findings"] if finding["step"] == "client"]
    assert "invalid_client" in found["text"]
    assert "client secret" in found["remedy"]
    seen, why = state(admin, account)
    assert seen == "failed"
    assert "turns this client away" in str(why)
    assert "another-secret" not in json.dumps(report)


def test_a_dead_issuer_is_no_green_light(admin: Person, register: Callable[..., str]) -> None:
    account = register(issuer=NOWHERE)
    report = check(admin, account)
    assert outcomes(report)["discovery"] == "change"
    assert "client" not in outcomes(report), "what was not reached is not judged"
    assert state(admin, account)[0] == "failed"


def test_a_sign_in_is_evidence_and_another_service_has_none(
    admin: Person, alice: Person, account: str, service: Service
) -> None:
    alice.sign_in(account)
    assert state(admin, account) == ("worked", None)
    assert outcomes(check(admin, account))["refresh"] == "fine"
    body = {**service.connection(account), "login": "another-client", "password": "s"}
    assert admin.rest.patch(f"/api/v2/connections/{account}", json=body).is_success
    assert state(admin, account) == ("untried", None)


def test_a_service_is_asked_once_a_minute(admin: Person, account: str) -> None:
    first = check(admin, account)
    assert check(admin, account) == first
    with create_session() as session:
        session.execute(update(AccountSeen).values(checked_at=utcnow() - timedelta(minutes=2)))
        rows = session.scalars(select(Log).where(Log.event == "third_party_account.account_checked")).all()
        before = len(rows)
    second = check(admin, account)
    assert second["at"] > first["at"]
    with create_session() as session:
        rows = session.scalars(select(Log).where(Log.event == "third_party_account.account_checked")).all()
    assert len(rows) == before + 1
    assert rows[-1].owner == "admin"
    assert json.loads(rows[-1].extra or "") == {"account": account, "outcome": "fine"}


@pytest.mark.parametrize("checks", [0, 1], ids=["for the first time", "within the minute"])
def test_who_asks_and_where_is_looked_at_each_time_and_no_news_for_others(
    admin: Person, account: str, monkeypatch: pytest.MonkeyPatch, checks: int
) -> None:
    for _ in range(checks):
        check(admin, account)
    with monkeypatch.context() as here:
        here.setenv(f"AIRFLOW_CONN_{account.upper()}", "http://robot:robots-password@x.example")
        found = outcomes(by_another_address(admin, account))
    assert (found["shadow"], found["address"]) == ("change", "change")
    assert state(admin, account) == ("worked", None)
    found = outcomes(check(admin, account))
    assert (found.get("shadow"), found["address"]) == (None, "fine")


def by_another_address(person: Person, conn_id: str) -> dict[str, Any]:
    """What is found for somebody who reaches Airflow through another proxy."""
    headers = {"Origin": "https://proxy.example", "Sec-Fetch-Site": "same-origin"}
    answer = person.browser.post(f"{ADMIN}/{conn_id}/check", json={}, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_people_who_come_by_another_address_are_told_so(admin: Person, account: str) -> None:
    report = by_another_address(admin, account)
    (found,) = [finding for finding in report["findings"] if finding["step"] == "address"]
    assert found["outcome"] == "change"
    assert "https://proxy.example" in found["text"]
    assert "[api] base_url" in found["remedy"]


def test_keys_of_peoples_own_show_nothing_by_themselves(admin: Person, register: Callable[..., str]) -> None:
    account = register(service="custom", kind="key", issuer=None, scopes=None)
    assert outcomes(check(admin, account)) == {
        "registration": "fine",
        "address": "fine",
        "hooks": "fine",
        "client": "unknown",
    }
    assert state(admin, account) == ("untried", None)


@pytest.mark.parametrize(
    ("who", "conn_id", "headers", "status", "code"),
    [
        pytest.param("alice", CONN_IDS[0], {}, 403, "not_admin", id="somebody who edits no connections"),
        pytest.param("admin", "nowhere", {}, 404, "no_such_account", id="an account that is not there"),
        pytest.param(
            "admin", CONN_IDS[0], {"Origin": "https://evil.example"}, 403, "cross_site", id="another page"
        ),
    ],
)
def test_what_is_refused(
    request: pytest.FixtureRequest, who: str, conn_id: str, headers: dict[str, str], status: int, code: str
) -> None:
    person = request.getfixturevalue(who)
    answer = person.browser.post(f"{ADMIN}/{conn_id}/check", json={}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
