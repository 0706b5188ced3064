"""Discovery: only what this issuer says about itself, and nothing that sends credentials elsewhere."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.metadata import discover, merge
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Endpoints
from airflow_thirdparty.server.service_rules import ServiceRules
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
            {"token_endpoint": "http://169.254.169.254/t"}, Kind.REFUSED, "encrypted", id="metadata service"
        ),
        pytest.param(
            {"token_endpoint": "{base}@evil.example/t"}, Kind.REFUSED, "user name", id="host in disguise"
        ),
        pytest.param({"token_endpoint": 7}, Kind.REFUSED, "no address", id="a number"),
        pytest.param(
            {"jwks_uri": "http://evil.example/k"}, Kind.REFUSED, "jwks_uri.*encrypted", id="keys in clear"
        ),
        pytest.param({"jwks_uri": "/keys"}, Kind.REFUSED, "jwks_uri", id="keys without an origin"),
        pytest.param({"jwks_uri": 7}, Kind.REFUSED, "jwks_uri.*no address", id="keys at a number"),
        pytest.param({"token_endpoint": ""}, Kind.MISCONFIGURED, "lacks", id="an empty exchange"),
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


@pytest.mark.parametrize(
    ("endpoint", "field"),
    [
        pytest.param("authorization_endpoint", "authorize_url", id="authorization"),
        pytest.param("token_endpoint", "exchange_url", id="exchange"),
    ],
)
@pytest.mark.parametrize("host_is_named", [True, False])
async def test_a_required_endpoint_elsewhere_is_refused_by_name(
    service: FaultyService, transport: Transport, endpoint: str, field: str, host_is_named: bool
) -> None:
    service.fault("discovery", "answer", fields={endpoint: "https://api.example.org/x"})
    host = ["https://api.example.org"] if host_is_named else []
    with pytest.raises(OAuthError) as caught:
        await discover(transport, service.base_url, userinfo_origins=host)
    assert endpoint in caught.value.text
    assert f"enter {field}" in caught.value.text
    assert "https://api.example.org" in caught.value.text
    assert caught.value.field == field


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(f"{EVIL}/x", id="elsewhere"),
        pytest.param("http://127.0.0.1:1/x", id="another port"),
        pytest.param("http://evil.example/x", id="not encrypted"),
        pytest.param("https://user@evil.example/x", id="with a user"),
        pytest.param("/userinfo", id="no whole address"),
        pytest.param(7, id="a number"),
        pytest.param(["https://a.example"], id="a list"),
    ],
)
@pytest.mark.parametrize(
    ("endpoint", "field", "attribute"),
    [
        pytest.param("userinfo_endpoint", "userinfo_url", "userinfo_url", id="userinfo"),
        pytest.param("revocation_endpoint", "revoke_url", "revoke_url", id="revocation"),
    ],
)
async def test_an_optional_endpoint_that_is_not_trusted_is_left_out_with_a_note(
    service: FaultyService, transport: Transport, endpoint: str, field: str, attribute: str, address: object
) -> None:
    service.fault("discovery", "answer", fields={endpoint: address})
    found = await discover(transport, service.base_url)
    assert getattr(found, attribute) is None
    assert len(found.left_out) == 1
    assert endpoint in found.left_out[0]
    assert field in found.left_out[0]


@pytest.mark.parametrize(
    ("fields", "id_token"),
    [
        pytest.param({}, False, id="no ID token is asked for"),
        pytest.param({"jwks_uri": None}, True, id="there are no keys to check one with"),
    ],
)
async def test_userinfo_is_not_left_out_where_it_is_all_there_is(
    service: FaultyService, transport: Transport, fields: dict[str, Any], id_token: bool
) -> None:
    service.fault("discovery", "answer", fields={"userinfo_endpoint": f"{EVIL}/u", **fields})
    with pytest.raises(OAuthError, match=r"userinfo_endpoint.*enter userinfo_url") as caught:
        await discover(transport, service.base_url, id_token=id_token)
    assert (caught.value.kind, caught.value.field) == (Kind.REFUSED, "userinfo_url")


async def test_the_accounts_host_is_named_for_userinfo(service: FaultyService, transport: Transport) -> None:
    lie = {
        "userinfo_endpoint": "https://api.example.org/u",
        "revocation_endpoint": "https://api.example.org/r",
    }
    service.fault("discovery", "answer", fields=lie)
    found = await discover(transport, service.base_url, userinfo_origins=["https://api.example.org"])
    assert (found.userinfo_url, found.revoke_url) == ("https://api.example.org/u", None)


@pytest.mark.parametrize("told", [f"{EVIL}/t", None, 7])
async def test_what_the_account_settles_itself_is_not_looked_at(
    service: FaultyService, transport: Transport, told: object
) -> None:
    service.fault("discovery", "answer", fields={"token_endpoint": told})
    found = await discover(transport, service.base_url, settled=["exchange_url"])
    assert merge(found, exchange_url="https://x.example/t").exchange_url == "https://x.example/t"
    with pytest.raises(OAuthError):
        await discover(transport, service.base_url, settled=["userinfo_url"])


@pytest.mark.parametrize(
    ("issuer", "shown"),
    [
        pytest.param(
            "https://login.example/{{tenantid}}/v2.0", "https://login.example/{tenantid}/v2.0", id="it"
        ),
        pytest.param(None, "none", id="none"),
        pytest.param(["x"], "list", id="a list"),
        pytest.param("a\n\u202eb", r"'a\n\u202eb'", id="escaped"),
        pytest.param("x" * 5000, "x" * 120 + "'", id="bounded"),
    ],
)
async def test_another_issuer_is_shown(
    service: FaultyService, transport: Transport, issuer: object, shown: str
) -> None:
    told = issuer.replace("{{", "{").replace("}}", "}") if isinstance(issuer, str) else issuer
    service.fault("discovery", "answer", fields={"issuer": told})
    with pytest.raises(OAuthError) as caught:
        await discover(transport, service.base_url)
    assert caught.value.text.startswith("The service's description names another issuer: ")
    assert shown in caught.value.text
    assert len(caught.value.text) < 200


TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"


@pytest.mark.parametrize(
    ("path", "told", "issuer", "many"),
    [
        pytest.param("common", "{tenantid}", "common", True, id="common"),
        pytest.param("organizations", "{tenantid}", "organizations", True, id="organizations"),
        pytest.param("common", "{tid}", "common", True, id="another word for it"),
        pytest.param("contoso.onmicrosoft.com", TENANT, TENANT, False, id="a tenant by its domain"),
        pytest.param(TENANT, TENANT, TENANT, False, id="a tenant by its id"),
    ],
)
async def test_an_address_with_many_issuers(
    service: FaultyService, transport: Transport, path: str, told: str, issuer: str, many: bool
) -> None:
    base, pattern = service.base_url, f"{service.base_url}/{{tid}}/v2.0"
    service.describe(f"/{path}/v2.0", issuer=f"{base}/{told}/v2.0")
    found = await discover(transport, f"{base}/{path}/v2.0", rules=ServiceRules(issuer_pattern=pattern))
    assert found.issuer == f"{base}/{issuer}/v2.0"
    assert found.issuer_pattern == (pattern if many else None)


@pytest.mark.parametrize(
    ("told", "pattern"),
    [
        pytest.param("{base}/{{tenantid}}/v2.0", None, id="without the rule"),
        pytest.param("{base}/{{tenantid}}/v1.0", "{base}/{{tid}}/v2.0", id="another version"),
        pytest.param("https://evil.example/{{tenantid}}/v2.0", "{base}/{{tid}}/v2.0", id="elsewhere"),
        pytest.param("{base}/{{tenantid}}/v2.0", "https://other.example/{{tid}}/v2.0", id="not this pattern"),
        pytest.param("{base}/a/b/v2.0", "{base}/{{tid}}/v2.0", id="more than a tenant"),
        pytest.param("{base}/{{tenant}}/v2.0", "{base}/{{tid}}/v2.0", id="a placeholder nobody knows"),
    ],
)
async def test_a_template_that_is_not_the_services(
    service: FaultyService, transport: Transport, told: str, pattern: str | None
) -> None:
    base = service.base_url
    service.describe("/common/v2.0", issuer=told.format(base=base))
    rules = ServiceRules(issuer_pattern=pattern and pattern.format(base=base))
    with pytest.raises(OAuthError, match="names another issuer"):
        await discover(transport, f"{base}/common/v2.0", rules=rules)


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


async def test_keys_that_nobody_needs_are_left_out(service: FaultyService, transport: Transport) -> None:
    service.fault("discovery", "answer", fields={"jwks_uri": "http://keys.example.org/k"})
    assert (await discover(transport, service.base_url, id_token=False)).jwks_url is None


async def test_a_service_that_is_silent_about_pkce_gets_s256_all_the_same(
    service: FaultyService, transport: Transport
) -> None:
    service.fault("discovery", "answer", fields={"code_challenge_methods_supported": None})
    assert (await discover(transport, service.base_url)).exchange_url


@pytest.mark.parametrize(
    ("details", "kind"),
    [
        pytest.param({"status": 404}, Kind.MISCONFIGURED, id="no description at all"),
        pytest.param({"status": 404, "body": "<html>"}, Kind.MISCONFIGURED, id="a page that says so"),
        pytest.param(
            {"status": 400, "body": '{"error": "invalid_tenant"}'},
            Kind.MISCONFIGURED,
            id="Microsoft: no tenant",
        ),
        pytest.param(
            {"status": 403, "body": '{"message": "Missing Authentication Token"}'},
            Kind.MISCONFIGURED,
            id="Amazon's gateway: nothing there",
        ),
        pytest.param(
            {"status": 403, "body": '<?xml version="1.0"?><Error/>'},
            Kind.MISCONFIGURED,
            id="a bucket: no file",
        ),
        pytest.param({"status": 401}, Kind.MISCONFIGURED, id="401"),
        pytest.param({"status": 403, "body": "<html>"}, Kind.TRANSIENT, id="a proxy's page"),
        pytest.param({"status": 429}, Kind.TRANSIENT, id="too many"),
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


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410])
async def test_a_description_that_lies_where_rfc_8414_has_it(
    service: FaultyService, transport: Transport, endpoints: Endpoints, status: int
) -> None:
    """Another issuer's description is asked for first, which is not there."""
    service.fault("discovery", "status", status=status, body='{"error": "nothing"}')
    service.fault(
        "/.well-known/oauth-authorization-server",
        "status",
        status=200,
        body=json.dumps(service._discovery("").fields),
    )
    assert await discover(transport, service.base_url) == endpoints


@pytest.mark.parametrize("name", ["jwks_uri", "userinfo_endpoint", "revocation_endpoint"])
async def test_an_endpoint_that_is_empty_is_not_there(
    service: FaultyService, transport: Transport, name: str
) -> None:
    service.fault("discovery", "answer", fields={name: ""})
    empty = await discover(transport, service.base_url)
    service.fault("discovery", "answer", fields={name: None})
    assert empty == await discover(transport, service.base_url)
    assert empty.left_out == ()


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
