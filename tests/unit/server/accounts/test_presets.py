"""Services known by name."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pkgutil import resolve_name
from typing import Any

import pytest

from airflow_thirdparty.get_provider_info import get_provider_info
from airflow_thirdparty.options import SERVICES
from airflow_thirdparty.server.accounts.account import Registration, parse
from airflow_thirdparty.server.accounts.presets import PRESETS
from airflow_thirdparty.server.broker.registry import oauth_client
from airflow_thirdparty.server.oauth.types import STANDARD, ServiceRules
from airflow_thirdparty.urls import origin_of

NEEDS_ADDRESSES = {"microsoft", "openid", "custom"}
"""Services that every admin has an address of their own for."""


@pytest.mark.parametrize("service", list(PRESETS))
def test_a_preset_is_an_account_that_lacks_only_its_client(service: str) -> None:
    extra = {"service": service}
    if service in NEEDS_ADDRESSES:
        extra["issuer"] = "https://tenant.example"
    account = parse(Registration("acme", login="client", extra=json.dumps(extra)))
    assert account.preset is PRESETS[service]
    assert account.issuer or account.exchange_url


def test_every_service_has_a_preset_in_the_order_of_the_form() -> None:
    assert tuple(PRESETS) == SERVICES


@pytest.mark.parametrize("service", list(PRESETS))
def test_what_a_preset_says_of_answers_is_what_the_protocol_code_understands(service: str) -> None:
    preset = PRESETS[service]
    names = [one.name for one in fields(ServiceRules)]
    rules = ServiceRules(**{name: getattr(preset, name) for name in names})
    assert rules.expires in ("answer", "never")
    assert rules.scope_separator in (" ", ",")
    assert set(rules.answer) <= {"access_token", "refresh_token", "expires_in", "token_type", "id_token"}
    for step, separator, code in (entry.partition(":") for entry in rules.lapse_codes + rules.client_codes):
        assert (step in ("exchange", "refresh"), separator, bool(code)) == (True, ":", True)
    assert "bot" not in rules.token_types
    for origin in preset.origins:
        assert origin_of(origin) == origin


def test_an_openid_service_answers_as_the_rfcs_say() -> None:
    account = parse(
        Registration("acme", login="client", extra=json.dumps({"issuer": "https://tenant.example"}))
    )
    assert oauth_client.rules(account) == STANDARD


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
    monkeypatch.setitem(PRESETS, "custom", replace(PRESETS["custom"], **known))  # type: ignore[misc]  # a dict
    addresses = {"authorize_url": "https://a.example/a", "exchange_url": "https://a.example/t"}
    text = json.dumps({"service": "custom", **addresses, **extra})
    parse.cache_clear()
    assert parse(Registration("acme", login="client", extra=text)).assumed_lifetime == seconds
    parse.cache_clear()
