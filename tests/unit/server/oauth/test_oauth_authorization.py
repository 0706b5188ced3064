"""Sending the user off, and judging what they bring back."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from airflow_thirdparty.server.oauth.authorization import begin, check_answer
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.types import Client, Endpoints
from airflow_thirdparty.server.service_rules import ServiceRules

CALLBACK = "https://airflow.example.org/third-party-accounts/callback/demo"
ISSUER = "https://id.example.org"
NAMED = Endpoints(ISSUER, f"{ISSUER}/a?tenant=1", f"{ISSUER}/t", iss_in_answer=True)
SILENT = replace(NAMED, iss_in_answer=False)
NAMELESS = replace(NAMED, issuer=None, iss_in_answer=False)
TENANTS = replace(NAMED, issuer=f"{ISSUER}/common", issuer_pattern=f"{ISSUER}/{{tid}}")
RIGHT = {"state": "S", "code": "C", "iss": ISSUER}


def query_of(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query, strict_parsing=True)


def test_what_the_browser_is_sent_with(client: Client) -> None:
    request = begin(client, NAMED, CALLBACK, ["openid", "files:read"], {"access_type": "offline"})
    query = query_of(request.url)
    digest = hashlib.sha256(request.verifier.encode()).digest()
    assert query == {
        "tenant": ["1"],
        "response_type": ["code"],
        "client_id": ["client"],
        "redirect_uri": [CALLBACK],
        "scope": ["openid files:read"],
        "state": [request.state],
        "nonce": [request.nonce],
        "code_challenge": [base64.urlsafe_b64encode(digest).rstrip(b"=").decode()],
        "code_challenge_method": ["S256"],
        "access_type": ["offline"],
    }
    assert request.url.startswith(f"{ISSUER}/a?")
    assert 43 <= len(request.verifier) <= 128
    assert "canary" not in request.url


def test_without_openid_there_is_no_nonce(client: Client) -> None:
    request = begin(client, NAMED, CALLBACK, ["repo"])
    assert request.nonce is None
    assert "nonce" not in query_of(request.url)


def test_nothing_is_used_twice(client: Client) -> None:
    requests = [begin(client, NAMED, CALLBACK, ["openid"]) for _ in range(50)]
    for name in ("state", "verifier", "nonce"):
        assert len({getattr(request, name) for request in requests}) == 50


@pytest.mark.parametrize(
    "name",
    [
        "state",
        "nonce",
        "client_id",
        "redirect_uri",
        "code_challenge",
        "code_challenge_method",
        "scope",
        "State",
    ],
)
def test_an_account_cannot_weaken_the_protocol(client: Client, name: str) -> None:
    with pytest.raises(OAuthError, match=name.lower()) as caught:
        begin(client, NAMED, CALLBACK, ["openid"], {name: "plain"})
    assert caught.value.kind is Kind.MISCONFIGURED


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://id.example.org/a", "data:text/html,x", "/a"])
def test_a_browser_is_not_sent_just_anywhere(client: Client, url: str) -> None:
    with pytest.raises(OAuthError) as caught:
        begin(client, replace(NAMED, authorize_url=url), CALLBACK, [])
    assert caught.value.kind is Kind.MISCONFIGURED


@pytest.mark.parametrize(
    ("endpoints", "params"),
    [
        pytest.param(NAMED, RIGHT, id="all in order"),
        pytest.param(SILENT, {"state": "S", "code": "C"}, id="a service that does not say iss"),
        pytest.param(SILENT, RIGHT, id="a service that says iss unasked"),
        pytest.param(NAMELESS, {**RIGHT, "iss": "https://x"}, id="nothing to compare iss with"),
        pytest.param(NAMED, list(RIGHT.items()), id="as pairs"),
        pytest.param(TENANTS, {**RIGHT, "iss": f"{ISSUER}/72f988bf"}, id="one issuer of many"),
        pytest.param(NAMED, [*RIGHT.items(), ("session_state", "s")], id="a parameter of Microsoft's"),
        pytest.param(NAMED, [*RIGHT.items(), ("prompt", "none"), ("hd", "example.org")], id="of Google's"),
        pytest.param(
            NAMED, [*RIGHT.items(), ("x", "1"), ("x", "2")], id="a parameter that means nothing, twice"
        ),
        pytest.param(NAMED, [*RIGHT.items(), ("scope", "a"), ("scope", "b")], id="two scopes"),
        pytest.param(NAMED, [*RIGHT.items(), ("State", "T"), ("CODE", "D")], id="names in other letters"),
        pytest.param(NAMED, [*RIGHT.items(), ("", ""), ("", "x")], id="parameters without a name"),
        pytest.param(NAMED, [*RIGHT.items(), ("error_description", "x"), ("error_uri", "y")], id="no error"),
    ],
)
def test_an_answer_in_order(endpoints: Endpoints, params: Any) -> None:
    assert check_answer(endpoints, params, "S") == "C"


@pytest.mark.parametrize(
    ("endpoints", "params", "kind"),
    [
        pytest.param(NAMED, {**RIGHT, "state": "T"}, Kind.REFUSED, id="another state"),
        pytest.param(NAMED, {"code": "C", "iss": ISSUER}, Kind.REFUSED, id="no state"),
        pytest.param(NAMED, {**RIGHT, "state": "ß"}, Kind.REFUSED, id="state that is not ASCII"),
        pytest.param(NAMED, {**RIGHT, "iss": "https://evil.example"}, Kind.REFUSED, id="mix-up: iss"),
        pytest.param(NAMED, {**RIGHT, "iss": f"{ISSUER}/"}, Kind.REFUSED, id="iss with a slash more"),
        pytest.param(NAMED, {"state": "S", "code": "C"}, Kind.REFUSED, id="iss promised and missing"),
        pytest.param(
            SILENT, {**RIGHT, "iss": "https://evil.example"}, Kind.REFUSED, id="wrong iss, unpromised"
        ),
        pytest.param(NAMED, {"state": "S", "iss": ISSUER}, Kind.REFUSED, id="no code"),
        pytest.param(NAMED, {**RIGHT, "code": ""}, Kind.REFUSED, id="empty code"),
        pytest.param(NAMED, {**RIGHT, "code": "C" * 5000}, Kind.REFUSED, id="monstrous code"),
        pytest.param(NAMED, [*RIGHT.items(), ("code", "D")], Kind.REFUSED, id="two codes"),
        pytest.param(NAMED, [*RIGHT.items(), ("iss", "x")], Kind.REFUSED, id="two issuers"),
        pytest.param(NAMED, [*RIGHT.items(), ("state", "S")], Kind.REFUSED, id="two states, the same"),
        pytest.param(NAMED, [*RIGHT.items(), ("code", "C")], Kind.REFUSED, id="two codes, the same"),
        pytest.param(SILENT, [("state", "S"), ("error", "x"), ("error", "y")], Kind.REFUSED, id="two errors"),
        pytest.param(
            NAMED, {"state": "S", "iss": ISSUER, "error": "access_denied"}, Kind.CANCELLED, id="user said no"
        ),
        pytest.param(
            NAMED,
            {"state": "S", "error": "access_denied"},
            Kind.REFUSED,
            id="somebody said no, who knows who",
        ),
        pytest.param(
            NAMED, {**RIGHT, "error": "invalid_scope"}, Kind.CLIENT, id="an error counts more than a code"
        ),
        pytest.param(SILENT, {"state": "S", "error": "server_error"}, Kind.TRANSIENT, id="its own trouble"),
        pytest.param(SILENT, {"state": "S", "error": "<script>"}, Kind.UNKNOWN, id="script as error"),
        pytest.param(
            TENANTS,
            {**RIGHT, "iss": f"{ISSUER}/a/b"},
            Kind.REFUSED,
            id="an issuer that is none of many",
        ),
    ],
)
def test_an_answer_that_is_not(endpoints: Endpoints, params: Any, kind: Kind) -> None:
    with pytest.raises(OAuthError) as caught:
        check_answer(endpoints, params, "S")
    assert caught.value.kind is kind
    assert "<" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        pytest.param("access_denied", Kind.CANCELLED, "access_denied", id="the person said no"),
        pytest.param("user_cancelled_login", Kind.CANCELLED, "user_cancelled_login", id="LinkedIn: log-in"),
        pytest.param(
            "user_cancelled_authorize", Kind.CANCELLED, "user_cancelled_authorize", id="LinkedIn: consent"
        ),
        pytest.param("User-Cancelled-Login", Kind.CANCELLED, "user_cancelled_login", id="other letters"),
        pytest.param("user_denied", Kind.CANCELLED, "user_denied", id="Facebook"),
        pytest.param("consent_required", Kind.PERMANENT, "consent_required", id="a consent is missing"),
        pytest.param("login_required", Kind.PERMANENT, "login_required", id="not logged in there"),
        pytest.param("interaction_required", Kind.PERMANENT, "interaction_required", id="more is wanted"),
        pytest.param(
            "account_selection_required", Kind.PERMANENT, "account_selection_required", id="several accounts"
        ),
        pytest.param("server_error", Kind.TRANSIENT, "server_error", id="the service's trouble"),
        pytest.param(
            "temporarily_unavailable", Kind.TRANSIENT, "temporarily_unavailable", id="the service is away"
        ),
        pytest.param("invalid_scope", Kind.CLIENT, "invalid_scope", id="the account's fault"),
        pytest.param("unauthorized_client", Kind.CLIENT, "unauthorized_client", id="the client's fault"),
        pytest.param("invalid_grant", Kind.UNKNOWN, "invalid_grant", id="a word of token endpoints"),
        pytest.param("something_new", Kind.UNKNOWN, "something_new", id="a word nobody knows"),
    ],
)
def test_why_the_service_sent_the_person_back(error: str, kind: Kind, code: str) -> None:
    with pytest.raises(OAuthError) as caught:
        check_answer(SILENT, {"state": "S", "error": error, "error_description": "canary"}, "S")
    assert (caught.value.kind, caught.value.code) == (kind, code)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("separator", "asked"), [pytest.param(" ", "a+b", id="blank"), pytest.param(",", "a%2Cb", id="comma")]
)
def test_scopes_are_separated_as_the_service_wants_them(client: Client, separator: str, asked: str) -> None:
    rules = ServiceRules(scope_separator=separator)
    assert f"scope={asked}&" in begin(client, NAMED, CALLBACK, ["a", "b"], rules=rules).url.replace(
        "%20", "+"
    )
