"""Audit rows in Airflow's own event log: who signed in, out, lapsed, was refused; never a secret."""

from __future__ import annotations

import json
from typing import Any

from airflow.models.log import Log
from sqlalchemy import insert
from sqlalchemy.orm import Session

from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store.clock import utcnow

PREFIX = "third_party_account"
"""How the events of this package begin in Airflow's event log."""

INSERT = insert(Log.__table__).inline()
"""Writes one row; nothing is read back."""


def write(
    session: Session,
    /,
    event: str,
    *,
    conn_id: str | None = None,
    person: Person | None = None,
    run: tuple[str, str, str, int] | None = None,
    dag_id: str | None = None,
    **details: Any,
) -> None:
    """Add an audit row.

    :param session: writes in its transaction
    :param event: what happened, such as ``sign_in``
    :param conn_id: id of the account; ``None`` where it is about none
    :param person: who did it, or whom it happened to
    :param run: dag id, task id, run id and map index of the task instance it is about
    :param dag_id: the DAG it is about, where that is no task instance
    :param **details: short texts and numbers that may be shown to an admin
    """
    values = row(event, conn_id=conn_id, person=person, run=run, dag_id=dag_id, **details)
    session.connection().execute(INSERT, values)


def row(
    event: str,
    *,
    conn_id: str | None = None,
    person: Person | None = None,
    run: tuple[str, str, str, int] | None = None,
    dag_id: str | None = None,
    **details: Any,
) -> dict[str, Any]:
    """An audit row as it is written, see :func:`write`.

    :param event: what happened, such as ``sign_in``
    :param conn_id: id of the account; ``None`` where it is about none
    :param person: who did it, or whom it happened to
    :param run: dag id, task id, run id and map index of the task instance it is about
    :param dag_id: the DAG it is about, where that is no task instance
    :param **details: short texts and numbers that may be shown to an admin
    :return: the parameters of :data:`INSERT`
    """
    dag_id, task_id, run_id, map_index = run or (dag_id, None, None, None)
    about = {} if conn_id is None else {"account": conn_id}
    return {
        "dttm": utcnow(),
        "event": f"{PREFIX}.{event}",
        "owner": person.name if person else None,
        "dag_id": dag_id,
        "task_id": task_id,
        "run_id": run_id,
        "map_index": map_index,
        "extra": json.dumps({**about, **details}, sort_keys=True),
    }
