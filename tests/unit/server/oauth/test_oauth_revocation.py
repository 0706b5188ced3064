"""Signing out at the service."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.grants import refresh
from airflow_thirdparty.server.oauth.revocation import revoke
from airflow_thirdparty.server.oauth.types import TokenSet
from tests.support.faulty_service import FaultyService
from tests.unit.server.oauth.conftest import Conversation


async def sign_out(conversation: Conversation, tokens: TokenSet, **changes: Any) -> bool:
    return await revoke(
        conversation.transport,
        conversation.client,
        replace(conversation.endpoints, **changes),
        refresh_token=tokens.refresh_token,
        access_token=tokens.access_token,
        now=conversation.now,
    )


async def test_what_is_revoked_is_gone(conversation: Conversation, service: FaultyService) -> None:
    tokens, _ = await conversation.sign_in("a")
    assert await sign_out(conversation, tokens) is True
    bodies = [request["body"] for request in service.requests if request["endpoint"] == "revoke"]
    assert bodies == [
        f"token={tokens.refresh_token}&token_type_hint=refresh_token",
        f"token={tokens.access_token}&token_type_hint=access_token",
    ]
    with pytest.raises(OAuthError) as caught:
        await refresh(
            conversation.transport,
            conversation.client,
            conversation.endpoints,
            str(tokens.refresh_token),
            None,
            conversation.now,
        )
    assert caught.value.kind is Kind.PERMANENT


async def test_a_service_without_revocation(conversation: Conversation, service: FaultyService) -> None:
    tokens, _ = await conversation.sign_in("a")
    assert await sign_out(conversation, tokens, revoke_url=None) is False
    assert service.calls["revoke"] == 0


async def test_nothing_to_revoke(conversation: Conversation, service: FaultyService) -> None:
    assert await sign_out(conversation, TokenSet("")) is False
    assert service.calls["revoke"] == 0


@pytest.mark.parametrize(
    ("details", "kind"),
    [
        pytest.param({"kind": "status", "status": 503}, Kind.TRANSIENT, id="away"),
        pytest.param({"kind": "drop"}, Kind.TRANSIENT, id="hung up"),
        pytest.param(
            {"kind": "status", "status": 401, "body": '{"error": "invalid_client"}'}, Kind.CLIENT, id="client"
        ),
        pytest.param(
            {"kind": "status", "status": 400, "body": '{"error": "unsupported_token_type"}'},
            Kind.CLIENT,
            id="not even the refresh token",
        ),
    ],
)
async def test_what_is_not_confirmed_is_said(
    conversation: Conversation, service: FaultyService, details: dict[str, Any], kind: Kind
) -> None:
    tokens, _ = await conversation.sign_in("a")
    service.fault("revoke", **details)
    with pytest.raises(OAuthError) as caught:
        await sign_out(conversation, tokens)
    assert caught.value.kind is kind


async def test_a_service_that_revokes_refresh_tokens_alone(
    conversation: Conversation, service: FaultyService
) -> None:
    tokens, _ = await conversation.sign_in("a")
    answer = service._revoke

    def only_refresh_tokens(given: dict[str, str], headers: dict[str, str]) -> Any:
        reply = answer(given, headers)
        if given["token_type_hint"] == "access_token":
            reply.status, reply.fields = 400, {"error": "unsupported_token_type"}
        return reply

    service._revoke = only_refresh_tokens  # type: ignore[method-assign]
    assert await sign_out(conversation, tokens) is True
