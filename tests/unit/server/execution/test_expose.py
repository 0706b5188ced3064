"""Existing providers' hooks find the credential where they look for it, and send nothing else along."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.tokens.broker import AccessToken
from airflow_thirdparty.server.execution.expose import for_foreign_hook

TOKEN = AccessToken("the-token", None, (), "alice", "Alice", "alice@acme")


@pytest.mark.parametrize(
    ("expose_as", "extra"),
    [
        pytest.param("password", None, id="password"),
        pytest.param("bearer_header", {"Authorization": "Bearer the-token"}, id="bearer_header"),
        pytest.param("extra.access_token", {"access_token": "the-token"}, id="a field of the extra"),
        pytest.param("extra.extra__google__key", {"extra__google__key": "the-token"}, id="an old name"),
    ],
)
def test_where_it_stands(expose_as: str, extra: dict[str, Any] | None) -> None:
    account = Account(
        "acme",
        "custom",
        "oauth2",
        "client-id",
        host="https://api.example",
        issuer="https://idp.example",
        exchange_url="https://idp.example/exchange",
        authorize_params={"prompt": "consent"},
        expose_as=expose_as,
        description="about it",
    )
    connection = for_foreign_hook(account, TOKEN)
    assert json.loads(connection.pop("extra") or "null") == extra
    assert connection == {"host": "https://api.example", "login": "alice@acme", "password": "the-token"}
