"""Tells the DAG processors which connections are accounts: their ids, no secret, in an Airflow variable.

DAG processors may have no database, and looking up every connection while parsing would be slow, so the list
is published when it changes, and they read it at most once a minute.
"""

from __future__ import annotations

from datetime import datetime

from airflow.models.connection import Connection
from airflow.models.variable import Variable
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.published_list import derive_keys, read_list, write_list
from airflow_thirdparty.wire import ACCOUNTS_VARIABLE, CONN_TYPE

_DESCRIPTION = (
    "Ids of all third-party accounts, for the DAG processors. Written by Airflow itself; no secret."
)


def account_ids(session: Session) -> frozenset[str]:
    """The ids of all accounts, those that live in a secrets backend included.

    :param session: a session
    :return: the ids
    """
    stored = session.scalars(select(Connection.conn_id).where(Connection.conn_type == CONN_TYPE))
    return frozenset(stored) | frozenset(settings.accounts_in_secrets_backend())


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
    row = session.scalar(select(Variable).where(Variable.key == ACCOUNTS_VARIABLE).with_for_update())
    published = (row.get_val() if row is not None else None) or ""
    ids = account_ids(session)
    current = read_list(published, keys[:1])
    if current is not None and current.ids == ids:
        return False
    before = read_list(published, keys)
    # readers keep the latest, also where the clock was set back
    at = max(now.timestamp(), before.at + 1 if before else 0.0)
    text = write_list(ids, at, keys[0])
    if row is None:
        session.add(Variable(ACCOUNTS_VARIABLE, text, _DESCRIPTION))  # type: ignore[no-untyped-call]
    else:
        row.set_val(text)
    return True
