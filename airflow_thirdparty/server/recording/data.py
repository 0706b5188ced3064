"""Whose data a session changes: the XComs by which the tasks of a run speak to each other.

New and changed ones are seen when they are flushed.  Airflow deletes them, and replaces them, by statements,
which no flush shows: those are looked at before they run.
"""

from __future__ import annotations

import uuid

from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancehistory import TaskInstanceHistory
from airflow.models.xcom import XComModel
from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import ORMExecuteState, Session

Key = tuple[str, str]
"""Ids of a DAG and of a run of it."""


def flushed(session: Session) -> set[Key]:
    """Which runs get, change or lose XComs by objects.

    :param session: has just been flushed
    :return: the runs
    """
    return {
        (obj.dag_id, obj.run_id)
        for obj in (*session.new, *session.dirty, *session.deleted)
        if isinstance(obj, XComModel)
    }


def is_touched_by(state: ORMExecuteState) -> bool:
    """Whether a statement deletes or changes XComs.

    :param state: the statement, about to run
    :return: whether :func:`touched_by` has to be asked
    """
    if not (state.is_delete or state.is_update):
        return False
    return state.bind_mapper is not None and issubclass(state.bind_mapper.class_, XComModel)


def touched_by(state: ORMExecuteState) -> set[Key]:
    """Which runs lose or change XComs by a statement: those of the rows that it would hit now.

    :param state: the statement, about to run
    :return: the runs
    """
    criteria = state.statement.whereclause  # type: ignore[attr-defined]  # a delete or an update has one
    hit = select(XComModel.dag_id, XComModel.run_id).distinct()
    if criteria is not None:
        hit = hit.where(criteria)
    return {(row.dag_id, row.run_id) for row in state.session.connection().execute(hit)}


def run_of(connection: Connection, ti_id: uuid.UUID) -> Key | None:
    """Which run a task instance belongs to: one look-up by primary key, a second one for an earlier try.

    :param connection: to the database
    :param ti_id: the task instance, as its token names it
    :return: ``None`` when Airflow does not know it any more
    """
    current = select(TaskInstance.dag_id, TaskInstance.run_id).where(TaskInstance.id == ti_id)
    earlier = select(TaskInstanceHistory.dag_id, TaskInstanceHistory.run_id).where(
        TaskInstanceHistory.task_instance_id == ti_id
    )
    row = connection.execute(current).first() or connection.execute(earlier).first()
    return None if row is None else (row.dag_id, row.run_id)
