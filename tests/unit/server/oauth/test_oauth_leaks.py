"""Nothing secret in an error, whatever the service answers."""

from __future__ import annotations

import logging
import pickle
import traceback
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest

from airflow_thirdparty.server.oauth.authorization import begin
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.grants import exchange_code, refresh
from airflow_thirdparty.server.oauth.identity import identify
from airflow_thirdparty.server.oauth.revocation import revoke
from airflow_thirdparty.server.oauth.types import Client, Endpoints, TokenSet
from tests.support.faulty_service import FaultyService
from tests.unit.server.oauth.conftest import CALLBACK, Conversation

CANARY = "canary"
OURS = ("access", "refresh", "id", "code", "verifier", "nonce", "client-secret")
ENDPOINTS = Endpoints(None, "https://id.example.org/a", "https://id.example.org/t")
SHAPES = [
    pytest.param({"kind": "status", "status": 500, "body": "body-canary"}, id="500"),
    pytest.param({"kind": "status", "status": 200, "body": "<p>body-canary</p>"}, id="HTML"),
    pytest.param({"kind": "status", "status": 200, "body": '{"body-canary": '}, id="broken JSON"),
    pytest.param(
        {"kind": "status", "status": 400, "body": '{"error": "Body-Canary", "error_description": "canary"}'},
        id="error",
    ),
    pytest.param(
        {"kind": "status", "status": 400, "body": '{"error": "invalid_grant", "error_uri": "canary"}'},
        id="error code",
    ),
    pytest.param(
        {"kind": "status", "status": 302, "headers": {"Location": "https://canary.example/canary"}}, id="302"
    ),
    pytest.param(
        {"kind": "status", "status": 200, "headers": {"Content-Encoding": "gzip"}, "body": "canary"},
        id="gzip",
    ),
    pytest.param({"kind": "answer", "fields": {"access_token": "canary " * 9}}, id="malformed token"),
    pytest.param({"kind": "answer", "fields": {"expires_in": "canary"}}, id="malformed lifetime"),
    pytest.param({"kind": "answer", "fields": {"token_type": "canary"}}, id="malformed type"),
    pytest.param({"kind": "answer", "fields": {"scope": 'canary"'}}, id="malformed scope"),
    pytest.param(
        {"kind": "answer", "fields": {"sub": ["canary"], "id_token": "canary"}}, id="malformed user"
    ),
    pytest.param({"kind": "cut"}, id="cut"),
    pytest.param({"kind": "drop"}, id="dropped"),
]


def everything_in(error: BaseException) -> str:
    """What a careless logger could make of it, exceptions behind it included."""
    told = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    behind = error.__cause__ or error.__context__
    vars_ = repr(vars(error)) + repr(error.args)
    return told + repr(error) + vars_ + (everything_in(behind) if behind else "")


@pytest.mark.parametrize("details", SHAPES)
async def test_no_secret_in_an_error(
    conversation: Conversation,
    service: FaultyService,
    details: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    transport, client, endpoints, now = (
        conversation.transport,
        conversation.client,
        conversation.endpoints,
        conversation.now,
    )
    tokens = TokenSet("access-canary", "refresh-canary", id_token="id-canary")
    for endpoint in ("token", "userinfo", "revoke", "keys"):
        service.fault(endpoint, **details)
    steps = [
        exchange_code(transport, client, endpoints, "code-canary", CALLBACK, "verifier-canary", [], now),
        refresh(transport, client, endpoints, "refresh-canary", None, now),
        identify(transport, endpoints, tokens, client, "nonce-canary", now),
        identify(transport, replace(endpoints, issuer=None), tokens, client, None, now),
        revoke(
            transport,
            client,
            endpoints,
            refresh_token="refresh-canary",
            access_token="access-canary",
            now=now,
        ),
    ]
    errors = [error for error in [await _error_of(step) for step in steps] if error is not None]
    assert errors
    for error in errors:
        lines = [line for line in everything_in(error).splitlines() if not _is_this_file(line)]
        assert CANARY not in "\n".join(lines).lower()
        assert len(str(error)) < 200
    for record in caplog.records:  # down to DEBUG of the HTTP engine
        assert not any(f"{name}-canary" in record.getMessage() for name in OURS)


async def _error_of(step: Awaitable[object]) -> OAuthError | None:
    try:
        await step
    except OAuthError as error:
        return error
    return None


def _is_this_file(line: str) -> bool:
    """A traceback quotes the source; the canaries of this file stand there as text."""
    return "canary" in line and line.startswith("    ")


def test_no_secret_in_a_repr() -> None:
    shown = repr(
        [
            Client("id", "canary"),
            TokenSet("canary", "canary", id_token="canary"),
            begin(Client("id", "canary"), ENDPOINTS, CALLBACK, ["openid"]),
        ]
    )
    assert "canary" not in shown
    assert "code_challenge" not in shown


def test_an_error_survives_a_queue() -> None:
    error = OAuthError(Kind.TRANSIENT, "refresh", "The service is away", code="server_error", retry_after=7)
    copy = pickle.loads(pickle.dumps(error))
    assert (vars(copy), str(copy)) == (vars(error), str(error))
