"""Tells the DAG processors which connections are accounts: their ids, no secret, in an Airflow variable.

DAG processors may have no database, and looking up every connection while parsing would be slow, so the list
is published when it changes, and they read it at most once a minute.
"""

from __future__ import annotations

import json

from airflow.models.connection import Connection
from airflow.models.variable import Variable
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.wire import ACCOUNTS_VARIABLE, CONN_TYPE

_DESCRIPTION = (
    "Ids of all third-party accounts, for the DAG processors. Written by Airflow itself; no secret."
)


def account_ids(session: Session) -> frozenset[str]:
    """The ids of all accounts, with what this session is about to write.

    :param session: a session, also one that is being flushed
    """
    with session.no_autoflush:
        rows = session.execute(
            select(Connection.id, Connection.conn_id).where(Connection.conn_type == CONN_TYPE)
        )
        stored: dict[object, str] = {row.id: row.conn_id for row in rows}
    for pending in (*session.dirty, *session.deleted):
        if isinstance(pending, Connection):
            stored.pop(pending.id, None)
    waiting = [obj for obj in (*session.new, *session.dirty) if isinstance(obj, Connection)]
    saved = {str(obj.conn_id) for obj in waiting if obj.conn_type == CONN_TYPE}
    return frozenset(stored.values()) | saved | frozenset(settings.accounts_in_secrets_backend())


def publish_account_ids(session: Session) -> bool:
    """Write the list when it differs from what is published.

    Does not commit or flush, so that it can run before a flush and in the transaction that saves an account.

    :param session: the session that saves accounts, or one of its own
    :return: whether there was something to write
    """
    with session.no_autoflush:
        # the row's lock comes first: of two who save accounts at the same time the second sees the first's
        row = session.scalar(select(Variable).where(Variable.key == ACCOUNTS_VARIABLE).with_for_update())
        row = row or _pending(session)
        text = json.dumps(sorted(account_ids(session)))
        if row is None:
            row = Variable(ACCOUNTS_VARIABLE, text, _DESCRIPTION)  # type: ignore[no-untyped-call]
            session.add(row)
        elif row.get_val() != text:
            row.set_val(text)
        else:
            return False
    return True


def _pending(session: Session) -> Variable | None:
    rows = (obj for obj in session.new if isinstance(obj, Variable) and obj.key == ACCOUNTS_VARIABLE)
    return next(rows, None)
