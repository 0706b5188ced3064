"""Codes and refresh tokens become access tokens, or a clear error."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.grants import exchange_code, refresh
from airflow_thirdparty.server.oauth.token_answers import TOKEN_CAP
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Client, Endpoints
from tests.support.faulty_service import FaultyService
from tests.unit.server.oauth.conftest import CALLBACK, Conversation


async def test_a_code_becomes_tokens(conversation: Conversation, now: datetime) -> None:
    tokens, _ = await conversation.sign_in("openid", "files:read")
    assert tokens.access_token.startswith("access-")
    assert tokens.refresh_token is not None
    assert tokens.scopes == ("openid", "files:read")
    assert tokens.expires_at == now + timedelta(hours=1)
    assert tokens.id_token is not None


async def test_a_code_without_its_verifier_is_worth_nothing(
    conversation: Conversation, service: FaultyService
) -> None:
    """Codes of two users, swapped: each was asked for with another verifier."""
    alice, alices_verifier, _ = await conversation.code(["openid"])
    bob, bobs_verifier, _ = await conversation.code(["openid"])
    for code, verifier in ((alice, bobs_verifier), (bob, alices_verifier)):
        with pytest.raises(OAuthError) as caught:
            await exchange_code(
                conversation.transport,
                conversation.client,
                conversation.endpoints,
                code,
                CALLBACK,
                verifier,
                [],
                conversation.now,
            )
        assert caught.value.kind is Kind.PERMANENT
    assert service.access_tokens == {}


async def test_a_refresh_token_rotates(conversation: Conversation, service: FaultyService) -> None:
    tokens, _ = await conversation.sign_in("files:read")
    fresh = await refresh(
        conversation.transport,
        conversation.client,
        conversation.endpoints,
        str(tokens.refresh_token),
        tokens.scopes,
        conversation.now,
    )
    assert fresh.access_token != tokens.access_token
    assert fresh.refresh_token not in (None, tokens.refresh_token)
    assert "scope=" not in service.requests[-1]["body"]


@pytest.mark.parametrize(
    ("method", "secret", "header", "body"),
    [
        pytest.param(
            "client_secret_basic", "s:c/r+t %ü", "a+b%26c:s%3Ac%2Fr%2Bt+%25%C3%BC", "", id="basic, encoded"
        ),
        pytest.param("client_secret_post", "s&c", "", "client_id=a+b%26c&client_secret=s%26c", id="post"),
        pytest.param("none", None, "", "client_id=a+b%26c", id="public client"),
        pytest.param("none", "unused", "", "client_id=a+b%26c", id="public client with a secret"),
    ],
)
async def test_how_the_client_shows_who_it_is(
    conversation: Conversation,
    service: FaultyService,
    method: Any,
    secret: str | None,
    header: str,
    body: str,
) -> None:
    client = Client("a b&c", secret, method)
    with pytest.raises(OAuthError) as caught:
        await refresh(conversation.transport, client, conversation.endpoints, "r", None, conversation.now)
    assert caught.value.kind is Kind.CLIENT
    expected = "Basic " + base64.b64encode(header.encode()).decode() if header else ""
    request = service.requests[0]
    sent = [line.partition(": ")[2] for line in request["head"].splitlines() if "uthorization:" in line]
    assert sent == ([expected] if expected else [])
    assert request["body"] == "&".join(filter(None, ["grant_type=refresh_token&refresh_token=r", body]))


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_client_without_its_secret_does_not_call(
    conversation: Conversation, service: FaultyService, method: Any
) -> None:
    client = Client("client", None, method)
    with pytest.raises(OAuthError) as caught:
        await refresh(conversation.transport, client, conversation.endpoints, "r", None, conversation.now)
    assert caught.value.kind is Kind.MISCONFIGURED
    assert not service.calls


async def answer_with(
    conversation: Conversation,
    service: FaultyService,
    fields: dict[str, Any],
    scopes: list[str] | None = None,
) -> Any:
    tokens, _ = await conversation.sign_in("a")
    service.fault("token", "answer", fields=fields)
    return await refresh(
        conversation.transport,
        conversation.client,
        conversation.endpoints,
        str(tokens.refresh_token),
        scopes,
        conversation.now,
    )


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        pytest.param({"access_token": None}, Kind.TRANSIENT, id="no token"),
        pytest.param({"access_token": ""}, Kind.TRANSIENT, id="empty token"),
        pytest.param({"access_token": 7}, Kind.REFUSED, id="a number"),
        pytest.param({"access_token": ["t"]}, Kind.REFUSED, id="a list"),
        pytest.param({"access_token": "t" * (TOKEN_CAP + 1)}, Kind.REFUSED, id="token too large"),
        pytest.param({"access_token": "t\r\nX: y"}, Kind.REFUSED, id="line break in a token"),
        pytest.param({"access_token": "t t"}, Kind.REFUSED, id="blank in a token"),
        pytest.param({"access_token": "tökén"}, Kind.REFUSED, id="token not ASCII"),
        pytest.param({"access_token": "t\x00"}, Kind.REFUSED, id="zero byte in a token"),
        pytest.param({"access_token": "\ud800"}, Kind.REFUSED, id="half a character"),
        pytest.param({"refresh_token": "t" * (TOKEN_CAP + 1)}, Kind.REFUSED, id="refresh token too large"),
        pytest.param({"refresh_token": {"a": 1}}, Kind.REFUSED, id="refresh token an object"),
        pytest.param({"token_type": "mac"}, Kind.REFUSED, id="type mac"),
        pytest.param({"token_type": "DPoP"}, Kind.REFUSED, id="type DPoP"),
        pytest.param({"token_type": 1}, Kind.REFUSED, id="type a number"),
        pytest.param({"error": "invalid_grant"}, Kind.PERMANENT, id="error and tokens: the error counts"),
    ],
)
async def test_answers_that_are_refused(
    conversation: Conversation, service: FaultyService, fields: dict[str, Any], kind: Kind
) -> None:
    with pytest.raises(OAuthError) as caught:
        await answer_with(conversation, service, fields)
    assert caught.value.kind is kind
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize("told", [{"refresh_token": None}, {"refresh_token": ""}])
async def test_a_refresh_token_that_is_not_replaced(
    conversation: Conversation, service: FaultyService, told: dict[str, Any]
) -> None:
    assert (await answer_with(conversation, service, told)).refresh_token is None


async def test_a_token_of_just_the_largest_size(conversation: Conversation, service: FaultyService) -> None:
    tokens = await answer_with(conversation, service, {"access_token": "t" * TOKEN_CAP})
    assert len(tokens.access_token) == TOKEN_CAP


@pytest.mark.parametrize(
    ("details", "kind"),
    [
        pytest.param({"kind": "status", "status": 500}, Kind.TRANSIENT, id="500"),
        pytest.param(
            {"kind": "status", "status": 503, "body": "<html>"}, Kind.TRANSIENT, id="maintenance page"
        ),
        pytest.param({"kind": "status", "status": 429}, Kind.TRANSIENT, id="too many"),
        pytest.param(
            {"kind": "status", "status": 200, "body": "<html>"}, Kind.TRANSIENT, id="HTML as success"
        ),
        pytest.param(
            {"kind": "status", "status": 200, "body": "token=x&token_type=bearer"},
            Kind.TRANSIENT,
            id="a form without a token",
        ),
        pytest.param({"kind": "cut"}, Kind.TRANSIENT, id="cut"),
        pytest.param({"kind": "drop"}, Kind.TRANSIENT, id="hung up"),
        pytest.param({"kind": "hang"}, Kind.TRANSIENT, id="hung"),
    ],
)
async def test_a_passing_trouble_never_looks_permanent(
    conversation: Conversation,
    service: FaultyService,
    hasty: Transport,
    details: dict[str, Any],
    kind: Kind,
) -> None:
    tokens, _ = await conversation.sign_in("a")
    service.calls.clear()
    service.fault("token", **details)
    with pytest.raises(OAuthError) as caught:
        await refresh(
            hasty if details["kind"] == "hang" else conversation.transport,
            conversation.client,
            conversation.endpoints,
            str(tokens.refresh_token),
            None,
            conversation.now,
        )
    assert caught.value.kind is kind
    assert service.calls["token"] == 1  # and it is not tried again here


async def test_a_foreign_exchange_address_is_never_called(
    transport: Transport, client: Client, endpoints: Endpoints, now: datetime
) -> None:
    endpoints = replace(endpoints, exchange_url="http://evil.example/token")
    with pytest.raises(OAuthError) as caught:
        await refresh(transport, client, endpoints, "refresh-canary", None, now)
    assert caught.value.kind is Kind.REFUSED
