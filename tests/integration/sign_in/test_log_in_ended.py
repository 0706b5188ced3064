"""The log-in to Airflow ended while somebody was at the service: they log in, and the sign-in goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import quote

import httpx2
import pytest

from airflow_thirdparty import wire
from tests.support import loopback
from tests.support.accounts import Accounts
from tests.support.faulty_service_client import Remote
from tests.support.logging_in import log_in, log_out
from tests.support.people import Person
from tests.support.signing_in import (
    answered,
    expire,
    query,
    rows,
    started,
    update_authorization,
    view,
    with_query,
)

COOKIE = "third_party_authorization_"
UNDER_WAY = {"sign_in": 0, "authorization": 1, "revocation": 0}
NOTHING = {"sign_in": 0, "authorization": 0, "revocation": 0}


def bare(person: Person, conn_id: str) -> str:
    """The address that the browser comes back to."""
    return f"{person.url}{wire.WEB_PREFIX}/callback/{conn_id}/resume"


def events(name: str) -> int:
    """Rows of an event in Airflow's audit log."""
    from airflow.models.log import Log
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    with create_session() as session:
        counted = select(func.count()).where(Log.event == f"third_party_account.{name}")
        return session.scalar(counted) or 0


@pytest.fixture
def callback(alice: Person, account: str) -> str:
    """Where the service sends alice back to; she is not logged in to Airflow any more."""
    address = answered(started(alice.browser, account))
    log_out(alice.browser)
    return address


@pytest.fixture
def kept(alice: Person, callback: str) -> str:
    """Alice's answer is kept; the log-in that she was led to."""
    led = alice.browser.get(callback)
    assert led.status_code == 303, led.text
    return str(led.headers["location"])


def be_logged_in(browser: httpx2.Client, person: Person) -> None:
    """Log in past the page, for tests that are about what follows."""
    log_out(browser).cookies.set("_token", person.jwt)


def test_the_way_through_the_log_in(alice: Person, account: str, callback: str, provider: Remote) -> None:
    led = alice.browser.get(callback)
    back = bare(alice, account)
    assert led.status_code == 303
    assert led.headers["location"] == f"{alice.url}/api/v2/auth/login?next={quote(back, safe='')}"
    assert (rows(), provider.calls("token")) == (UNDER_WAY, 0)

    visited = log_in(alice.browser, led.headers["location"], alice)
    assert visited[-1].removeprefix(alice.url) == back.removeprefix(alice.url)
    page = alice.browser.get(visited[-1])
    assert page.status_code == 200, page.text
    assert "You are signed in" in page.text
    assert (rows(), provider.calls("token")) == ({**NOTHING, "sign_in": 1}, 1)
    assert not [cookie for cookie in alice.browser.cookies.jar if cookie.name.startswith(COOKIE)]
    assert view(alice, account)["identity"]["subject"] == "alice-there"


def test_where_fab_itself_still_knows_the_person(alice: Person, account: str, kept: str) -> None:
    """FAB forgets where to go back to then (flask_appbuilder.security.views); the answer waits on."""
    log_in(alice.browser, kept, alice)
    token = next(cookie for cookie in alice.browser.cookies.jar if cookie.name == "_token")
    alice.browser.cookies.jar.clear(token.domain, token.path, token.name)
    page = alice.browser.get(kept, follow_redirects=True)
    assert page.status_code == 200
    assert "resume" not in str(page.url)
    assert alice.browser.get(bare(alice, account)).status_code == 200


def test_a_wrong_password_in_between(alice: Person, account: str, kept: str) -> None:
    page = alice.browser.get(kept, follow_redirects=True)
    csrf = page.text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    form = {"username": "alice", "password": "guessed", "csrf_token": csrf}
    again = alice.browser.post(str(page.url), data=form)
    visited = log_in(alice.browser, str(again.headers["location"]), alice)
    assert alice.browser.get(visited[-1]).status_code == 200


def test_no_code_in_an_address_or_a_log(
    alice: Person, account: str, callback: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "airflow_thirdparty")
    led = alice.browser.get(callback)
    visited = log_in(alice.browser, led.headers["location"], alice)
    page = alice.browser.get(visited[-1])
    assert page.status_code == 200
    for secret in (query(callback)["code"], query(callback)["state"]):
        assert all(secret not in address for address in visited)
        assert all(secret not in text for text in (led.text, page.text, str(led.headers), str(page.headers)))
        assert all(secret not in record.getMessage() for record in caplog.records if is_ours(record))
    assert led.headers["referrer-policy"] == "no-referrer"
    assert led.headers["cache-control"] == "no-store"


def is_ours(record: logging.LogRecord) -> bool:
    return record.name.startswith("airflow_thirdparty")


def test_what_is_kept_is_sealed(alice: Person, callback: str, kept: str) -> None:
    from airflow.utils.session import create_session
    from sqlalchemy import select

    from airflow_thirdparty.server.store.models import Authorization

    with create_session() as session:
        (row,) = session.execute(select(Authorization.__table__)).mappings().all()
    assert row["sealed_answer"]
    assert query(callback)["code"] not in repr(dict(row))
    assert query(callback)["state"] not in repr(dict(row))


@pytest.mark.parametrize(
    ("comes_back", "words", "left"),
    [
        pytest.param(lambda alice, bob: bob.browser, "another browser", UNDER_WAY, id="another person"),
        pytest.param(
            lambda alice, bob: alice.new_browser(), "another browser", UNDER_WAY, id="another browser of hers"
        ),
        pytest.param(lambda alice, bob: alice.browser, "not logged in", UNDER_WAY, id="nobody, yet"),
        pytest.param(lambda alice, bob: loopback.client(), "not logged in", UNDER_WAY, id="anybody"),
        pytest.param(lambda alice, bob: alice.rest, "another browser", UNDER_WAY, id="a program of hers"),
    ],
)
def test_whoever_comes_back_in_another_browser_is_refused(
    alice: Person,
    bob: Person,
    account: str,
    kept: str,
    provider: Remote,
    comes_back: Callable[[Person, Person], httpx2.Client],
    words: str,
    left: dict[str, int],
) -> None:
    page = comes_back(alice, bob).get(bare(alice, account))
    assert (page.status_code, words in page.text) == (403, True), page.text
    assert (rows(), provider.calls("token")) == (left, 0)
    be_logged_in(alice.browser, alice)
    assert alice.browser.get(bare(alice, account)).status_code == 200, "she can still end it"


def test_another_person_in_the_same_browser_ends_it(
    alice: Person, bob: Person, account: str, kept: str, provider: Remote
) -> None:
    before = events("kept_answer_refused")
    visited = log_in(alice.browser, kept, bob)
    page = alice.browser.get(visited[-1])
    assert (page.status_code, "another user" in page.text) == (403, True), page.text
    assert (rows(), provider.calls("token")) == (NOTHING, 0)
    assert "alice" not in page.text
    assert events("kept_answer_refused") == before + 1
    be_logged_in(alice.browser, alice)
    assert alice.browser.get(bare(alice, account)).status_code == 403, "it is gone"


def test_it_counts_once(alice: Person, account: str, kept: str, callback: str, provider: Remote) -> None:
    be_logged_in(alice.browser, alice)
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in alice.browser.cookies.jar)
    statuses = [
        loopback.get(address, headers={"Cookie": cookies}, timeout=60).status_code
        for address in (bare(alice, account), bare(alice, account), callback)
    ]
    assert statuses == [200, 403, 403]
    assert provider.calls("token") == 1


def test_the_callback_itself_takes_it_too(
    alice: Person, account: str, kept: str, callback: str, provider: Remote
) -> None:
    be_logged_in(alice.browser, alice)
    assert alice.browser.get(callback).status_code == 200
    assert alice.browser.get(bare(alice, account)).status_code == 403
    assert provider.calls("token") == 1


def tamper(alice: Person) -> None:
    cookie = next(cookie for cookie in alice.browser.cookies.jar if cookie.name.startswith(COOKIE))
    cookie.value = f"{cookie.value}x"


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        pytest.param(lambda alice: expire(), "longer than ten minutes", id="ten minutes pass"),
        pytest.param(tamper, "another browser", id="the cookie is tampered with"),
        pytest.param(lambda alice: alice.browser.cookies.clear(), "not logged in", id="all cookies are gone"),
        pytest.param(
            lambda alice: update_authorization(sealed_answer="x"), "key_lost", id="the answer is overwritten"
        ),
        pytest.param(
            lambda alice: update_authorization(sealed_answer=of_the_verifier()), "moved", id="another seal"
        ),
        pytest.param(lambda alice: update_authorization(sealed="x"), "key_lost", id="the verifier is"),
        pytest.param(
            lambda alice: update_authorization(sealed_answer=None),
            "begun in another",
            id="the answer is gone",
        ),
        pytest.param(
            lambda alice: update_authorization(user_created=""), "another user", id="she was created anew"
        ),
        pytest.param(lambda alice: update_authorization(conn_id="other"), "another", id="the account is"),
    ],
)
def test_what_happens_before_the_person_is_back(
    alice: Person, account: str, kept: str, provider: Remote, happens: Callable[[Person], None], words: str
) -> None:
    be_logged_in(alice.browser, alice)
    happens(alice)
    page = alice.browser.get(bare(alice, account))
    assert (page.status_code, words in page.text) == (403, True), page.text
    assert (rows()["sign_in"], provider.calls("token")) == (0, 0)


def of_the_verifier() -> str:
    """What is sealed for another column of the same row."""
    from airflow.utils.session import create_session
    from sqlalchemy import select

    from airflow_thirdparty.server.store.models import Authorization

    with create_session() as session:
        return str(session.scalar(select(Authorization.sealed)))


def test_an_account_that_was_changed(
    alice: Person, account: str, accounts: Accounts, kept: str, provider: Remote
) -> None:
    accounts.change(account, login="another-client")
    be_logged_in(alice.browser, alice)
    assert alice.browser.get(bare(alice, account)).status_code in (400, 403)
    assert (rows()["sign_in"], provider.calls("token")) == (0, 0)


@pytest.mark.parametrize(
    ("planted", "path"),
    [
        pytest.param(lambda state, value: None, "", id="no cookie"),
        pytest.param(lambda state, value: "", "", id="an empty cookie"),
        pytest.param(lambda state, value: state, "", id="the state as cookie"),
        pytest.param(lambda state, value: f"{value}x", "", id="nearly the cookie"),
        pytest.param(lambda state, value: value, "other", id="the callback of another account"),
    ],
)
def test_an_attackers_callback_in_a_browser_without_a_log_in(
    bob: Person,
    account: str,
    provider: Remote,
    planted: Callable[[str, str], str | None],
    path: str,
) -> None:
    address = answered(started(bob.browser, account))
    cookie = next(cookie for cookie in bob.browser.cookies.jar if cookie.name.startswith(COOKIE))
    value = planted(query(address)["state"], cookie.value or "")
    headers = {} if value is None else {"Cookie": f"{cookie.name}={value}"}
    page = loopback.get(
        address.replace(f"/callback/{account}", f"/callback/{path or account}"),
        headers=headers,
    )
    assert page.status_code == 403, "no log-in is asked for what was begun elsewhere"
    assert (rows(), provider.calls("token"), kept_answers()) == (UNDER_WAY, 0, 0)


def kept_answers() -> int:
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    from airflow_thirdparty.server.store.models import Authorization

    with create_session() as session:
        return session.scalar(select(func.count()).where(Authorization.sealed_answer.is_not(None))) or 0


def test_an_attackers_callback_with_the_attackers_cookie(
    alice: Person, bob: Person, account: str, provider: Remote
) -> None:
    address = answered(started(bob.browser, account))
    cookie = next(cookie for cookie in bob.browser.cookies.jar if cookie.name.startswith(COOKIE))
    victim = log_out(alice.browser)
    victim.cookies.set(cookie.name, cookie.value or "")
    led = victim.get(address)
    page = victim.get(log_in(victim, led.headers["location"], alice)[-1])
    assert (page.status_code, "another user" in page.text) == (403, True)
    assert (rows(), provider.calls("token")) == (NOTHING, 0)
    assert view(alice, account)["status"] == "sign_in_needed"


def test_the_first_answer_stays(alice: Person, account: str, callback: str, provider: Remote) -> None:
    assert alice.browser.get(callback).status_code == 303
    assert alice.browser.get(with_query(callback, code="guessed")).status_code == 303
    be_logged_in(alice.browser, alice)
    assert alice.browser.get(bare(alice, account)).status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        pytest.param({"code": None, "error": "access_denied"}, 400, "did not allow", id="she said no"),
        pytest.param({"code": "guessed"}, 403, "did not accept", id="a guessed code"),
        pytest.param({"iss": "https://evil.example"}, 400, "authorization", id="another service"),
        pytest.param(
            {"more": "x" * 2000}, 200, "You are signed in", id="a long parameter that means nothing"
        ),
    ],
)
def test_what_the_service_said_is_judged_afterwards(
    alice: Person, account: str, callback: str, change: dict[str, str | None], status: int, words: str
) -> None:
    assert alice.browser.get(with_query(callback, **change)).status_code == 303
    be_logged_in(alice.browser, alice)
    page = alice.browser.get(bare(alice, account))
    assert (page.status_code, words in page.text) == (status, True), page.text
    assert rows()["authorization"] == 0


def test_several_tabs_go_on_one_by_one(
    alice: Person, account: str, accounts: Accounts, provider: Remote
) -> None:
    other = accounts.add("other", provider.base_url)
    callbacks = [answered(started(alice.browser, conn_id)) for conn_id in (account, account, other)]
    log_out(alice.browser)
    for callback in callbacks:
        assert alice.browser.get(callback).status_code == 303
    be_logged_in(alice.browser, alice)
    pages = [alice.browser.get(bare(alice, conn_id)) for conn_id in (account, other, account, account)]
    assert [page.status_code for page in pages] == [200, 200, 200, 403]


def test_who_is_logged_in_is_asked_for_no_log_in(alice: Person, account: str) -> None:
    callback = answered(started(alice.browser, account))
    assert alice.browser.get(callback).status_code == 200
