"""The accounts there are: read from Airflow's connections, wherever they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow.models.connection import Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.utils.session import create_session
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.accounts.account import Account, Registration, parse
from airflow_thirdparty.server.reasons import misconfigured
from airflow_thirdparty.server.store import account_seen, client_secrets
from airflow_thirdparty.server.store.airflow_tables import CONNECTION, REGISTRATION
from airflow_thirdparty.server.store.client_secrets import registration_of, stored_registration
from airflow_thirdparty.server.store.seal import SealError
from airflow_thirdparty.wire import CONN_TYPE

_COLUMNS = [CONNECTION.c[name] for name in (*REGISTRATION, "description", "team_name")]
"""What an account's page shows; a secret that still lies in the row stays there."""


class NoSuchAccount(AccountMisconfigured):
    """There is no account of this id."""

    code = "no_such_account"


@dataclass(frozen=True)
class AccountEntry:
    """An account on the list: usable, or with the reason why it is not.

    :param problem: why the account cannot be used; ``None`` when it can
    """

    registration: Registration
    account: Account | None
    problem: AccountMisconfigured | None


def no_such_account(conn_id: str) -> NoSuchAccount:
    """The complaint about an id that no account has.

    :param conn_id: the id
    :return: the error, to be raised
    """
    return NoSuchAccount(
        f"There is no third-party account '{conn_id}'.",
        "Check the id; an account that lives only in a secrets backend must be named in "
        "[third_party_accounts] accounts.",
    )


def find(session: Session, conn_id: str) -> Account:
    """Read one account.

    :param session: a session
    :param conn_id: id of the account
    :raises NoSuchAccount: when there is no connection of this id and our type
    :raises AccountMisconfigured: when it is there and cannot be used
    :return: the account, checked and completed by its preset
    """
    registration = _read(session, conn_id)
    if registration is None:
        raise no_such_account(conn_id)
    return parse(registration)


def team_of(session: Session, conn_id: str) -> str | None:
    """The team that owns an account.

    :param session: a session
    :param conn_id: id of the account
    :return: ``None`` when it is everybody's, as those in a secrets backend are
    """
    connection = CONNECTION.c
    return session.scalar(select(connection.team_name).where(connection.conn_id == conn_id))


def teams(session: Session) -> dict[str, str | None]:
    """The teams that own accounts, in one query.

    :param session: a session
    :return: them, by id of the account; those in a secrets backend are everybody's and left out
    """
    connection = CONNECTION.c
    statement = select(connection.conn_id, connection.team_name).where(connection.conn_type == CONN_TYPE)
    return {row.conn_id: row.team_name for row in session.execute(statement)}


def _read(session: Session, conn_id: str) -> Registration | None:
    if conn_id in settings.accounts_in_secrets_backend():
        return _from_secrets_backend(conn_id)
    session.flush()  # what the session has changed counts
    row = session.execute(select(*_COLUMNS).where(CONNECTION.c.conn_id == conn_id)).first()
    return stored_registration(row) if row is not None and row.conn_type == CONN_TYPE else None


def list_all(session: Session) -> list[AccountEntry]:
    """All accounts, in one query plus one look-up for each that lives in a secrets backend.

    :param session: a session
    :return: them, by id; one that cannot be used comes with the reason
    """
    session.flush()  # as above
    rows = session.execute(select(*_COLUMNS).where(CONNECTION.c.conn_type == CONN_TYPE)).all()
    entry = {row.conn_id: _listed(row) for row in rows}
    for conn_id in settings.accounts_in_secrets_backend():
        entry[conn_id] = _listed_from_secrets_backend(conn_id)
    return [entry[conn_id] for conn_id in sorted(entry)]


def usable(session: Session) -> dict[str, Account]:
    """The accounts that can be used, by id.

    :param session: a session
    :return: them, checked and completed by their presets
    """
    entries = list_all(session)
    return {entry.registration.conn_id: entry.account for entry in entries if entry.account is not None}


def _listed(row: Any) -> AccountEntry:
    try:
        registration = stored_registration(row)
    except AccountMisconfigured as problem:
        return AccountEntry(
            Registration(row.conn_id, description=row.description, team=row.team_name), None, problem
        )
    return _checked(registration)


def _checked(registration: Registration) -> AccountEntry:
    try:
        return AccountEntry(registration, parse(registration), None)
    except AccountMisconfigured as problem:
        return AccountEntry(registration, None, problem)


def _listed_from_secrets_backend(conn_id: str) -> AccountEntry:
    try:
        registration = _from_secrets_backend(conn_id)
    except AccountMisconfigured as unreadable:
        return AccountEntry(Registration(conn_id), None, unreadable)
    if registration is not None:
        return _checked(registration)
    problem = misconfigured("not_in_secrets_backend", "accounts", account=conn_id)
    return AccountEntry(Registration(conn_id), None, problem)


def _from_secrets_backend(conn_id: str) -> Registration | None:
    """Read it as Airflow does for a task: secrets backends come first, its own connections last."""
    try:
        connection = Connection.get_connection_from_secrets(conn_id)
    except AirflowNotFoundException:
        return None
    return registration_of(connection) if connection.conn_type == CONN_TYPE else None


def set_client_secret(conn_id: str, secret: str) -> None:
    """Store the client secret of an account, wherever its registration is kept.

    :param conn_id: id of the account
    :param secret: the client secret, as the service gave it
    :raises AccountMisconfigured: when there is no such account, it takes no secret, or it cannot be sealed
    """
    with create_session() as session:
        account = find(session, conn_id)
        if account.kind != "oauth2" or account.client_auth_method == "none":
            raise AccountMisconfigured(
                f"Account '{conn_id}' takes no client secret.",
                "It is of another kind, or a public client.",
                field="kind" if account.kind != "oauth2" else "client_auth_method",
            )
        try:
            client_secrets.store(session, conn_id, secret, account)
            account_seen.allow_check(session, conn_id)
        except SealError as error:
            raise AccountMisconfigured(
                f"The client secret of account '{conn_id}' cannot be kept: {error}.",
                "Set a key as Airflow's documentation on Fernet describes.",
                field="[core] fernet_key",
            ) from None
