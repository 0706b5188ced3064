"""What goes wrong at sign-in names step or field and the remedy, and leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from airflow.models.crypto import get_fernet

from airflow_thirdparty import wire
from tests.support.accounts import Accounts
from tests.support.airflow_server import configured
from tests.support.faulty_service_client import Remote
from tests.support.people import Person
from tests.support.signing_in import (
    answered,
    api,
    begin,
    expire,
    rows,
    sign_in,
    started,
    update_authorization,
    view,
    with_query,
)

NOTHING = {"sign_in": 0, "authorization": 0, "revocation": 0}

HTML = {"kind": "status", "status": 200, "headers": {"Content-Type": "text/html"}, "body": "<p>Sorry</p>"}


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        pytest.param(HTML, 503, "step 'discovery'", id="HTML"),
        pytest.param({"kind": "status", "status": 500}, 503, "step 'discovery'", id="500"),
        pytest.param({"kind": "drop"}, 503, "step 'discovery'", id="no answer"),
        pytest.param({"kind": "cut"}, 503, "step 'discovery'", id="half an answer"),
        pytest.param({"kind": "status", "status": 404}, 422, "step 'discovery'", id="404"),
    ],
)
def test_an_issuer_that_answers_badly(
    alice: Person, account: str, provider: Remote, fault: dict[str, Any], status: int, words: str
) -> None:
    provider.fault("discovery", **fault)
    refused = begin(alice.browser, account)
    error = refused.json()["error"]
    assert words in error["message"], error
    assert error["remedy"]
    assert "Sorry" not in refused.text
    assert refused.status_code in (422, 503)
    assert rows() == NOTHING


def test_an_issuer_that_is_not_there(alice: Person, accounts: Accounts) -> None:
    conn_id = accounts.add("acme", "http://127.0.0.1:9")
    refused = begin(alice.browser, conn_id)
    assert refused.status_code == 503
    assert "cannot be reached" in refused.json()["error"]["message"]
    assert "try again" in refused.json()["error"]["remedy"]
    assert rows() == NOTHING


def test_without_base_url(alice: Person, account: str) -> None:
    with configured("api", base_url=""):
        refused = begin(alice.browser, account)
    error = refused.json()["error"]
    assert (refused.status_code, error["field"]) == (422, "[api] base_url")
    assert "[api] base_url" in error["remedy"]
    assert rows() == NOTHING


def test_without_a_key_nobody_signs_in(alice: Person, accounts: Accounts, provider: Remote) -> None:
    with configured("core", fernet_key=""):
        get_fernet.cache_clear()
        public = accounts.add("public", provider.base_url, password=None, client_auth_method="none")
        keyed = accounts.add("keyed", provider.base_url, password=None, kind="key")
        refused = [
            begin(alice.browser, public),
            alice.browser.post(f"{api(keyed)}/sign-in", json={"key": "a key of hers"}),
        ]
    get_fernet.cache_clear()
    for answer in refused:
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, "[core] fernet_key")
    assert rows() == NOTHING


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        pytest.param({"code": None, "error": "access_denied"}, 400, "did not allow access", id="cancelled"),
        pytest.param(
            {"code": None, "error": "user_cancelled_login"},
            400,
            "cancelled the log-in",
            id="LinkedIn: log-in",
        ),
        pytest.param(
            {"code": None, "error": "consent_required"},
            400,
            "A consent is missing",
            id="a consent is missing",
        ),
        pytest.param(
            {"code": None, "error": "login_required"},
            400,
            "You are not logged in at",
            id="not logged in there",
        ),
        pytest.param({"code": None, "error": "server_error"}, 400, "authorization", id="the service failed"),
        pytest.param({"code": None, "error": "invalid_scope"}, 400, "authorization", id="a wrong scope"),
        pytest.param({"code": None}, 400, "no usable code", id="no code"),
        pytest.param({"code": "x" * 5000}, 400, "no usable code", id="a monstrous code"),
        pytest.param({"code": "guessed"}, 403, "did not accept", id="a guessed code"),
        pytest.param({"state": "guessed"}, 403, "never begun here", id="a guessed state"),
        pytest.param({"state": None}, 403, "never begun here", id="no state"),
    ],
)
def test_a_callback_that_brings_nothing(
    alice: Person, account: str, change: dict[str, str | None], status: int, words: str
) -> None:
    callback = with_query(answered(started(alice.browser, account)), **change)
    page = alice.browser.get(callback)
    assert (page.status_code, words in page.text) == (status, True), page.text
    assert rows()["sign_in"] == 0


@pytest.mark.parametrize(
    "more",
    [
        pytest.param("session_state=s", id="a parameter of Microsoft's"),
        pytest.param("authuser=0&hd=example.org&prompt=consent", id="of Google's"),
        pytest.param("x=1&x=2", id="one twice"),
        pytest.param("scope=a&scope=b", id="two scopes"),
        pytest.param("State=guessed&CODE=guessed", id="names in other letters"),
        pytest.param("=&=x", id="names that are none"),
    ],
)
def test_parameters_that_mean_nothing_here_are_ignored(alice: Person, account: str, more: str) -> None:
    callback = answered(started(alice.browser, account))
    page = alice.browser.get(f"{callback}&{more}")
    assert page.status_code == 200, page.text


def test_a_second_callback(alice: Person, account: str, provider: Remote) -> None:
    callback = answered(started(alice.browser, account))
    assert alice.browser.get(callback).status_code == 200
    second = alice.browser.get(callback)
    assert second.status_code == 403
    assert "used before" in second.text
    assert "Begin it again" in second.text
    assert (provider.calls("token"), rows()["sign_in"]) == (1, 1)


@pytest.mark.parametrize(
    ("endpoint", "fault", "words"),
    [
        pytest.param("token", HTML, "exchange", id="exchange: HTML"),
        pytest.param("token", {"kind": "status", "status": 500}, "exchange", id="exchange: 500"),
        pytest.param(
            "token", {"kind": "answer", "fields": {"access_token": None}}, "exchange", id="no token"
        ),
        pytest.param("token", {"kind": "answer", "fields": {"id_token": None}}, "exchange", id="no ID token"),
        pytest.param(
            "token", {"kind": "answer", "fields": {"token_type": "bot"}}, "of a bot", id="a bot's token"
        ),
        pytest.param("token", {"kind": "answer", "fields": {"token_type": "mac"}}, "exchange", id="odd type"),
        pytest.param("keys", HTML, "keys", id="keys: HTML"),
    ],
)
def test_a_service_that_answers_badly(
    alice: Person, account: str, provider: Remote, endpoint: str, fault: dict[str, Any], words: str
) -> None:
    callback = answered(started(alice.browser, account))
    provider.fault(endpoint, **fault)
    page = alice.browser.get(callback)
    assert page.status_code == 400
    assert words in page.text
    assert "Sorry" not in page.text
    assert rows() == NOTHING
    provider.heal()
    assert sign_in(alice, account).status_code == 200


@pytest.mark.parametrize(
    ("endpoint", "fault"),
    [
        pytest.param("token", {"fields": {"expires_in": ""}}, id="lifetime empty"),
        pytest.param("token", {"fields": {"expires_in": "never"}}, id="lifetime in words"),
        pytest.param("token", {"fields": {"expires_in": " 3600"}}, id="lifetime with a blank"),
        pytest.param("token", {"fields": {"expires_in": "3600.0"}}, id="lifetime with a point"),
        pytest.param("token", {"fields": {"expires_in": None}}, id="lifetime not said"),
        pytest.param("token", {"fields": {"expires_in": 0}}, id="lifetime zero"),
        pytest.param("token", {"fields": {"expires_in": [3600]}}, id="lifetime a list"),
        pytest.param("token", {"fields": {"expires_in": -1}}, id="lifetime negative"),
        pytest.param("token", {"fields": {"expires_in": 2**33}}, id="lifetime beyond a year"),
        pytest.param("token", {"fields": {"expires_in": float("nan")}}, id="lifetime NaN"),
        pytest.param("token", {"fields": {"scope": ""}}, id="scope empty"),
        pytest.param("token", {"fields": {"scope": ["openid", "read"]}}, id="scope a list"),
        pytest.param("token", {"fields": {"scope": False}}, id="scope false"),
        pytest.param("token", {"fields": {"scope": "openid%20read"}}, id="scope encoded once too often"),
        pytest.param("token", {"fields": {"refresh_token": False}}, id="refresh token false"),
        pytest.param("token", {"fields": {"token_type": ""}}, id="type empty"),
        pytest.param("token", {"fields": {"token_type": None}}, id="type null"),
        pytest.param("token", {"fields": {"token_type": "BearerToken"}}, id="type BearerToken"),
        pytest.param("userinfo", {"kind": "status", "status": 401}, id="userinfo: 401"),
        pytest.param("userinfo", {"kind": "status", "status": 500}, id="userinfo: 500"),
        pytest.param(
            "userinfo",
            {
                "kind": "status",
                "status": 200,
                "headers": {"Content-Type": "application/jwt"},
                "body": "a.b.c",
            },
            id="userinfo: a JWT",
        ),
        pytest.param(
            "discovery",
            {"fields": {"userinfo_endpoint": "https://elsewhere.example/u"}},
            id="userinfo elsewhere",
        ),
        pytest.param(
            "discovery",
            {"fields": {"revocation_endpoint": "https://elsewhere.example/r"}},
            id="revocation elsewhere",
        ),
    ],
)
def test_oddities_that_cost_no_sign_in(
    alice: Person, account: str, provider: Remote, endpoint: str, fault: dict[str, Any]
) -> None:
    provider.fault(endpoint, **{"kind": "answer", **fault})
    page = sign_in(alice, account)
    assert page.status_code == 200, page.text
    assert rows()["sign_in"] == 1


def test_the_check_of_an_account_tells_what_is_left_out(account: str, provider: Remote) -> None:
    from airflow_thirdparty.server.broker import runtime
    from airflow_thirdparty.server.broker.registry import doctor
    from airflow_thirdparty.server.store.clock import utcnow

    provider.fault("discovery", "answer", fields={"userinfo_endpoint": "https://elsewhere.example/u"})
    report = asyncio.run(doctor.examine(runtime.transport(), account, utcnow()))
    [found] = [finding for finding in report.findings if finding.step == "discovery"]
    assert found.outcome == "fine"
    assert "left out" in found.text
    assert "userinfo_endpoint" in found.text
    assert "https://elsewhere.example" in found.text
    assert "userinfo_url" in found.text


def test_an_exchange_elsewhere_is_refused_by_its_field(alice: Person, account: str, provider: Remote) -> None:
    provider.fault("discovery", "answer", fields={"token_endpoint": "https://elsewhere.example/t"})
    refused = begin(alice.browser, account)
    error = refused.json()["error"]
    assert (refused.status_code, error["field"]) == (422, "exchange_url")
    assert "token_endpoint" in error["message"]
    assert "https://elsewhere.example" in error["message"]
    assert rows() == NOTHING


def swap_seals() -> None:
    from airflow.utils.session import create_session
    from sqlalchemy import select

    from airflow_thirdparty.server.store.models import Authorization

    with create_session() as session:
        one, other = session.scalars(select(Authorization)).all()
        one.sealed, other.sealed = other.sealed, one.sealed


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        pytest.param(expire, "longer than ten minutes", id="ten minutes pass"),
        pytest.param(lambda: update_authorization(sealed="x"), "key_lost", id="the seal is overwritten"),
        pytest.param(swap_seals, "moved", id="seals are swapped in the database"),
        pytest.param(lambda: update_authorization(conn_id="other"), "another account", id="the account is"),
        pytest.param(lambda: update_authorization(user_id="999"), "another user", id="the user is"),
        pytest.param(lambda: update_authorization(user_created=""), "another user", id="the creation is"),
    ],
)
def test_what_was_kept_of_a_sign_in_is_touched(
    alice: Person, account: str, provider: Remote, happens: Callable[[], None], words: str
) -> None:
    started(alice.browser, account)
    callback = answered(started(alice.browser, account))
    happens()
    page = alice.browser.get(callback)
    assert page.status_code == 403
    assert words in page.text
    assert (provider.calls("token"), rows()["sign_in"]) == (0, 0)


def test_a_swapped_seal_is_on_record(alice: Person, account: str) -> None:
    from airflow.models.log import Log
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    def on_record() -> int:
        with create_session() as session:
            events = select(func.count()).where(Log.event == "third_party_account.seal_refused")
            return session.scalar(events) or 0

    before = on_record()
    started(alice.browser, account)
    callback = answered(started(alice.browser, account))
    swap_seals()
    alice.browser.get(callback)
    assert on_record() == before + 1


@pytest.mark.parametrize(
    ("conn_id", "status", "code"),
    [
        pytest.param("nowhere", 404, "no_such_account", id="no account"),
        pytest.param("plain", 404, "no_such_account", id="a connection of another type"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_only_accounts_are_accounts(
    admin: Person, alice: Person, conn_id: str, status: int, code: str, method: str
) -> None:
    body = {"connection_id": "plain", "conn_type": "http", "password": "of-another-kind"}
    admin.rest.post("/api/v2/connections", json=body)
    path = api(conn_id) if method == "GET" else f"{api(conn_id)}/sign-in"
    answer = alice.browser.request(
        method,
        path,
        headers={"Content-Type": "application/json"},
        content=b"{}" if method == "POST" else b"",
    )
    assert "of-another-kind" not in answer.text
    if method != "DELETE":
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_sign_out_is_final(alice: Person, account: str, provider: Remote) -> None:
    sign_in(alice, account)
    done = alice.browser.request(
        "DELETE", f"{api(account)}/sign-in", headers={"Content-Type": "application/json"}
    )
    assert done.json()["result"] == "revoked"
    assert provider.calls("revoke") >= 1
    assert rows() == NOTHING
    assert view(alice, account)["status"] == "sign_in_needed"


def test_a_body_that_is_not_understood(alice: Person, account: str) -> None:
    for body in ({"return_to": 1}, {"user": "bob"}, {"key": "x" * 20_000}, []):
        answer = alice.browser.post(f"{wire.WEB_PREFIX}/api/v1/accounts/{account}/sign-in", json=body)
        assert answer.status_code == 422
        assert answer.json()["error"]["remedy"]
        assert "xxxx" not in answer.text
    assert rows() == NOTHING
