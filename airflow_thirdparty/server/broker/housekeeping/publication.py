"""Tells the DAG processors which connections are accounts: their ids, no secret, in an Airflow variable.

DAG processors may have no database, and looking up every connection while parsing would be slow, so the list
is published when it changes, and they read it at most once a minute.
"""

from __future__ import annotations

from datetime import datetime

from airflow.models.crypto import get_fernet
from cryptography.fernet import InvalidToken
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.published_list import derive_keys, read_list, write_list
from airflow_thirdparty.server.store import airflow_tables as tables
from airflow_thirdparty.server.store.base import changed_rows
from airflow_thirdparty.wire import ACCOUNTS_VARIABLE, CONN_TYPE

_DESCRIPTION = (
    "Ids of all third-party accounts, for the DAG processors. Written by Airflow itself; no secret."
)


def account_ids(session: Session) -> frozenset[str]:
    """The ids of all accounts, those that live in a secrets backend included.

    :param session: a session
    :return: the ids
    """
    connection = tables.CONNECTION.c
    stored = session.scalars(select(connection.conn_id).where(connection.conn_type == CONN_TYPE))
    return frozenset(stored) | frozenset(settings.accounts_in_secrets_backend())


def _published(session: Session) -> str:
    """What stands in the variable; empty where there is none, or no configured key opens it."""
    variable = tables.VARIABLE.c
    row = session.execute(
        select(variable.val, variable.is_encrypted).where(variable.key == ACCOUNTS_VARIABLE).with_for_update()
    ).first()
    if row is None or not row.is_encrypted:
        return (row and row.val) or ""
    try:
        return get_fernet().decrypt(row.val.encode()).decode()
    except (InvalidToken, ValueError):
        return ""


def _write(session: Session, text: str) -> None:
    fernet = get_fernet()
    value = {"val": fernet.encrypt(text.encode()).decode(), "is_encrypted": fernet.is_encrypted}
    there = update(tables.VARIABLE).where(tables.VARIABLE.c.key == ACCOUNTS_VARIABLE)
    if not changed_rows(session, there.values(value)):
        new = insert(tables.VARIABLE).values(key=ACCOUNTS_VARIABLE, description=_DESCRIPTION, **value)
        session.execute(new)


def publish_account_ids(session: Session, now: datetime) -> bool:
    """Write the list when what is published differs, was not written by the server, or with an old key.

    Without a Fernet key nothing is written, since nobody could tell it from what a task writes.

    :param session: writes in its transaction
    :param now: the time that all processes agree on, in UTC
    :return: whether there was something to write
    """
    keys = derive_keys(settings.fernet_key())
    if not keys:
        return False
    published = _published(session)
    ids = account_ids(session)
    current = read_list(published, keys[:1])
    if current is not None and current.ids == ids:
        return False
    before = read_list(published, keys)
    # readers keep the latest, also where the clock was set back
    at = max(now.timestamp(), before.at + 1 if before else 0.0)
    _write(session, write_list(ids, at, keys[0]))
    return True
