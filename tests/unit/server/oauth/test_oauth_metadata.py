"""Discovery: only what this issuer says about itself, and nothing that sends credentials elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.metadata import discover, merge
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Endpoints
from tests.support.faulty_service import FaultyService

EVIL = "https://evil.example"


async def test_a_service_describes_itself(
    service: FaultyService, transport: Transport, endpoints: Endpoints
) -> None:
    assert await discover(transport, service.base_url) == endpoints


@pytest.mark.parametrize(
    ("told", "kind", "word"),
    [
        pytest.param({"issuer": EVIL}, Kind.REFUSED, "another issuer", id="another issuer"),
        pytest.param({"issuer": "{base}/"}, Kind.REFUSED, "another issuer", id="a slash more"),
        pytest.param({"issuer": "HTTP://127.0.0.1"}, Kind.REFUSED, "another issuer", id="other letters"),
        pytest.param({"issuer": None}, Kind.REFUSED, "another issuer", id="no issuer"),
        pytest.param({"issuer": ["{base}"]}, Kind.REFUSED, "another issuer", id="a list of issuers"),
        pytest.param({"token_endpoint": f"{EVIL}/t"}, Kind.REFUSED, "token_endpoint", id="foreign exchange"),
        pytest.param(
            {"authorization_endpoint": f"{EVIL}/a"}, Kind.REFUSED, "authorization_endpoint", id="foreign page"
        ),
        pytest.param(
            {"userinfo_endpoint": f"{EVIL}/u"}, Kind.REFUSED, "userinfo_endpoint", id="foreign user"
        ),
        pytest.param(
            {"revocation_endpoint": f"{EVIL}/r"}, Kind.REFUSED, "revocation_endpoint", id="foreign revocation"
        ),
        pytest.param(
            {"token_endpoint": "http://169.254.169.254/t"}, Kind.REFUSED, "encrypted", id="metadata service"
        ),
        pytest.param(
            {"token_endpoint": "{base}@evil.example/t"}, Kind.REFUSED, "user name", id="host in disguise"
        ),
        pytest.param({"token_endpoint": 7}, Kind.REFUSED, "no address", id="a number"),
        pytest.param({"jwks_uri": "http://evil.example/k"}, Kind.REFUSED, "encrypted", id="keys in clear"),
        pytest.param({"token_endpoint": None}, Kind.MISCONFIGURED, "lacks", id="no exchange"),
        pytest.param({"authorization_endpoint": None}, Kind.MISCONFIGURED, "lacks", id="no page"),
        pytest.param(
            {"code_challenge_methods_supported": ["plain"]}, Kind.REFUSED, "S256", id="only plain PKCE"
        ),
        pytest.param({"code_challenge_methods_supported": []}, Kind.REFUSED, "S256", id="no PKCE"),
        pytest.param({"code_challenge_methods_supported": "S256"}, Kind.REFUSED, "S256", id="not a list"),
    ],
)
async def test_a_poisoned_description_is_refused(
    service: FaultyService, transport: Transport, told: dict[str, Any], kind: Kind, word: str
) -> None:
    fields = {
        key: value.format(base=service.base_url) if isinstance(value, str) else value
        for key, value in told.items()
    }
    service.fault("discovery", "answer", fields=fields)
    with pytest.raises(OAuthError, match=word) as caught:
        await discover(transport, service.base_url)
    assert (caught.value.kind, caught.value.step) == (kind, "discovery")


async def test_an_origin_that_the_account_names_is_trusted(
    service: FaultyService, transport: Transport
) -> None:
    service.fault("discovery", "answer", fields={"token_endpoint": "https://api.example.org/t"})
    found = await discover(transport, service.base_url, trusted_origins=["https://api.example.org"])
    assert found.exchange_url == "https://api.example.org/t"
    with pytest.raises(OAuthError):
        await discover(transport, service.base_url, trusted_origins=["https://api.example.org:444"])


async def test_keys_may_lie_elsewhere(service: FaultyService, transport: Transport) -> None:
    service.fault("discovery", "answer", fields={"jwks_uri": "https://keys.example.org/k"})
    assert (await discover(transport, service.base_url)).jwks_url == "https://keys.example.org/k"


async def test_a_service_that_is_silent_about_pkce_gets_s256_all_the_same(
    service: FaultyService, transport: Transport
) -> None:
    service.fault("discovery", "answer", fields={"code_challenge_methods_supported": None})
    assert (await discover(transport, service.base_url)).exchange_url


@pytest.mark.parametrize(
    ("details", "kind"),
    [
        pytest.param({"status": 404}, Kind.MISCONFIGURED, id="no description at all"),
        pytest.param({"status": 500}, Kind.TRANSIENT, id="broken"),
        pytest.param({"status": 200, "body": "<html>"}, Kind.TRANSIENT, id="HTML"),
        pytest.param({"status": 302, "headers": {"Location": "/x"}}, Kind.REFUSED, id="redirect"),
    ],
)
async def test_a_description_that_cannot_be_read(
    service: FaultyService, transport: Transport, details: dict[str, Any], kind: Kind
) -> None:
    service.fault("discovery", "status", **details)
    with pytest.raises(OAuthError) as caught:
        await discover(transport, service.base_url)
    assert caught.value.kind is kind


async def test_where_it_is_looked_for(service: FaultyService, transport: Transport) -> None:
    with pytest.raises(OAuthError):
        await discover(transport, f"{service.base_url}/tenant/")
    assert list(service.calls) == [
        "/tenant/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/tenant",
    ]


@pytest.mark.parametrize("issuer", ["https://example.org/?a=b", "http://example.org", "issuer", ""])
async def test_an_issuer_that_is_no_address(transport: Transport, issuer: str) -> None:
    with pytest.raises(OAuthError) as caught:
        await discover(transport, issuer)
    assert caught.value.kind is Kind.REFUSED


FOUND = Endpoints(
    "https://i", "https://i/a", "https://i/t", "https://i/u", "https://i/r", "https://i/k", True
)


@pytest.mark.parametrize(
    ("discovered", "said", "expected"),
    [
        pytest.param(FOUND, {}, FOUND, id="all from discovery"),
        pytest.param(
            FOUND,
            {"exchange_url": "https://x/t", "userinfo_url": ""},
            replace(FOUND, exchange_url="https://x/t"),
            id="the account has the last word, where it has one",
        ),
        pytest.param(
            None,
            {"authorize_url": "https://x/a", "exchange_url": "https://x/t"},
            Endpoints(None, "https://x/a", "https://x/t"),
            id="without discovery",
        ),
    ],
)
def test_merging(discovered: Endpoints | None, said: dict[str, str], expected: Endpoints) -> None:
    assert merge(discovered, **said) == expected


@pytest.mark.parametrize("said", [{}, {"authorize_url": "https://x/a"}, {"exchange_url": "https://x/t"}])
def test_an_account_that_says_too_little(said: dict[str, str]) -> None:
    with pytest.raises(OAuthError) as caught:
        merge(None, **said)
    assert caught.value.kind is Kind.MISCONFIGURED
