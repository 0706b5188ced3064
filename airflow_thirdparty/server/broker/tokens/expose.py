"""The connection by which a hook that never heard of us finds the person's credential."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.accounts.exposures import Entry
from airflow_thirdparty.server.accounts.exposures.templates import MissingValueError
from airflow_thirdparty.server.broker.tokens.broker import AccessToken
from airflow_thirdparty.urls import SERVICE_PORTS


def for_foreign_hook(
    account: Account, entry: Entry, token: AccessToken, now: datetime, for_trigger: bool = False
) -> dict[str, Any]:
    """The connection that another provider's hook gets.

    It holds what the entry says and nothing else: a hook may send whatever else it finds as headers.

    :param account: the account as it is registered now
    :param entry: what :func:`airflow_thirdparty.server.accounts.exposing.check_complete` returned
    :param token: what the task is handed
    :param now: in UTC
    :param for_trigger: whether it is used on a triggerer
    :raises AccountMisconfigured: when the sign-in lacks something that the entry needs
    :return: the connection's fields, by name
    """
    values = {**_of_token(token, now), **_of_host(account.host)}
    given = account.expose_options.get(entry.name, {})
    values |= {f"option.{name}": value for name, value in given.items()}
    try:
        return entry.connection(values, for_trigger)
    except MissingValueError as missing:
        raise AccountMisconfigured(
            f"The entry '{entry.name}' needs '{missing.name}', which the sign-in to '{account.conn_id}' does "
            "not have.",
            "An admin chooses another entry in expose_as.",
            field="expose_as",
        ) from None


def _of_token(token: AccessToken, now: datetime) -> dict[str, Any]:
    expires = token.expires_at.astimezone(timezone.utc) if token.expires_at else None
    return {
        "token": token.value,
        "login": token.login,
        "subject": token.subject,
        "subject_name": token.subject_name or token.subject,
        "expires_at": expires.strftime("%Y-%m-%dT%H:%M:%SZ") if expires else None,
        "expires_epoch": int(expires.timestamp()) if expires else None,
        "expires_in": int((expires - now).total_seconds()) if expires else None,
    }


def _of_host(host: str | None) -> dict[str, Any]:
    if host is None:
        return {}
    parts = urlsplit(host)
    return {
        "host": host,
        "host.scheme": parts.scheme,
        "host.name": parts.hostname,
        "host.netloc": parts.netloc,
        "host.port": parts.port or SERVICE_PORTS.get(parts.scheme),
        "host.path": parts.path,
        "host.is_https": parts.scheme == "https",
    }
