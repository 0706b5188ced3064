"""Services known by name."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pkgutil import resolve_name
from typing import Any

import pytest

from airflow_thirdparty.get_provider_info import get_provider_info
from airflow_thirdparty.options import DEFAULT_EXPOSE_AS, SERVICES
from airflow_thirdparty.server.accounts import exposing
from airflow_thirdparty.server.accounts.account import Registration, parse
from airflow_thirdparty.server.accounts.preset import TEMPLATES
from airflow_thirdparty.server.accounts.presets import PRESETS
from airflow_thirdparty.server.broker.registry import oauth_client
from airflow_thirdparty.server.service_rules import STANDARD, ServiceRules

NEEDS_ADDRESSES = {"openid", "custom"}
"""Services that every admin has an address of their own for."""


def filled_in(service: str) -> dict[str, str]:
    """What an admin enters who picks a service, besides the client."""
    tenant = {name: field.example for name, field in PRESETS[service].tenant.items()}
    issuer = {"issuer": "https://tenant.example"} if service in NEEDS_ADDRESSES else {}
    return {"service": service, **tenant, **issuer}


@pytest.mark.parametrize("service", list(PRESETS))
def test_a_preset_is_an_account_that_lacks_only_its_client(service: str) -> None:
    account = parse(Registration("acme", login="client", extra=json.dumps(filled_in(service))))
    assert account.preset is PRESETS[service]
    assert account.kind != "oauth2" or account.issuer or account.exchange_url
    for name in TEMPLATES:
        assert "{" not in (getattr(account, name) or "").replace("{client_id}", "")


def test_every_service_has_a_preset_in_the_order_of_the_form() -> None:
    assert tuple(PRESETS) == SERVICES


def test_an_openid_service_answers_as_the_rfcs_say() -> None:
    account = parse(
        Registration("acme", login="client", extra=json.dumps({"issuer": "https://tenant.example"}))
    )
    rules = oauth_client.rules(account)
    assert all(getattr(rules, one.name) == getattr(STANDARD, one.name) for one in fields(ServiceRules))


def test_what_is_declared_can_be_imported() -> None:
    info = get_provider_info()
    declared = info["connection-types"][0]
    hook = resolve_name(declared["hook-class-name"])
    assert (hook.conn_type, hook.hook_name) == (declared["connection-type"], declared["hook-name"])
    for path in [*info["db-managers"], *(plugin["plugin-class"] for plugin in info["plugins"])]:
        resolve_name(path)


@pytest.mark.parametrize(
    ("known", "extra", "seconds"),
    [
        pytest.param({}, {}, 3600, id="nothing known"),
        pytest.param({"assumed_lifetime": 7200}, {}, 7200, id="the preset's"),
        pytest.param({"expires": "never"}, {}, 0, id="tokens of the service do not end"),
        pytest.param({"expires": "never"}, {"assumed_lifetime": 60}, 60, id="the account knows better"),
        pytest.param({}, {"assumed_lifetime": "0"}, 0, id="the account says never"),
    ],
)
def test_assumed_lifetime(
    monkeypatch: pytest.MonkeyPatch, known: dict[str, Any], extra: dict[str, Any], seconds: int
) -> None:
    monkeypatch.setitem(PRESETS, "custom", replace(PRESETS["custom"], **known))
    addresses = {"authorize_url": "https://a.example/a", "exchange_url": "https://a.example/t"}
    text = json.dumps({"service": "custom", **addresses, **extra})
    parse.cache_clear()
    assert parse(Registration("acme", login="client", extra=text)).assumed_lifetime == seconds
    parse.cache_clear()


@pytest.mark.parametrize("service", list(PRESETS))
def test_hooks_of_other_providers_find_the_credential(service: str) -> None:
    text = json.dumps(filled_in(service))
    account = parse(Registration("acme", host="https://api.example", login="client", extra=text))
    assert account.expose_as == exposing.check_complete(account).name
    if account.preset.expose_as != DEFAULT_EXPOSE_AS:
        assert account.expose_as == account.preset.expose_as
