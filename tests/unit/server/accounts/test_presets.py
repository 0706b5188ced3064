"""Services known by name, and the form in which they are chosen."""

from __future__ import annotations

import json
from dataclasses import fields
from pkgutil import resolve_name

import pytest
from airflow.sdk._shared.secrets_masker import should_hide_value_for_key

from airflow_thirdparty.get_provider_info import CONNECTION_FIELDS, get_provider_info
from airflow_thirdparty.server.accounts.account import (
    CLIENT_AUTH_METHODS,
    EXTRA_FIELDS,
    KINDS,
    Registration,
    parse,
)
from airflow_thirdparty.server.accounts.presets import PRESETS
from airflow_thirdparty.server.broker.registry import oauth_client
from airflow_thirdparty.server.oauth.addresses import origin_of
from airflow_thirdparty.server.oauth.types import STANDARD, ServiceRules

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


@pytest.mark.parametrize(
    ("field", "choices"),
    [
        pytest.param("service", tuple(PRESETS), id="service"),
        pytest.param("kind", KINDS, id="kind"),
        pytest.param("client_auth_method", CLIENT_AUTH_METHODS, id="client_auth_method"),
    ],
)
def test_the_form_offers_what_is_understood(field: str, choices: tuple[str, ...]) -> None:
    assert tuple(CONNECTION_FIELDS[field]["schema"]["enum"]) == choices


def test_the_form_has_every_field() -> None:
    assert set(CONNECTION_FIELDS) == set(EXTRA_FIELDS)


@pytest.mark.parametrize("field", EXTRA_FIELDS)
def test_no_field_comes_back_as_stars(field: str) -> None:
    assert not should_hide_value_for_key(field)


def test_a_sensitive_name_would_be_noticed() -> None:
    assert should_hide_value_for_key("token_url")


def test_what_is_declared_can_be_imported() -> None:
    info = get_provider_info()
    declared = info["connection-types"][0]
    hook = resolve_name(declared["hook-class-name"])
    assert (hook.conn_type, hook.hook_name) == (declared["connection-type"], declared["hook-name"])
    for path in [*info["db-managers"], *(plugin["plugin-class"] for plugin in info["plugins"])]:
        resolve_name(path)
