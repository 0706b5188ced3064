"""Where client secrets live, and how they leave the connection row."""

from __future__ import annotations

import logging
from typing import Any

from airflow.models.connection import Connection
from airflow.models.crypto import get_fernet
from cryptography.fernet import InvalidToken
from fastapi import HTTPException
from sqlalchemy import delete, inspect, select, update
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.accounts.account import Account, Registration, parse
from airflow_thirdparty.server.store import account_health
from airflow_thirdparty.server.store.clock import utcnow
from airflow_thirdparty.server.store.models import ClientSecret
from airflow_thirdparty.server.store.seal import SealContext, SealError, open_sealed, seal
from airflow_thirdparty.wire import CONN_TYPE

log = logging.getLogger(__name__)

KEEP = (None, "", "***")
"""What stands in a password field that was not filled in: the stored secret stays."""

REGISTRATION_ATTRIBUTES = ("conn_id", "conn_type", "host", "login")


class RegistrationRefused(HTTPException):
    """An account cannot be saved as entered; Airflow's API answers it as a 422 with these words."""

    def __init__(self, error: AccountMisconfigured) -> None:
        super().__init__(422, f"{error.message} {error.remedy}")

    def __str__(self) -> str:
        return str(self.detail)


def registration_of(connection: Any) -> Registration:
    """Read the registration from an Airflow connection, database model or SDK object.

    :raises AccountMisconfigured: when Airflow's key for it is gone
    """
    try:
        extra = connection.extra
    except (ValueError, InvalidToken):
        raise AccountMisconfigured(
            f"Account '{connection.conn_id}': field 'extra' was encrypted with a key that is not configured.",
            "An admin restores the key in [core] fernet_key, or enters the account anew.",
            field="[core] fernet_key",
        ) from None
    return Registration(
        conn_id=connection.conn_id,
        host=connection.host,
        login=connection.login,
        extra=extra,
        description=connection.description,
        team=getattr(connection, "team_name", None),
    )


def on_save(session: Session, obj: Any) -> None:
    """Check an account that is about to be written and move its client secret.

    :param obj: an Airflow ``Connection``, or the ``ConnectionTestRequest`` of Airflow 3.3
    :raises RegistrationRefused: naming the field and the remedy; nothing is written then
    """
    is_connection = isinstance(obj, Connection)
    key = obj.conn_id if is_connection else _staged_key(obj.connection_id)
    if obj in session.deleted or obj.conn_type != CONN_TYPE:
        _forget(session, key)
    elif is_connection:
        _save_account(session, obj)
    else:
        _save_test_request(session, obj)


def _save_account(session: Session, connection: Connection) -> None:
    _move_before_change(session, connection)
    given = _given_secret(connection)
    try:
        account = parse(registration_of(connection))
    except AccountMisconfigured as error:
        if given is not None or _is_changed(connection):
            raise RegistrationRefused(error) from None
        return  # somebody else's write, such as a key rotation, must not fail over an old registration
    if given is None:
        given = _tested_secret(session, connection.conn_id, account)
    if given is not None:
        _store_or_refuse(session, account.conn_id, given, account)
    connection._password = None
    connection.is_encrypted = False


def _move_before_change(session: Session, connection: Connection) -> None:
    """A secret that lies in the row belongs to what the row says before this change, not after it."""
    state: Any = inspect(connection)
    if state.persistent:
        move_found(session, connection.conn_id)


def _given_secret(row: Any) -> str | None:
    """The secret that this very write enters.

    What the row held before it became an account was meant for other addresses, and is dropped.
    """
    state: Any = inspect(row)
    if state.persistent and not state.attrs._password.history.has_changes():
        return None
    if row._password in KEEP:
        return None
    password = row.password
    return None if password in KEEP else str(password)


def _is_changed(connection: Connection) -> bool:
    state: Any = inspect(connection)
    if state.transient or state.pending:
        return True
    if any(state.attrs[name].history.has_changes() for name in REGISTRATION_ATTRIBUTES):
        return True
    before = state.attrs["_extra"].history.deleted
    return bool(before) and _plain(before[0]) != connection._extra and _plain(before[0]) != connection.extra


def _plain(extra: str | None) -> str | None:
    if not extra:
        return extra
    try:
        return _decrypted(extra)
    except Exception:  # what was not encrypted before is compared as it stands
        return extra


def _store_or_refuse(session: Session, key: str, secret: str, account: Account) -> None:
    try:
        store(session, key, secret, account)
    except SealError as error:
        raise RegistrationRefused(
            AccountMisconfigured(
                f"Account '{account.conn_id}': field 'password' cannot be kept.",
                f"{error}.",
                field="password",
            )
        ) from None


def _staged_key(conn_id: str) -> str:
    # '/' is in no account's id, so a secret under test never stands for an account's own
    return f"connection-test/{conn_id}"


def _save_test_request(session: Session, request: Any) -> None:
    """Keep the secret of a connection under test here too; the worker that tests it does not need it."""
    if request.state == "failed":
        _forget(session, _staged_key(request.connection_id))
    given = _given_secret(request)
    if given is None:
        return
    try:
        account = parse(
            Registration(request.connection_id, host=request.host, login=request.login, extra=request.extra)
        )
    except AccountMisconfigured as error:
        raise RegistrationRefused(error) from None
    if request.commit_on_success:
        _store_or_refuse(session, _staged_key(account.conn_id), given, account)
    request._password = None
    request.is_encrypted = False


def _tested_secret(session: Session, conn_id: str, account: Account) -> str | None:
    """The secret of the connection test whose success is what writes this connection now."""
    if not any(_is_success_of(obj, conn_id) for obj in session):
        return None
    row = session.get(ClientSecret, _staged_key(conn_id))
    if row is None or row.binding != account.binding().text():
        return None
    secret = open_sealed(row.sealed, _seal_context(row.conn_id, row.version))
    _forget(session, row.conn_id)
    return secret


def _is_success_of(obj: Any, conn_id: str) -> bool:
    is_test = type(obj).__name__ == "ConnectionTestRequest"
    return is_test and obj.connection_id == conn_id and obj.state == "success" and obj.commit_on_success


def _forget(session: Session, key: str) -> None:
    # at once, not with the flush, so that what is deleted and created anew in one go starts empty
    session.execute(delete(ClientSecret).where(ClientSecret.conn_id == key))


def _seal_context(key: str, version: int) -> SealContext:
    return SealContext("client_secret", key, version)


def store(session: Session, key: str, secret: str, account: Account) -> None:
    """Seal a client secret for this account as it is registered now.

    :raises SealError: when Airflow has no Fernet key
    """
    row = session.get(ClientSecret, key)
    version = (row.version if row else 0) + 1
    if row is None:
        row = ClientSecret(conn_id=key)
        session.add(row)
    row.sealed = seal(secret, _seal_context(key, version))
    row.version = version
    row.binding = account.binding().text()
    row.updated_at = utcnow()
    # what was wrong with the account may be mended by this, so nobody waits for its circuit to close
    account_health.note_success(session, key)


def read(session: Session, account: Account) -> str | None:
    """The account's client secret.

    :return: ``None`` for a public client
    :raises AccountMisconfigured: when there is none, or it was entered for another client or address
    :raises SealError: when it cannot be opened
    """
    if account.client_auth_method == "none":
        return None
    move_found(session, account.conn_id)
    row = session.get(ClientSecret, account.conn_id)
    if row is None:
        raise AccountMisconfigured(
            f"Account '{account.conn_id}' has no client secret.",
            "An admin enters it in the connection's password field.",
            field="password",
        )
    if row.binding != account.binding().text():
        raise AccountMisconfigured(
            f"Account '{account.conn_id}': its client id or one of its addresses changed since the client "
            "secret was entered, so the secret is not sent there.",
            "An admin enters the client secret again in the connection's password field.",
            field="password",
        )
    return open_sealed(row.sealed, _seal_context(row.conn_id, row.version))


def move_found(session: Session, conn_id: str | None = None) -> int:
    """Move the secrets that got into connection rows past the listener, such as by SQL.

    :param conn_id: look at this account only
    :return: how many were found
    """
    table = Connection.__table__
    statement = select(table).where(
        table.c.conn_type == CONN_TYPE, table.c.password.is_not(None), table.c.password != ""
    )
    if conn_id is not None:
        statement = statement.where(table.c.conn_id == conn_id)
    found = session.execute(statement).all()
    for row in found:
        _move(session, row)
    return len(found)


def _move(session: Session, row: Any) -> None:
    """Move one secret, by the row as it is stored: what a session is about to write does not count yet."""
    try:
        extra = _plain(row.extra) if row.is_extra_encrypted else row.extra
        account = parse(Registration(row.conn_id, row.host, row.login, extra))
        secret = _decrypted(row.password) if row.is_encrypted else row.password
        store(session, row.conn_id, secret, account)
    except (AccountMisconfigured, SealError, InvalidToken) as error:
        log.warning(
            "The client secret in connection '%s' cannot be moved yet: %s",
            row.conn_id,
            str(error) or "no configured Fernet key opens it",
        )
        return
    table = Connection.__table__
    session.execute(
        update(table)
        .where(table.c.conn_id == row.conn_id, table.c.password == row.password)
        .values(password=None, is_encrypted=False)
    )
    log.warning("Moved a client secret out of connection '%s'; save accounts through Airflow.", row.conn_id)


def _decrypted(text: str) -> str:
    return get_fernet().decrypt(text.encode()).decode()
