"""Somebody who begins more sign-ins than they finish: few are kept, and their cookies stay few."""

from __future__ import annotations

import pytest

from airflow_thirdparty.server.store.authorizations import MOST, MOST_COOKIES
from tests.support.accounts import Accounts
from tests.support.faulty_service_client import Remote
from tests.support.people import Person
from tests.support.signing_in import answered, rows, sign_in, started

LIMIT = 4096
"""Bytes of a header that every server and proxy takes."""

COOKIE = "third_party_authorization_"


def cookie_bytes(person: Person) -> int:
    """What the cookies of all accounts take together in a Cookie header."""
    cookies = [f"{cookie.name}={cookie.value}" for cookie in person.browser.cookies.jar]
    return len("; ".join(text for text in cookies if text.startswith(COOKIE)))


def counts(*conn_ids: str) -> list[int]:
    """Sign-ins under way, by account."""
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    from airflow_thirdparty.server.store.models import Authorization

    with create_session() as session:
        of_account = [
            select(func.count()).select_from(Authorization).where(Authorization.conn_id == conn_id)
            for conn_id in conn_ids
        ]
        return [session.scalar(statement) or 0 for statement in of_account]


@pytest.fixture
def three(accounts: Accounts, provider: Remote) -> list[str]:
    return [accounts.add(conn_id, provider.base_url) for conn_id in ("acme", "beta", "gamma")]


@pytest.mark.parametrize(
    ("of_account", "kept"),
    [
        pytest.param(lambda tab: tab % 3, [20, 20, 20], id="of three, by turns"),
        pytest.param(lambda tab: tab // 40, [20, 20, 20], id="of three, one after the other"),
    ],
)
def test_120_tabs(alice: Person, three: list[str], of_account: object, kept: list[int]) -> None:
    assert callable(of_account)
    largest = 0
    for tab in range(120):
        url = started(alice.browser, three[of_account(tab)])
        largest = max(largest, cookie_bytes(alice))
    assert 0 < largest < LIMIT
    assert counts(*three) == kept
    assert alice.browser.get(answered(url)).status_code == 200, "the newest comes to its end"


def test_the_oldest_go_and_say_so(alice: Person, account: str, provider: Remote) -> None:
    tabs = [started(alice.browser, account) for _ in range(MOST + 1)]
    oldest, next_one = answered(tabs[0]), answered(tabs[1])
    page = alice.browser.get(oldest)
    assert (page.status_code, "gave way to newer ones" in page.text) == (403, True)
    assert provider.calls("token") == 0
    assert alice.browser.get(next_one).status_code == 200


def test_nobody_pushes_out_what_another_began(alice: Person, bob: Person, account: str) -> None:
    of_bob = started(bob.browser, account)
    for _ in range(MOST + 1):
        started(alice.browser, account)
    assert rows()["authorization"] == MOST + 1
    assert bob.browser.get(answered(of_bob)).status_code == 200


def test_a_cookie_that_gave_way_says_so(alice: Person, three: list[str]) -> None:
    first, *others = three
    oldest = started(alice.browser, first)
    for tab in range(MOST_COOKIES):
        started(alice.browser, others[tab % 2])
    page = alice.browser.get(answered(oldest))
    assert (page.status_code, "too many were begun" in page.text) == (403, True)
    assert sign_in(alice, first).status_code == 200
