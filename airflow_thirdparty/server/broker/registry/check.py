"""Tries what can be tried of an account without a person: its fields, its client secret, its service."""

from __future__ import annotations

import os

from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.accounts import allowed_dags, exposing
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker import bundles, links
from airflow_thirdparty.server.broker.database import in_database
from airflow_thirdparty.server.broker.registry import oauth_client, registrations
from airflow_thirdparty.server.broker.registry.endpoints import find_endpoints
from airflow_thirdparty.server.oauth.errors import OAuthError
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Client
from airflow_thirdparty.wire import ENVIRONMENT_PREFIX


async def check(transport: Transport, conn_id: str) -> list[str]:
    """Check an account step by step.

    :param transport: the way to its service
    :param conn_id: id of the account
    :return: what was found in order, in words
    :raises ThirdPartyAccountError: at the first step that fails, naming the field and the remedy
    """
    account = await in_database(_registered, conn_id=conn_id)
    lines = [f"The registration of '{conn_id}' is complete (service '{account.service}').", _exposed(account)]
    lines += _shadowed(conn_id)
    if account.kind != "oauth2":
        return [*lines, "People enter a credential of their own; there is nothing else to check."]
    lines.append("There is a client secret." if account.client_auth_method != "none" else "A public client.")
    lines.append(f"The redirect URI to register at the service: {links.redirect_uri(conn_id)}")
    oauth_client.check_code_binding(account)
    if not account.code_bound_by:
        lines.append(f"Note that {oauth_client.UNBOUND.format(name=account.preset.name)}.")
    try:
        found = await find_endpoints(transport, account)
    except OAuthError as error:
        raise oauth_client.to_user_error(error, account) from None
    lines.append(f"People sign in at {found.authorize_url}; the token endpoint is {found.exchange_url}.")
    lines += found.left_out
    if not found.revoke_url:
        lines.append("The service offers no way to revoke: signing out only forgets.")
    return lines


def _registered(session: Session, conn_id: str) -> Account:
    account = registrations.find(session, conn_id)
    _check_allowed_dags(session, account)
    if account.kind == "oauth2":
        oauth_client.client(session, account)
    return account


def _exposed(account: Account) -> str:
    try:
        entry = exposing.check_complete(account)
    except AccountMisconfigured as problem:
        return f"Hooks of other providers find no credential under the account's own id: {problem}"
    return f"Hooks of other providers find the credential as a connection of type '{entry.conn_type}'."


def _shadowed(conn_id: str) -> list[str]:
    variable = f"{ENVIRONMENT_PREFIX}{conn_id.upper()}"
    if variable not in os.environ or conn_id in settings.accounts_in_secrets_backend():
        return []
    return [
        f"{variable} is set here. On a worker it shadows the account: hooks of other providers act with that "
        "one login, whoever triggered the run. Remove it where workers run."
    ]


def client_of(session: Session, account: Account) -> Client:
    """Who we are at an account's service, where everything that needs no service is in order.

    :param session: a session
    :param account: as it is registered now
    :raises AccountMisconfigured: when its DAGs are not clear, or there is no client secret
    :return: the client
    """
    _check_allowed_dags(session, account)
    return oauth_client.client(session, account)


def _check_allowed_dags(session: Session, account: Account) -> None:
    unclear = allowed_dags.without_bundle(account.allowed_dags)
    if unclear and bundles.only_bundle(session) is None:
        raise AccountMisconfigured(
            f"Account '{account.conn_id}': allowed_dags names {', '.join(map(repr, unclear))} without saying "
            "of which bundle, and there are several.",
            f"Write 'bundle:{unclear[0]}'.",
            field="allowed_dags",
        )
