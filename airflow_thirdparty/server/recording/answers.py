"""Answers to human-in-the-loop tasks, as a session writes them: a choice is no re-run, free input is data."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from airflow_thirdparty.server.broker.acting.answers import asks_for, free_input


def answered(session: Session) -> set[uuid.UUID]:
    """Whose question is being answered.

    :param session: has just been flushed
    :return: ids of task instances
    """
    return {detail.ti_id for detail in _answers(session)}


def with_free_input(session: Session) -> set[tuple[str, str]]:
    """Which runs get data of somebody's own with an answer, from whom their tasks did not ask for it.

    :param session: has just been flushed
    :return: ids of the DAG and of the run
    """
    ids = [
        detail.ti_id
        for detail in _answers(session)
        if free_input(detail) and not asks_for(detail, detail.responded_by_user_id or "")
    ]
    if not ids:
        return set()
    statement = select(TaskInstance.dag_id, TaskInstance.run_id).where(TaskInstance.id.in_(ids))
    return {(row.dag_id, row.run_id) for row in session.connection().execute(statement)}


def _answers(session: Session) -> Iterator[HITLDetail]:
    for obj in (*session.new, *session.dirty):
        if isinstance(obj, HITLDetail) and obj.responded_at and _is_new(obj):
            yield obj


def _is_new(detail: HITLDetail) -> bool:
    attributes: Any = inspect(detail, raiseerr=True).attrs
    return any(attributes[name].history.has_changes() for name in ("responded_at", "params_input"))
