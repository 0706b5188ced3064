"""The steps of a check that ask nobody: what the registration itself and this process show."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.exceptions import AccountMisconfigured, ThirdPartyAccountError
from airflow_thirdparty.server.accounts import allowed_dags, exposing
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker import bundles, links
from airflow_thirdparty.server.broker.registry import oauth_client
from airflow_thirdparty.server.broker.registry.findings import Finding, found, refused
from airflow_thirdparty.server.oauth.types import Client, Endpoints
from airflow_thirdparty.urls import origin_of
from airflow_thirdparty.wire import ENVIRONMENT_PREFIX

_GENERIC = frozenset({"openid", "custom"})
"""Presets that stand for no service of their own."""


def registration(session: Session, account: Account) -> Finding:
    """Whether all that was entered has a meaning here.

    :param session: a session
    :param account: as it is registered now
    :return: what was found
    """
    unclear = allowed_dags.without_bundle(account.allowed_dags)
    if unclear and bundles.only_bundle(session) is None:
        entries = ", ".join(map(repr, unclear))
        return found("registration", "change", "dags_without_bundle", entries=entries, first=unclear[0])
    return found("registration", "fine", "fields_read")


def address(account: Account, origin: str | None) -> Finding:
    """Whether people come back to where they are: base URL, and the proxy before it.

    :param account: as it is registered now
    :param origin: where the asking browser reaches this Airflow, if it says so
    :return: what was found
    """
    try:
        redirect = links.redirect_uri(account.conn_id)
    except ThirdPartyAccountError as error:
        return refused("address", "change", error)
    if origin is not None and origin != origin_of(redirect):
        return found("address", "change", "sent_elsewhere", here=origin, there=origin_of(redirect))
    return found("address", "fine", "redirect_uri", url=redirect)


def hooks(account: Account) -> Iterator[Finding]:
    """Where hooks of other providers find the credential, and what keeps them from it.

    :param account: as it is registered now
    :yield: what was found
    """
    try:
        entry = exposing.check_complete(account)
    except AccountMisconfigured as problem:
        yield found("hooks", "fine", f"hooks_{problem.reason}", **problem.values)
    else:
        yield found("hooks", "fine", "hooks_find", type=entry.conn_type)
    variable = f"{ENVIRONMENT_PREFIX}{account.conn_id.upper()}"
    if variable in os.environ and account.conn_id not in settings.accounts_in_secrets_backend():
        yield found("shadow", "change", "shadowed", variable=variable)


def secret(session: Session, account: Account) -> tuple[Client | None, Finding]:
    """Whether there is a client secret.

    :param session: a session
    :param account: as it is registered now
    :return: who we are at the service, if that is known; and what was found
    """
    try:
        client = oauth_client.client(session, account)
    except ThirdPartyAccountError as error:
        return None, refused("secret", "change", error)
    public = account.client_auth_method == "none"
    return client, found("secret", "fine", "public_client" if public else "secret_sealed")


def pkce(account: Account, endpoints: Endpoints) -> Finding:
    """What binds a code to whoever began the sign-in (RFC 7636).

    :param account: as it is registered now
    :param endpoints: of its service
    :return: what was found
    """
    try:
        oauth_client.check_code_binding(account)
    except AccountMisconfigured as error:
        return refused("pkce", "change", error)
    name, made_of_it = account.preset.name, account.preset.pkce
    if not account.code_bound_by:
        return found("pkce", "unknown", "binds_nothing", name=name)
    if made_of_it != "S256":
        return found("pkce", "fine", "pkce_refused" if made_of_it == "none" else "pkce_ignored", name=name)
    if endpoints.offers_pkce:
        return found("pkce", "fine", "pkce_offered")
    if account.preset.id not in _GENERIC and account.preset.shipped:
        return found("pkce", "fine", "pkce_known", name=name)
    return found("pkce", "unknown", "pkce_unseen")


def tenant(account: Account, reached: Sequence[Finding]) -> Iterator[Finding]:
    """Whether what tells this customer of the service from others leads somewhere.

    :param account: as it is registered now
    :param reached: what the addresses made with it have shown
    :yield: what was found; nothing where the service has no such fields, or its addresses were entered
    """
    values = [
        f"{field.label} '{account.entered.tenant[name]}'"
        for name, field in account.preset.tenant.items()
        if account.entered.tenant.get(name)
    ]
    if not values:
        return
    said = ", ".join(values)
    if any(finding.outcome == "change" for finding in reached):
        yield found("tenant", "change", "tenant_silent", said=said)
    elif reached and all(finding.outcome == "fine" for finding in reached):
        yield found("tenant", "fine", "tenant_answers", said=said)
    else:
        yield found("tenant", "unknown", "tenant_unseen", said=said)
