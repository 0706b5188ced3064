"""Services known by name."""

from __future__ import annotations

import json
from pkgutil import resolve_name

import pytest

from airflow_thirdparty.get_provider_info import get_provider_info
from airflow_thirdparty.options import SERVICES
from airflow_thirdparty.server.accounts.account import Registration, parse
from airflow_thirdparty.server.accounts.presets import PRESETS

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


def test_what_is_declared_can_be_imported() -> None:
    info = get_provider_info()
    declared = info["connection-types"][0]
    hook = resolve_name(declared["hook-class-name"])
    assert (hook.conn_type, hook.hook_name) == (declared["connection-type"], declared["hook-name"])
    for path in [*info["db-managers"], *(plugin["plugin-class"] for plugin in info["plugins"])]:
        resolve_name(path)
