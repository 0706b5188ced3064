"""Saving an account: its registration is checked, and its client secret leaves the connection row."""

from __future__ import annotations

from typing import Any

from airflow.models.connection import Connection
from fastapi import HTTPException
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.accounts.account import Account, Registration, parse
from airflow_thirdparty.server.store import account_seen, client_secrets
from airflow_thirdparty.server.store.client_secrets import plain_extra, registration_of
from airflow_thirdparty.server.store.seal import SealError
from airflow_thirdparty.wire import CONN_TYPE

KEEP = (None, "", "***")
"""What stands in a password field that was not filled in: the stored secret stays."""

REGISTRATION_ATTRIBUTES = ("conn_id", "conn_type", "host", "port", "schema", "login")
"""The attributes of a connection that register an account, ``extra`` aside, which may be encrypted."""


class RegistrationRefused(HTTPException):
    """An account cannot be saved as entered; Airflow's API answers it as a 422 with these words."""

    def __init__(self, error: AccountMisconfigured) -> None:
        super().__init__(422, f"{error.message} {error.remedy}")

    def __str__(self) -> str:
        return str(self.detail)


def on_save(session: Session, obj: Any) -> None:
    """Check an account that is about to be written and move its client secret.

    :param session: about to be flushed; the client secret is written in its transaction
    :param obj: an Airflow ``Connection``, or the ``ConnectionTestRequest`` of Airflow 3.3
    :raises RegistrationRefused: naming the field and the remedy; nothing is written then
    """
    is_connection = isinstance(obj, Connection)
    key = obj.conn_id if is_connection else _staged_key(obj.connection_id)
    if obj in session.deleted or obj.conn_type != CONN_TYPE:
        client_secrets.forget(session, key)
    elif is_connection:
        _save_account(session, obj)
    else:
        _save_test_request(session, obj)


def check(connection: Connection) -> None:
    """Check an account that is to be saved, and change nothing.

    :param connection: an account
    :raises RegistrationRefused: naming the field and the remedy
    """
    try:
        parse(registration_of(connection))
    except AccountMisconfigured as error:
        raise RegistrationRefused(error) from None


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
        client_secrets.move_found(session, connection.conn_id)


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
    return (
        bool(before)
        and plain_extra(before[0]) != connection._extra
        and plain_extra(before[0]) != connection.extra
    )


def _store_or_refuse(session: Session, key: str, secret: str, account: Account) -> None:
    try:
        client_secrets.store(session, key, secret, account)
        account_seen.allow_check(session, key)
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
        client_secrets.forget(session, _staged_key(request.connection_id))
    given = _given_secret(request)
    if given is None:
        return
    try:
        account = parse(
            Registration(
                request.connection_id,
                host=request.host,
                login=request.login,
                extra=request.extra,
                port=request.port,
                schema=request.schema,
            )
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
    return client_secrets.take(session, _staged_key(conn_id), account)


def _is_success_of(obj: Any, conn_id: str) -> bool:
    is_test = type(obj).__name__ == "ConnectionTestRequest"
    return is_test and obj.connection_id == conn_id and obj.state == "success" and obj.commit_on_success
