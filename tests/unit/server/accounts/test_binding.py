"""What sign-ins and the client secret belong to: nobody redirects people's tokens by editing a connection."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from airflow_thirdparty.server.accounts.account import Registration, parse
from airflow_thirdparty.server.accounts.binding import AccountBinding
from airflow_thirdparty.server.accounts.presets import PRESETS

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
        pytest.param({"extra": {"issuer": "https://idp.example/Tenant"}}, id="issuer's letters"),
        pytest.param({"extra": {"client_auth_method": "none"}}, id="a public client"),
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
        *(
            pytest.param({"extra": {name: "https://idp.example/other"}}, id=f"{name}'s path")
            for name in URLS[1:]
        ),
    ],
)
def test_what_leaves_sign_ins_alone(changed: dict[str, Any]) -> None:
    assert binding(**changed) == binding()


def known(service: str, **entered: Any) -> AccountBinding:
    """The binding of an account at a service known by name."""
    return parse(
        Registration("acme", login="client", extra=json.dumps({"service": service, **entered}))
    ).binding()


FORMER = {
    "github": {
        "authorize_url": "https://github.com",
        "exchange_url": "https://github.com",
        "userinfo_url": "https://api.github.com",
        "host": "https://api.github.com",
    },
    "microsoft": {
        "issuer": "https://login.microsoftonline.com",
        "userinfo_url": "https://graph.microsoft.com",
        "host": "https://graph.microsoft.com",
    },
}
"""What bindings held when they held the addresses of presets too."""


def former(service: str, **changed: Any) -> str:
    values = {"kind": "oauth2", "client_id": "client", "origins": FORMER[service], **changed}
    return json.dumps(values, sort_keys=True)


@pytest.mark.parametrize("corrected", ["exchange_url", "revoke_url", "host", "userinfo_url"])
def test_correcting_a_preset_signs_nobody_out(monkeypatch: pytest.MonkeyPatch, corrected: str) -> None:
    before = known("github").text()
    address = {corrected: "https://elsewhere.github.example/"}
    monkeypatch.setitem(PRESETS, "github", replace(PRESETS["github"], **address))
    parse.cache_clear()
    assert known("github").covers(before)
    parse.cache_clear()


def test_a_preset_that_the_deployment_brought_is_part_of_the_binding(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = known("github").text()
    monkeypatch.setitem(PRESETS, "github", replace(PRESETS["github"], shipped=False))
    parse.cache_clear()
    brought = known("github").text()
    assert not known("github").covers(shipped)
    moved = replace(PRESETS["github"], exchange_url="https://elsewhere.example/token")
    monkeypatch.setitem(PRESETS, "github", moved)
    parse.cache_clear()
    assert not known("github").covers(brought)
    parse.cache_clear()


def test_a_renamed_preset_keeps_its_sign_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    before = known("github").text()
    hub = replace(PRESETS["github"], id="hub", aliases=("github",))
    monkeypatch.setitem(PRESETS, "hub", hub)
    monkeypatch.setitem(PRESETS, "github", hub)
    parse.cache_clear()
    assert known("hub").covers(before)
    assert known("github").covers(before)
    assert known("github").text() == known("hub").text()
    parse.cache_clear()


TENANT = {"issuer": "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"}


def test_bindings_made_before_are_carried_over() -> None:
    assert known("github").covers(former("github"))
    assert known("microsoft", **TENANT).covers(former("microsoft"))


@pytest.mark.parametrize(
    ("now", "stored"),
    [
        pytest.param(known("google"), former("github"), id="another service"),
        pytest.param(known("github"), former("github", client_id="another"), id="another client"),
        pytest.param(known("github"), former("github", kind="key"), id="another kind"),
        pytest.param(
            known("github", exchange_url="https://evil.example/"), former("github"), id="edited since"
        ),
        pytest.param(
            known("github"),
            former("github", origins={**FORMER["github"], "exchange_url": "https://evil.example"}),
            id="edited before",
        ),
        pytest.param(known("github"), former("github", origins={}), id="no origins"),
        pytest.param(known("microsoft", tenant="acme.example"), former("microsoft"), id="a tenant since"),
        pytest.param(known("zendesk", domain="acme"), former("github"), id="a service that was not known"),
        pytest.param(known("github"), "no JSON", id="no JSON"),
        pytest.param(known("github"), "[]", id="a list"),
        pytest.param(known("github"), "", id="nothing"),
        pytest.param(known("zendesk", domain="acme"), known("zendesk", domain="other").text(), id="tenant"),
    ],
)
def test_what_does_not_belong_to_the_account(now: AccountBinding, stored: str) -> None:
    assert not now.covers(stored)
