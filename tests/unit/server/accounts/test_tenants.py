"""Tenant fields: what an admin may fill in, so that nobody points a service elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.accounts.account import Account, Registration, parse

TENANT = "11111111-2222-3333-4444-555555555555"


def account(service: str, **extra: Any) -> Account:
    return parse(Registration("acme", login="client", extra=json.dumps({"service": service, **extra})))


def test_a_tenant_stands_in_every_address() -> None:
    found = account("zendesk", domain="acme")
    assert found.exchange_url == "https://acme.zendesk.com/oauth/tokens"
    assert found.host == "https://acme.zendesk.com/api/v2"


def test_an_empty_field_means_its_default() -> None:
    assert account("salesforce").exchange_url == "https://login.salesforce.com/services/oauth2/token"
    ours = account("salesforce", domain="acme.my.salesforce.com")
    assert ours.exchange_url == "https://acme.my.salesforce.com/services/oauth2/token"


def test_an_issuer_stands_for_the_tenant() -> None:
    found = account("microsoft", issuer=f"https://login.microsoftonline.com/{TENANT}/v2.0")
    assert (found.authorize_url, found.exchange_url) == (None, None)
    assert found.userinfo_url == "https://graph.microsoft.com/oidc/userinfo"


@pytest.mark.parametrize(
    ("service", "field"),
    [("zendesk", "domain"), ("microsoft", "tenant"), ("keycloak", "own_host"), ("okta", "domain")],
)
def test_what_has_to_be_filled_in_is_asked_for(service: str, field: str) -> None:
    with pytest.raises(AccountMisconfigured, match="is empty") as caught:
        account(service)
    assert caught.value.field == field
    assert "like" in str(caught.value.remedy)


@pytest.mark.parametrize(
    ("service", "field", "value"),
    [
        *(
            pytest.param("salesforce", "domain", value, id=f"salesforce: {value!r}")
            for value in (
                "evil.example",
                "evil.example/.my.salesforce.com",
                "evil.example#.my.salesforce.com",
                "evil.example?.my.salesforce.com",
                "a@evil.example",
                "acme.my.salesforce.com.evil.example",
                "acme.my.salesforce.com:8443",
                "acme.my.salesforce.com@evil.example",
                "acme.my.salesforcé.com",
                "my.salesforce.com.",
                "{host}",
            )
        ),
        pytest.param("zendesk", "domain", "evil.example/", id="zendesk: a path"),
        pytest.param("zendesk", "domain", "acme.zendesk.com", id="zendesk: the whole host"),
        pytest.param("microsoft", "tenant", "../evil", id="microsoft: a step up"),
        pytest.param("microsoft", "tenant", "a/b", id="microsoft: a path"),
        pytest.param("microsoft", "tenant", ["a"], id="microsoft: a list"),
        pytest.param("okta", "domain", "acme.okta.com.evil.example", id="okta: longer"),
        pytest.param("github", "domain", "github.example", id="github has none"),
        pytest.param("keycloak", "own_host", "a@evil.example", id="keycloak: a user name"),
    ],
)
def test_nobody_points_a_service_elsewhere(service: str, field: str, value: Any) -> None:
    with pytest.raises(AccountMisconfigured) as caught:
        account(service, **{field: value})
    assert caught.value.field == field


def test_scope_sets_add_to_the_scopes() -> None:
    found = account("google", scope_sets="drive sheets", scopes="openid")
    assert found.scopes == (
        "openid",
        "https://www.googleapis.com/auth/drive",
        "https://www.googleapis.com/auth/spreadsheets",
    )
    with pytest.raises(AccountMisconfigured, match="drive_readonly") as caught:
        account("google", scope_sets="everything")
    assert caught.value.field == "scope_sets"
