"""What sign-ins and the client secret belong to: nobody redirects people's tokens by editing a connection."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_thirdparty.server.accounts.account import Registration, parse

EXTRA = {
    "service": "custom",
    "issuer": "https://idp.example/tenant",
    "authorize_url": "https://idp.example/authorize",
    "exchange_url": "https://idp.example/exchange",
    "userinfo_url": "https://idp.example/me",
    "revoke_url": "https://idp.example/revoke",
    "scopes": "read",
    "client_auth_method": "client_secret_post",
}


def binding(extra: dict[str, Any] | None = None, **row: Any) -> str:
    values = {"conn_id": "acme", "login": "client", "host": "https://api.example/v1", **row}
    registration = Registration(**values, extra=json.dumps({**EXTRA, **(extra or {})}))
    return parse(registration).binding().text()


URLS = ("issuer", "authorize_url", "exchange_url", "userinfo_url", "revoke_url")


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"login": "another"}, id="client id"),
        pytest.param({"login": "Client"}, id="client id's case"),
        pytest.param({"host": "https://evil.example/v1"}, id="host"),
        pytest.param({"host": "https://api.example:8443/v1"}, id="host's port"),
        pytest.param({"host": "http://localhost/v1"}, id="host's scheme"),
        pytest.param({"host": None}, id="no host"),
        pytest.param({"extra": {"kind": "key"}}, id="kind"),
        *(pytest.param({"extra": {name: "https://evil.example/"}}, id=name) for name in URLS),
        *(pytest.param({"extra": {name: "https://idp.example:444/"}}, id=f"{name}'s port") for name in URLS),
        *(
            pytest.param({"extra": {name: "https://idp.example.evil.example/"}}, id=f"{name}, longer")
            for name in URLS
        ),
        *(pytest.param({"extra": {name: ""}}, id=f"no {name}") for name in ("userinfo_url", "revoke_url")),
    ],
)
def test_what_ends_sign_ins(changed: dict[str, Any]) -> None:
    assert binding(**changed) != binding()


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"description": "another"}, id="description"),
        pytest.param({"team": "another"}, id="team"),
        pytest.param({"host": "https://API.example:443/v2"}, id="host's path, spelling and plain port"),
        pytest.param({"extra": {"scopes": "read write"}}, id="scopes"),
        pytest.param({"extra": {"min_lifetime": 300}}, id="min_lifetime"),
        pytest.param({"extra": {"assumed_lifetime": 300}}, id="assumed_lifetime"),
        pytest.param({"extra": {"allowed_dags": "a"}}, id="allowed_dags"),
        pytest.param({"extra": {"expose_as": "github"}}, id="expose_as"),
        pytest.param({"extra": {"authorize_params": {"prompt": "login"}}}, id="authorize_params"),
        pytest.param({"extra": {"client_auth_method": "client_secret_basic"}}, id="client_auth_method"),
        *(pytest.param({"extra": {name: "https://idp.example/other"}}, id=f"{name}'s path") for name in URLS),
    ],
)
def test_what_leaves_sign_ins_alone(changed: dict[str, Any]) -> None:
    assert binding(**changed) == binding()
