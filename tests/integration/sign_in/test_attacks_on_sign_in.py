"""Attacks on signing in: each is refused, stores nothing and sends nothing to the service."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.support import loopback
from tests.support.accounts import Accounts
from tests.support.airflow_server import AirflowServer
from tests.support.faulty_service_client import Remote
from tests.support.people import Person
from tests.support.signing_in import answered, api, begin, query, rows, sign_in, started, view, with_query

COOKIE = "third_party_authorization_"


@pytest.mark.parametrize(
    ("victims_browser", "status"),
    [
        pytest.param(lambda alice, bob: bob.browser, 403, id="another user's browser"),
        pytest.param(lambda alice, bob: alice.new_browser(), 403, id="another browser of hers"),
        pytest.param(lambda alice, bob: loopback.client(), 403, id="nobody's browser"),
        pytest.param(lambda alice, bob: alice.rest, 403, id="a program of hers"),
    ],
)
def test_a_callback_belongs_to_one_browser_and_user(
    alice: Person,
    bob: Person,
    account: str,
    provider: Remote,
    victims_browser: Callable[[Person, Person], httpx2.Client],
    status: int,
) -> None:
    callback = answered(started(alice.browser, account))
    browser = victims_browser(alice, bob)
    got = browser.get(callback)
    assert got.status_code == status, got.text
    assert rows() == {"sign_in": 0, "authorization": 1, "revocation": 0}
    assert provider.calls("token") == 0
    assert alice.browser.get(callback).status_code == 200, "whoever began it can still end it"


def test_the_attackers_cookie_does_not_help_in_another_users_browser(
    alice: Person, bob: Person, account: str, provider: Remote
) -> None:
    callback = answered(started(bob.browser, account))
    planted = next(cookie for cookie in bob.browser.cookies.jar if cookie.name.startswith(COOKIE))
    refused = alice.browser.get(
        callback, headers={"Cookie": f"_token={alice.jwt}; {planted.name}={planted.value}"}
    )
    assert refused.status_code == 403
    assert "another user" in refused.text
    assert rows()["sign_in"] == 0
    assert provider.calls("token") == 0


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param(lambda state, code: "", id="empty"),
        pytest.param(lambda state, code: state, id="the state"),
        pytest.param(lambda state, code: code, id="the code"),
        pytest.param(lambda state, code: hashlib.sha256(state.encode()).hexdigest(), id="the state's hash"),
        pytest.param(
            lambda state, code: hashlib.sha256(
                hashlib.sha256(state.encode()).hexdigest().encode()
            ).hexdigest(),
            id="the hash of the state's hash",
        ),
        pytest.param(lambda state, code: hashlib.sha256(b"").hexdigest(), id="the hash of nothing"),
    ],
)
def test_the_cookie_cannot_be_made_from_the_state(
    alice: Person, account: str, provider: Remote, forged: Callable[[str, str], str]
) -> None:
    callback = answered(started(alice.browser, account))
    state, code = query(callback)["state"], query(callback)["code"]
    name = COOKIE + hashlib.sha256(state.encode()).hexdigest()
    attacker = alice.new_browser()
    attacker.cookies.set(name, forged(state, code))
    assert attacker.get(callback).status_code == 403
    assert (rows()["sign_in"], provider.calls("token")) == (0, 0)


def test_the_browsers_secret_is_random_and_not_stored(alice: Person, account: str) -> None:
    from airflow.utils.session import create_session
    from sqlalchemy import select

    from airflow_thirdparty.server.store.models import Authorization

    url = started(alice.browser, account)
    started(alice.browser, account)
    values = [c.value or "" for c in alice.browser.cookies.jar if c.name.startswith(COOKIE)]
    assert len(set(values)) == len(values) == 2
    with create_session() as session:
        stored = repr([dict(row) for row in session.execute(select(Authorization.__table__)).mappings()])
    for secret in (*values, query(url)["state"], query(url)["nonce"]):
        assert len(secret) >= 43
        assert secret not in stored


def test_the_cookie_is_out_of_reach(alice: Person, account: str) -> None:
    sent = begin(alice.browser, account).headers["set-cookie"]
    assert "HttpOnly" in sent
    assert "SameSite=lax" in sent
    assert f"Path=/third-party-accounts/callback/{account}" in sent


def test_an_evil_service_gets_no_code_of_another(
    alice: Person, account: str, accounts: Accounts, provider: Remote, evil: Remote
) -> None:
    other = accounts.add("evil", evil.base_url)
    started(alice.browser, other)
    callback = answered(started(alice.browser, account))
    mixed_up = callback.replace(f"/callback/{account}", f"/callback/{other}")
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in alice.browser.cookies.jar)
    assert loopback.get(mixed_up, headers={"Cookie": cookies}).status_code == 403
    assert (evil.calls("token"), provider.calls("token"), rows()["sign_in"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("issuer", "status"),
    [
        pytest.param("https://evil.example", 400, id="another"),
        pytest.param("", 400, id="empty"),
        pytest.param(None, 400, id="none, although the service promised one"),
    ],
)
def test_the_answer_names_its_service(
    alice: Person, account: str, provider: Remote, issuer: str | None, status: int
) -> None:
    callback = with_query(answered(started(alice.browser, account)), iss=issuer)
    assert alice.browser.get(callback).status_code == status
    assert (provider.calls("token"), rows()["sign_in"]) == (0, 0)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        pytest.param("authorization_endpoint", "authorize_url", id="authorization"),
        pytest.param("token_endpoint", "exchange_url", id="exchange"),
    ],
)
def test_discovery_cannot_lead_elsewhere(
    alice: Person, account: str, provider: Remote, evil: Remote, name: str, field: str
) -> None:
    provider.fault("discovery", "answer", fields={name: f"{evil.base_url}/token"})
    refused = begin(alice.browser, account)
    assert refused.status_code == 422
    assert refused.json()["error"]["field"] == field
    assert "discovery" in refused.json()["error"]["message"]
    assert rows() == {"sign_in": 0, "authorization": 0, "revocation": 0}
    assert evil.requests() == []


@pytest.mark.parametrize("name", ["userinfo_endpoint", "revocation_endpoint"])
def test_what_can_be_done_without_is_not_called_elsewhere(
    alice: Person, account: str, provider: Remote, evil: Remote, name: str
) -> None:
    provider.fault("discovery", "answer", fields={name: f"{evil.base_url}/token"})
    assert sign_in(alice, account).status_code == 200
    headers = {"Content-Type": "application/json"}
    assert alice.browser.delete(f"{api(account)}/sign-in", headers=headers).status_code < 300
    assert evil.requests() == []


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"issuer": "https://evil.example"}, id="another issuer"),
        pytest.param({"issuer": None}, id="no issuer"),
        pytest.param({"code_challenge_methods_supported": ["plain"]}, id="only plain PKCE"),
        pytest.param({"code_challenge_methods_supported": []}, id="no PKCE"),
    ],
)
def test_discovery_cannot_weaken_it(
    alice: Person, account: str, provider: Remote, fields: dict[str, object]
) -> None:
    provider.fault("discovery", "answer", fields=fields)
    assert begin(alice.browser, account).status_code == 422
    assert rows() == {"sign_in": 0, "authorization": 0, "revocation": 0}


def test_every_authorization_has_its_own_s256_challenge(alice: Person, account: str) -> None:
    first, second = (query(started(alice.browser, account)) for _ in range(2))
    assert first["code_challenge_method"] == second["code_challenge_method"] == "S256"
    for name in ("code_challenge", "state", "nonce"):
        assert len(first[name]) >= 43
        assert first[name] != second[name]


SPOOFED = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "444",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-For": "127.0.0.1",
    "X-Original-URL": "/evil",
    "X-Rewrite-URL": "/evil",
    "Forwarded": "host=evil.example;proto=https",
}


@pytest.mark.parametrize("name", [*SPOOFED, "all at once"])
def test_the_redirect_uri_comes_from_base_url_only(
    airflow_server: AirflowServer, alice: Person, account: str, name: str
) -> None:
    headers = SPOOFED if name == "all at once" else {name: SPOOFED[name]}
    answer = alice.browser.post(f"{api(account)}/sign-in", json={"return_to": None}, headers=headers)
    assert answer.status_code == 200, answer.text
    redirect_uri = query(answer.json()["authorization_url"])["redirect_uri"]
    assert redirect_uri == f"{airflow_server.url}/third-party-accounts/callback/{account}"
    assert "evil" not in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"login": "another-client"}, id="client id"),
        pytest.param({"host": "https://evil.example"}, id="host"),
    ],
)
def test_an_account_changed_meanwhile_ends_the_sign_in(
    alice: Person, account: str, accounts: Accounts, provider: Remote, changed: dict[str, str]
) -> None:
    callback = answered(started(alice.browser, account))
    accounts.change(account, **changed)
    assert alice.browser.get(callback).status_code in (400, 403)
    assert (rows()["sign_in"], provider.calls("token")) == (0, 0)


def test_somebody_else_is_asked_about_after_a_change_too(
    alice: Person, account: str, accounts: Accounts, provider: Remote
) -> None:
    sign_in(alice, account)
    accounts.change(account, host=f"{provider.base_url}/v2")
    accounts.change(account, login="client", host="http://localhost:1")
    accounts.change(account, password="client-secret-canary")
    provider.configure(subject="mallory-there")
    assert view(alice, account)["status"] == "account_changed"
    assert sign_in(alice, account).status_code == 400
    assert rows()["sign_in"] == 1


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Content-Type": FORM}, id="a form"),
        pytest.param({"Content-Type": "text/plain"}, id="text"),
        pytest.param({"Content-Type": "multipart/form-data; boundary=x"}, id="a multipart form"),
        pytest.param({"Content-Type": ""}, id="no type"),
        pytest.param({"Content-Type": "application/jsonp"}, id="nearly JSON"),
        pytest.param({"Origin": "https://evil.example"}, id="another origin"),
        pytest.param({"Origin": "null"}, id="a sandboxed frame"),
        pytest.param({"Origin": "http://localhost"}, id="another port"),
        pytest.param({"Origin": "http://localhost.evil.example"}, id="a longer name"),
        pytest.param({"Origin": "//"}, id="no origin at all"),
        pytest.param({"Origin": "http://[::1"}, id="half an origin"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="the browser says cross-site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a sister site"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_another_sites_page_changes_nothing(
    alice: Person, account: str, headers: dict[str, str], method: str
) -> None:
    sign_in(alice, account)
    before = rows()
    answer = alice.browser.request(
        method,
        f"{api(account)}/sign-in",
        headers={"Content-Type": "application/json", **headers},
        content=b'{"return_to": null}' if method == "POST" else b"",
    )
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "cross_site"
    assert rows() == before


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="our origin"),
        pytest.param({"Sec-Fetch-Site": "same-origin"}, id="the browser agrees"),
        pytest.param({"Origin": "https://tunnel.example", "Sec-Fetch-Site": "same-origin"}, id="a tunnel"),
        pytest.param({"Content-Type": "application/json; charset=utf-8"}, id="JSON with a charset"),
    ],
)
def test_our_own_page_may(alice: Person, account: str, headers: dict[str, str]) -> None:
    answer = alice.browser.post(f"{api(account)}/sign-in", json={"return_to": None}, headers=headers)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "dags", "/%2f/evil"]
)
def test_nobody_is_sent_elsewhere_afterwards(alice: Person, account: str, path: str) -> None:
    refused = begin(alice.browser, account, return_to=path)
    assert refused.status_code == 422
    assert refused.json()["error"]["field"] == "return_to"
    assert rows()["authorization"] == 0


PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    '" autofocus onfocus="alert(1)',
    "</title><script>alert(1)</script>",
    "<!--<script>alert(1)</script>-->",
    "javascript:alert(1)",
    "${alert(1)}$message$$",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u003cscript\u003ealert(1)",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "</body><script>alert(1)</script>",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_others_say_is_text(alice: Person, account: str, provider: Remote, payload: str) -> None:
    provider.configure(id_token={"name": payload})
    pages = [
        sign_in(alice, account),
        alice.browser.get(
            f"/third-party-accounts/callback/{httpx2.URL('/' + payload).raw_path.decode()[1:]}"
        ),
        alice.browser.get(
            with_query(
                answered(started(alice.browser, account)), code=None, error=payload, error_description=payload
            )
        ),
    ]
    for page in pages:
        text = page.text.replace("<script src=", "").replace("<script defer src=", "")
        assert "<script" not in text
        assert "<img" not in text
        assert "<svg/" not in text
        assert "<iframe" not in text
        assert '" autofocus' not in text
    assert pages[0].headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("conn_id", ["docs", "static", "openapi.json", "health", "log-in"])
def test_an_ids_name_does_not_lift_the_policy(alice: Person, conn_id: str) -> None:
    for path in (f"/third-party-accounts/callback/{conn_id}", api(conn_id), f"{api(conn_id)}/docs"):
        headers = alice.browser.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_the_policy_lets_no_script_of_others_in(alice: Person, account: str) -> None:
    page = sign_in(alice, account)
    policy = page.headers["content-security-policy"]
    scripts = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
    assert scripts.split() == ["script-src", "'self'"]
    assert urlsplit(str(page.url)).query  # the code is in this page's own address,
    assert page.headers["referrer-policy"] == "no-referrer"  # and goes to nobody from here
