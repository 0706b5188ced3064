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
    """The ids of all accounts, those that live in a secrets backend included.

    :param session: a session
    :return: the ids
    """
    stored = session.scalars(select(Connection.conn_id).where(Connection.conn_type == CONN_TYPE))
    return frozenset(stored) | frozenset(settings.accounts_in_secrets_backend())


def publish_account_ids(session: Session) -> bool:
    """Write the list when it differs from what is published.

    :param session: writes in its transaction
    :return: whether there was something to write
    """
    row = session.scalar(select(Variable).where(Variable.key == ACCOUNTS_VARIABLE).with_for_update())
    text = json.dumps(sorted(account_ids(session)))
    if row is None:
        session.add(Variable(ACCOUNTS_VARIABLE, text, _DESCRIPTION))  # type: ignore[no-untyped-call]
    elif row.get_val() != text:
        row.set_val(text)
    else:
        return False
    return True
