"""Who signed in."""

from __future__ import annotations

import base64
import hmac
import json
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.id_tokens import LEEWAY
from airflow_thirdparty.server.oauth.identity import identify
from airflow_thirdparty.server.oauth.types import Identity, TokenSet
from tests.support.faulty_service import FaultyService
from tests.unit.server.oauth.conftest import Conversation


async def who(conversation: Conversation, tokens: TokenSet, nonce: str | None, **changes: Any) -> Identity:
    endpoints = replace(conversation.endpoints, **changes)
    return await identify(
        conversation.transport,
        endpoints,
        tokens,
        client=conversation.client,
        nonce=nonce,
        now=conversation.now,
    )


async def test_id_token_and_userinfo(conversation: Conversation, service: FaultyService) -> None:
    found = await who(conversation, *await conversation.sign_in("openid"))
    assert found == Identity(service.base_url, "alice", "Alice")


async def test_userinfo_alone(conversation: Conversation, service: FaultyService) -> None:
    found = await who(conversation, *await conversation.sign_in("files:read"), issuer=None)
    assert found == Identity(service.base_url, "alice", "Alice")
    assert service.calls["keys"] == 0


async def test_an_id_token_with_a_name_is_enough(conversation: Conversation, service: FaultyService) -> None:
    service.settings.id_token = {"preferred_username": "ally"}
    found = await who(conversation, *await conversation.sign_in("openid"))
    assert found == Identity(service.base_url, "alice", "ally")
    assert service.calls["userinfo"] == 0


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"iss": "https://evil.example"}, id="another issuer"),
        pytest.param({"iss": None}, id="no issuer"),
        pytest.param({"aud": "somebody"}, id="another audience"),
        pytest.param({"aud": []}, id="no audience"),
        pytest.param({"aud": ["client", "other"]}, id="two audiences, none authorized"),
        pytest.param({"aud": ["client", "other"], "azp": "other"}, id="authorized is another"),
        pytest.param({"azp": "other"}, id="for another party"),
        pytest.param({"nonce": "another"}, id="another nonce"),
        pytest.param({"nonce": None}, id="no nonce"),
        pytest.param({"nonce": 7}, id="nonce a number"),
        pytest.param({"sub": ""}, id="nobody"),
        pytest.param({"sub": None}, id="no subject"),
        pytest.param({"sub": 7}, id="subject a number"),
        pytest.param({"sub": "x" * 256}, id="subject too long"),
        pytest.param({"exp": None}, id="never expires"),
        pytest.param({"exp": "tomorrow"}, id="expires with a word"),
        pytest.param({"iat": None}, id="never issued"),
        pytest.param({"at_hash": "AAAA"}, id="another access token"),
    ],
)
async def test_an_id_token_that_does_not_hold(
    conversation: Conversation, service: FaultyService, claims: dict[str, Any]
) -> None:
    service.settings.id_token = {"name": "Alice", **claims}
    with pytest.raises(OAuthError) as caught:
        await who(conversation, *await conversation.sign_in("openid"))
    assert caught.value.kind is Kind.REFUSED


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": ["client"]}, id="a list of one"),
        pytest.param({"aud": ["client", "other"], "azp": "client"}, id="two audiences, we are authorized"),
    ],
)
async def test_an_id_token_that_holds(
    conversation: Conversation, service: FaultyService, claims: dict[str, Any]
) -> None:
    service.settings.id_token = {"name": "Alice", **claims}
    assert (await who(conversation, *await conversation.sign_in("openid"))).subject == "alice"


@pytest.mark.parametrize(
    ("skew", "holds"),
    [
        pytest.param(0, True, id="same clock"),
        pytest.param(-LEEWAY + 5, True, id="our clock almost 5 minutes behind"),
        pytest.param(-LEEWAY - 5, False, id="our clock too far behind"),
        pytest.param(300 + LEEWAY - 5, True, id="expired almost 5 minutes ago"),
        pytest.param(300 + LEEWAY + 5, False, id="expired too long ago"),
    ],
)
async def test_clocks_that_differ(
    conversation: Conversation, service: FaultyService, skew: int, holds: bool
) -> None:
    service.settings.id_token = {"name": "Alice"}
    tokens, nonce = await conversation.sign_in("openid")
    conversation.now += timedelta(seconds=skew)
    if holds:
        assert (await who(conversation, tokens, nonce)).subject == "alice"
    else:
        with pytest.raises(OAuthError, match="times"):
            await who(conversation, tokens, nonce)


def by_hand(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None) -> str:
    """A JWT that no library would make: unsigned, or signed with what is no secret."""
    text = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    signature = b"" if secret is None else hmac.digest(secret, text.encode(), "sha256")
    return f"{text}.{encoded(signature)}"


def encoded(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def forged(service: FaultyService, how: str, nonce: str | None) -> str:
    """An ID token in whose claims nothing is wrong."""
    now = int(time.time())
    claims = {"iss": service.base_url, "sub": "mallory", "aud": "client", "iat": now, "exp": now + 300}
    claims |= {"nonce": nonce, "name": "M"}
    public = service.key.as_pem(private=False)
    own = RSAKey.generate_key(2048, {"kid": "k"}, auto_kid=False)
    return {
        "unsigned": by_hand({"alg": "none", "typ": "JWT"}, claims, None),
        "unsigned in other letters": by_hand({"alg": "nOnE", "kid": "k"}, claims, None),
        "public key as secret": by_hand({"alg": "HS256", "kid": "k"}, claims, public),
        "another key": jwt.encode({"alg": "RS256", "kid": "k"}, claims, own),
        "its own key": jwt.encode({"alg": "RS256", "jwk": own.as_dict(private=False)}, claims, own),
        "signature cut off": service.id_token("mallory", nonce).rpartition(".")[0] + ".",
        "no token": "not a token",
    }[how]


@pytest.mark.parametrize(
    "how",
    [
        "unsigned",
        "unsigned in other letters",
        "public key as secret",
        "another key",
        "its own key",
        "signature cut off",
        "no token",
    ],
)
async def test_a_forged_id_token(conversation: Conversation, service: FaultyService, how: str) -> None:
    tokens, nonce = await conversation.sign_in("openid")
    with pytest.raises(OAuthError) as caught:
        await who(conversation, replace(tokens, id_token=forged(service, how, nonce)), nonce)
    assert caught.value.kind is Kind.REFUSED


async def test_an_id_token_that_was_asked_for_must_come(conversation: Conversation) -> None:
    tokens, nonce = await conversation.sign_in("openid")
    with pytest.raises(OAuthError, match="gave none"):
        await who(conversation, replace(tokens, id_token=None), nonce)


@pytest.mark.parametrize(
    ("profile", "subject", "name"),
    [
        pytest.param({"sub": None, "id": 583231, "login": "octocat"}, "583231", "octocat", id="GitHub"),
        pytest.param({"sub": None, "account_id": "a:1", "name": "A"}, "a:1", "A", id="Atlassian"),
        pytest.param({"name": None}, "alice", "alice", id="no name"),
        pytest.param({"name": "Al\u202eice"}, "alice", "alice", id="name that turns the text around"),
        pytest.param({"name": "A\x00"}, "alice", "alice", id="name with a zero byte"),
        pytest.param({"name": "x" * 300}, "alice", "alice", id="name too long"),
        pytest.param({"name": ["A"]}, "alice", "alice", id="name a list"),
        pytest.param({"name": "<script>"}, "alice", "<script>", id="escaping is for who shows it"),
    ],
)
async def test_what_userinfo_says(
    conversation: Conversation, service: FaultyService, profile: dict[str, Any], subject: str, name: str
) -> None:
    service.fault("userinfo", "answer", fields=profile)
    found = await who(conversation, *await conversation.sign_in("files:read"), issuer=None)
    assert (found.subject, found.name) == (subject, name)


@pytest.mark.parametrize(
    "profile",
    [
        pytest.param({"sub": None}, id="nothing"),
        pytest.param({"sub": True}, id="true"),
        pytest.param({"sub": {"a": 1}}, id="an object"),
        pytest.param({"sub": " "}, id="a blank"),
        pytest.param({"sub": "x" * 300}, id="too long"),
    ],
)
async def test_userinfo_that_names_nobody(
    conversation: Conversation, service: FaultyService, profile: dict[str, Any]
) -> None:
    service.fault("userinfo", "answer", fields=profile)
    with pytest.raises(OAuthError) as caught:
        await who(conversation, *await conversation.sign_in("files:read"), issuer=None)
    assert caught.value.kind is Kind.MISCONFIGURED


@pytest.mark.parametrize(
    "profile",
    [
        pytest.param({"sub": "mallory"}, id="another"),
        pytest.param({"sub": "Alice"}, id="in other letters"),
        pytest.param({"sub": 7}, id="a number"),
        pytest.param({"sub": "x" * 300}, id="too long for one"),
    ],
)
async def test_both_must_speak_of_the_same_user(
    conversation: Conversation, service: FaultyService, profile: dict[str, Any]
) -> None:
    service.fault("userinfo", "answer", fields=profile)
    with pytest.raises(OAuthError, match="different users") as caught:
        await who(conversation, *await conversation.sign_in("openid"))
    assert caught.value.kind is Kind.REFUSED


def keys(found: Any) -> dict[str, Any]:
    return {"status": 200, "body": json.dumps({"keys": found})}


@pytest.mark.parametrize(
    ("endpoint", "details", "kind"),
    [
        pytest.param("keys", {"status": 500}, Kind.TRANSIENT, id="keys away"),
        pytest.param("keys", keys([]), Kind.TRANSIENT, id="no keys"),
        pytest.param("keys", keys([{"kty": "oct", "k": "AA"}]), Kind.TRANSIENT, id="a secret"),
        pytest.param("keys", keys([{"kty": "RSA"}]), Kind.TRANSIENT, id="half a key"),
        pytest.param("keys", keys([7, None, "key"]), Kind.TRANSIENT, id="keys that are none"),
        pytest.param("keys", keys({"a": 1}), Kind.TRANSIENT, id="keys an object"),
    ],
)
async def test_services_that_do_not_tell(
    conversation: Conversation, service: FaultyService, endpoint: str, details: dict[str, Any], kind: Kind
) -> None:
    service.fault(endpoint, "status", **details)
    with pytest.raises(OAuthError) as caught:
        await who(conversation, *await conversation.sign_in("openid"))
    assert caught.value.kind is kind


SIGNED = "application/jwt"


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        pytest.param("status", {"status": 401}, id="401"),
        pytest.param("status", {"status": 403, "body": '{"error": "insufficient_scope"}'}, id="403"),
        pytest.param("status", {"status": 204}, id="204"),
        pytest.param("status", {"status": 400, "body": '{"error": "x"}'}, id="400"),
        pytest.param("status", {"status": 404}, id="404"),
        pytest.param("status", {"status": 200, "body": '[{"sub": "mallory"}]'}, id="a list of people"),
        pytest.param("status", {"status": 200, "body": '{"data": {"id": "mallory"}}'}, id="wrapped"),
        pytest.param("status", {"status": 200, "body": "x" * 300_000}, id="too large"),
        pytest.param("status", {"status": 429}, id="429"),
        pytest.param("status", {"status": 500}, id="500"),
        pytest.param("status", {"status": 503, "body": "<p>"}, id="503"),
        pytest.param("status", {"status": 302, "headers": {"Location": "/login"}}, id="a redirect"),
        pytest.param("status", {"status": 200, "body": "<html>"}, id="HTML"),
        pytest.param("status", {"status": 200, "body": ""}, id="nothing"),
        pytest.param("status", {"status": 200, "body": "[]"}, id="a list"),
        pytest.param("status", {"status": 200, "body": '{"error": "invalid_token"}'}, id="an error in 200"),
        pytest.param(
            "status",
            {"status": 200, "headers": {"Content-Type": SIGNED}, "body": "eyJhbGciOiJub25lIn0.e30."},
            id="an unsigned JWT",
        ),
        pytest.param(
            "status", {"status": 200, "headers": {"Content-Type": SIGNED}, "body": "a.b.c"}, id="no JWT"
        ),
        pytest.param("drop", {}, id="hung up"),
        pytest.param("cut", {}, id="cut"),
        pytest.param("answer", {"fields": {"sub": None}}, id="no subject"),
        pytest.param("answer", {"fields": {"sub": ""}}, id="an empty subject"),
        pytest.param("answer", {"fields": {"sub": ["mallory"]}}, id="a subject that is none"),
        pytest.param("answer", {"fields": {"sub": None, "id": "mallory"}}, id="an id of its own"),
    ],
)
async def test_trouble_at_userinfo_costs_no_more_than_the_name(
    conversation: Conversation, service: FaultyService, kind: str, details: dict[str, Any]
) -> None:
    service.fault("userinfo", kind, **details)
    found = await who(conversation, *await conversation.sign_in("openid"))
    assert found == Identity(service.base_url, "alice", "alice")
    assert service.calls["userinfo"] == 1


@pytest.mark.parametrize(
    ("details", "kind"),
    [
        pytest.param({"status": 401}, Kind.MISCONFIGURED, id="401"),
        pytest.param({"status": 404, "body": '{"error": "x"}'}, Kind.MISCONFIGURED, id="404"),
        pytest.param({"status": 405}, Kind.MISCONFIGURED, id="405"),
        pytest.param({"status": 403, "body": "<html>"}, Kind.TRANSIENT, id="a proxy's page"),
        pytest.param({"status": 429}, Kind.TRANSIENT, id="429"),
        pytest.param({"status": 503}, Kind.TRANSIENT, id="503"),
        pytest.param({"status": 200, "body": "<html>"}, Kind.TRANSIENT, id="HTML"),
        pytest.param(
            {"status": 200, "headers": {"Content-Type": SIGNED}, "body": "a.b.c"},
            Kind.MISCONFIGURED,
            id="a JWT",
        ),
    ],
)
async def test_without_an_id_token_userinfo_is_all_there_is(
    conversation: Conversation, service: FaultyService, details: dict[str, Any], kind: Kind
) -> None:
    service.fault("userinfo", "status", **details)
    with pytest.raises(OAuthError) as caught:
        await who(conversation, *await conversation.sign_in("files:read"))
    assert caught.value.kind is kind


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        pytest.param({"sub": "alice", "name": "Alice A."}, "Alice A.", id="of the same"),
        pytest.param({"name": "Alice A."}, "alice", id="of nobody"),
        pytest.param({"sub": "mallory", "name": "M"}, None, id="of somebody else"),
    ],
)
async def test_userinfo_as_a_signed_jwt(
    conversation: Conversation, service: FaultyService, claims: dict[str, Any], name: str | None
) -> None:
    body = jwt.encode({"alg": "RS256", "kid": "k"}, claims, service.key)
    service.fault("userinfo", "status", status=200, headers={"Content-Type": SIGNED}, body=body)
    signed_in = await conversation.sign_in("openid")
    if name is None:
        with pytest.raises(OAuthError, match="different users"):
            await who(conversation, *signed_in)
    else:
        assert (await who(conversation, *signed_in)).name == name


async def test_userinfo_signed_by_a_stranger_is_not_read(
    conversation: Conversation, service: FaultyService
) -> None:
    body = jwt.encode({"alg": "RS256", "kid": "k"}, {"sub": "alice", "name": "M"}, RSAKey.generate_key(2048))
    service.fault("userinfo", "status", status=200, headers={"Content-Type": SIGNED}, body=body)
    assert (await who(conversation, *await conversation.sign_in("openid"))).name == "alice"


async def test_a_service_that_offers_nothing(conversation: Conversation) -> None:
    with pytest.raises(OAuthError) as caught:
        await who(conversation, *await conversation.sign_in("a"), userinfo_url=None)
    assert caught.value.kind is Kind.MISCONFIGURED


def test_leeway_is_five_minutes(now: datetime) -> None:
    assert timedelta(seconds=LEEWAY) == timedelta(minutes=5)
