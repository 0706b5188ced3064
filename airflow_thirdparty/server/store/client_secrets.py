"""Where client secrets live: sealed, one an account, good for what was registered when they came."""

from __future__ import annotations

import logging
from typing import Any

from airflow.models.crypto import get_fernet
from cryptography.fernet import InvalidToken
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.accounts.account import Account, Registration, parse
from airflow_thirdparty.server.oauth.errors import ADMINS_KINDS
from airflow_thirdparty.server.reasons import misconfigured
from airflow_thirdparty.server.store import account_health, sign_ins
from airflow_thirdparty.server.store.airflow_tables import CONNECTION
from airflow_thirdparty.server.store.clock import utcnow
from airflow_thirdparty.server.store.models import ClientSecret
from airflow_thirdparty.server.store.seal import SealContext, SealError, open_sealed, seal
from airflow_thirdparty.wire import CONN_TYPE

log = logging.getLogger(__name__)


def registration_of(connection: Any) -> Registration:
    """Read the registration from an Airflow connection, database model or SDK object.

    :param connection: the connection
    :return: what it registers, the secret left out
    :raises AccountMisconfigured: when Airflow's key for it is gone
    """
    try:
        return _registration(connection, connection.extra)
    except (ValueError, InvalidToken):
        raise misconfigured("extra_locked", "[core] fernet_key", account=connection.conn_id) from None


def stored_registration(row: Any) -> Registration:
    """Read the registration from a row of Airflow's table.

    :param row: the row, as the database has it
    :return: what it registers, the secret left out
    :raises AccountMisconfigured: when Airflow's key for it is gone
    """
    if not row.extra or not row.is_extra_encrypted:
        return _registration(row, row.extra)
    try:
        if not get_fernet().is_encrypted:
            raise ValueError("no key is configured")
        return _registration(row, _decrypted(row.extra))
    except (ValueError, InvalidToken):
        raise misconfigured("extra_locked", "[core] fernet_key", account=row.conn_id) from None


def _registration(connection: Any, extra: str | None) -> Registration:
    return Registration(
        conn_id=connection.conn_id,
        host=connection.host,
        login=connection.login,
        extra=extra,
        description=connection.description,
        team=getattr(connection, "team_name", None),
        port=connection.port,
        schema=connection.schema,
    )


def plain_extra(extra: str | None) -> str | None:
    """A connection's extra as text.

    :param extra: as the row holds it, encrypted or not
    :return: the same where no configured key opens it
    """
    if not extra:
        return extra
    try:
        return _decrypted(extra)
    except Exception:  # what was not encrypted before is compared as it stands
        return extra


def forget(session: Session, key: str) -> None:
    """Delete a client secret, if there is one.

    :param session: deletes in its transaction
    :param key: as :func:`store` was given it
    """
    # at once, not with the flush, so that what is deleted and created anew in one go starts empty
    session.execute(delete(ClientSecret).where(ClientSecret.conn_id == key))


def _seal_context(key: str, version: int) -> SealContext:
    return SealContext("client_secret", key, version)


def store(session: Session, key: str, secret: str, account: Account) -> None:
    """Seal a client secret for this account as it is registered now.

    :param session: writes in its transaction
    :param key: id of the account, or what stands for it while its connection is under test
    :param secret: the client secret
    :param account: what it is good for
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
    # what was wrong with the account may be mended by this, so nobody waits
    account_health.note_success(session, key)
    sign_ins.try_again(session, key, [kind.value for kind in ADMINS_KINDS])


def take(session: Session, key: str, account: Account) -> str | None:
    """Take out a secret that was stored for exactly what is registered.

    :param session: deletes in its transaction
    :param key: as :func:`store` was given it
    :param account: what the secret has to be good for
    :return: the secret; ``None`` when there is none for this account as it is registered now
    :raises SealError: when it cannot be opened
    """
    row = session.get(ClientSecret, key)
    if row is None or not account.binding().covers(row.binding):
        return None
    secret = open_sealed(row.sealed, _seal_context(row.conn_id, row.version))
    forget(session, row.conn_id)
    return secret


def read(session: Session, account: Account) -> str | None:
    """The account's client secret.

    :param session: a session; moves a secret that lies in the connection row
    :param account: the account as it is registered now
    :return: ``None`` for a public client
    :raises AccountMisconfigured: when there is none, or it was entered for another client or address
    :raises SealError: when it cannot be opened
    """
    if account.client_auth_method == "none":
        return None
    move_found(session, account.conn_id)
    row = session.get(ClientSecret, account.conn_id)
    if row is None:
        raise misconfigured("no_client_secret", "password", account=account.conn_id)
    if not account.binding().covers(row.binding):
        raise misconfigured("client_secret_of_other", "password", account=account.conn_id)
    return open_sealed(row.sealed, _seal_context(row.conn_id, row.version))


def move_found(session: Session, conn_id: str | None = None) -> int:
    """Move the secrets that got into connection rows past the listener, such as by SQL.

    :param session: writes in its transaction
    :param conn_id: look at this account only
    :return: how many were found
    """
    table = CONNECTION
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
        extra = plain_extra(row.extra) if row.is_extra_encrypted else row.extra
        account = parse(
            Registration(row.conn_id, row.host, row.login, extra, port=row.port, schema=row.schema)
        )
        secret = _decrypted(row.password) if row.is_encrypted else row.password
        store(session, row.conn_id, secret, account)
    except (AccountMisconfigured, SealError, InvalidToken) as error:
        log.warning(
            "The client secret in connection '%s' cannot be moved yet: %s",
            row.conn_id,
            str(error) or "no configured Fernet key opens it",
        )
        return
    table = CONNECTION
    session.execute(
        update(table)
        .where(table.c.conn_id == row.conn_id, table.c.password == row.password)
        .values(password=None, is_encrypted=False)
    )
    log.warning("Moved a client secret out of connection '%s'; save accounts through Airflow.", row.conn_id)


def _decrypted(text: str) -> str:
    return get_fernet().decrypt(text.encode()).decode()
