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
from airflow_thirdparty.server.broker.registry.findings import Finding
from airflow_thirdparty.server.oauth.types import Client, Endpoints
from airflow_thirdparty.urls import origin_of
from airflow_thirdparty.wire import ENVIRONMENT_PREFIX

ONLY_THEN = "It can only be seen at a sign-in."
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
        return Finding(
            "registration",
            "change",
            f"allowed_dags names {', '.join(map(repr, unclear))} without saying of which bundle, and there "
            "are several.",
            f"Write 'bundle:{unclear[0]}'.",
        )
    return Finding("registration", "fine", "All fields can be read.")


def address(account: Account, origin: str | None) -> Finding:
    """Whether people come back to where they are: base URL, and the proxy before it.

    :param account: as it is registered now
    :param origin: where the asking browser reaches this Airflow, if it says so
    :return: what was found
    """
    try:
        redirect = links.redirect_uri(account.conn_id)
    except ThirdPartyAccountError as error:
        return Finding("address", "change", error.message, error.remedy)
    if origin is not None and origin != origin_of(redirect):
        return Finding(
            "address",
            "change",
            f"You reach Airflow at {origin}, but it sends people back to {origin_of(redirect)}.",
            "Set [api] base_url to the address that people use, or let the proxy before it use that one.",
        )
    return Finding("address", "fine", f"Register this redirect URI at the service: {redirect}")


def hooks(account: Account) -> Iterator[Finding]:
    """Where hooks of other providers find the credential, and what keeps them from it.

    :param account: as it is registered now
    :yield: what was found
    """
    try:
        entry = exposing.check_complete(account)
    except AccountMisconfigured as problem:
        text = f"Hooks of other providers find no credential under the account's own id: {problem.message}"
        yield Finding("hooks", "fine", text, problem.remedy)
    else:
        text = f"Hooks of other providers find the credential as a connection of type '{entry.conn_type}'."
        yield Finding("hooks", "fine", text)
    variable = f"{ENVIRONMENT_PREFIX}{account.conn_id.upper()}"
    if variable in os.environ and account.conn_id not in settings.accounts_in_secrets_backend():
        yield Finding(
            "shadow",
            "change",
            f"{variable} is set here. On a worker it shadows the account: hooks of other providers act with "
            "that one login, whoever triggered the run.",
            "Remove it where workers run.",
        )


def secret(session: Session, account: Account) -> tuple[Client | None, Finding]:
    """Whether there is a client secret.

    :param session: a session
    :param account: as it is registered now
    :return: who we are at the service, if that is known; and what was found
    """
    try:
        client = oauth_client.client(session, account)
    except ThirdPartyAccountError as error:
        return None, Finding("secret", "change", error.message, error.remedy)
    public = account.client_auth_method == "none"
    text = "A public client has none." if public else "It is stored, sealed."
    return client, Finding("secret", "fine", text)


def pkce(account: Account, endpoints: Endpoints) -> Finding:
    """What binds a code to whoever began the sign-in (RFC 7636).

    :param account: as it is registered now
    :param endpoints: of its service
    :return: what was found
    """
    try:
        oauth_client.check_code_binding(account)
    except AccountMisconfigured as error:
        return Finding("pkce", "change", error.message, error.remedy)
    name, made_of_it = account.preset.name, account.preset.pkce
    if not account.code_bound_by:
        return Finding("pkce", "unknown", f"Note that {oauth_client.UNBOUND.format(name=name)}.")
    if made_of_it != "S256":
        verb = "refuses" if made_of_it == "none" else "ignores"
        return Finding("pkce", "fine", f"{name} {verb} it; a nonce binds the code instead.")
    if endpoints.offers_pkce:
        return Finding("pkce", "fine", "It is always sent, and the service says that it checks it.")
    if account.preset.id not in _GENERIC and account.preset.shipped:
        return Finding("pkce", "fine", f"It is always sent, and {name} is known to check it.")
    return Finding("pkce", "unknown", f"It is always sent. Whether the service checks it: {ONLY_THEN}")


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
        text = f"The service does not answer where its addresses lead with {said}."
        yield Finding(
            "tenant", "change", text, "Enter it as the address of the service in a browser shows it."
        )
    elif reached and all(finding.outcome == "fine" for finding in reached):
        yield Finding("tenant", "fine", f"The service answers where its addresses lead with {said}.")
    else:
        yield Finding("tenant", "unknown", f"Its addresses are made with {said}. {ONLY_THEN}")
