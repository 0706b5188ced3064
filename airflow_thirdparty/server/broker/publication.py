"""Publishes which connections are accounts, so that nobody has to look them up while DAG files are parsed."""

from __future__ import annotations

import json

from airflow.models.connection import Connection
from airflow.models.variable import Variable
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.wire import ACCOUNTS_VARIABLE, CONN_TYPE


def publish_account_ids(session: Session) -> bool:
    """Write the ids of all accounts, no secret, into an Airflow variable, when they differ from what it says.

    :return: whether it was written
    """
    ids = set(session.scalars(select(Connection.conn_id).where(Connection.conn_type == CONN_TYPE)))
    text = json.dumps(sorted(ids | set(settings.accounts_in_secrets_backend())))
    row = session.scalar(select(Variable).where(Variable.key == ACCOUNTS_VARIABLE))
    if row is not None and row.get_val() == text:
        return False
    Variable.set(
        ACCOUNTS_VARIABLE,
        text,
        description="Ids of all third-party accounts; kept up to date by airflow-thirdparty.",
        session=session,
    )
    return True
