"""What became of the accounts that a task instance asked for, and whom it acts for."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from airflow.models.hitl import HITLDetail
from airflow.models.log import Log
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_thirdparty import exceptions
from airflow_thirdparty.server.broker.acting.answers import free_input
from airflow_thirdparty.server.broker.acting.facts import Acting, RunFacts
from airflow_thirdparty.server.broker.acting.queries import gather
from airflow_thirdparty.server.broker.acting.resolver import acting_user
from airflow_thirdparty.server.broker.telemetry.audit import PREFIX
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store.usage import Usage

REFUSALS_READ = 50
"""How many of the latest refusals of a task instance are looked at: a task asks for a few accounts, a few
times each."""


StartedBy = Literal["person", "task", "schedule", "asset_events", "command_line", "other"]
"""What started a run."""

STARTERS: dict[str, StartedBy] = {
    "ui": "person",
    "rest_api": "person",
    "backfill": "person",
    "operator": "task",
    "timetable": "schedule",
    "asset": "asset_events",
    "cli": "command_line",
}
"""The same by Airflow's own word for it."""


@dataclass(frozen=True)
class TaskInstanceKey:
    """A task instance by its names, all tries of it."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int


@dataclass(frozen=True)
class Asked:
    """What became of one account that the task instance asked for, at last.

    :param person: whose account was used; ``None`` when it was refused
    """

    conn_id: str
    at: datetime
    person: Person | None = None
    error: exceptions.ThirdPartyAccountError | None = None


@dataclass(frozen=True)
class HumanAnswer:
    """What somebody answered to the task instance's question (human in the loop).

    :param user_name: who, as Airflow wrote it down; empty when the time ran out
    :param free_input: names of the fields that were filled in freely; their values are Airflow's to show
    """

    user_name: str
    at: datetime
    options: tuple[str, ...]
    free_input: tuple[str, ...]


@dataclass(frozen=True)
class TaskAccounts:
    """Everything there is to say.

    :param acting: whom the task instance acts for as things are now
    :param how: how that came about, in words
    :param state: the task instance's, as Airflow has it; ``None`` before it is scheduled
    :param started_by: what started the run
    :param answer: what somebody answered to its question, if it had one
    """

    acting: Acting
    how: str
    asked: tuple[Asked, ...]
    state: str | None
    started_by: StartedBy
    answer: HumanAnswer | None = None


def look_up(session: Session, key: TaskInstanceKey, now: datetime) -> TaskAccounts | None:
    """Find out about a task instance; ``None`` when there is none.

    :param session: a session
    :param key: the task instance
    :param now: the time, in UTC
    :return: whom it acts for, and its accounts, the latest first
    """
    found = session.execute(
        select(TaskInstance.id, TaskInstance.state).where(
            TaskInstance.dag_id == key.dag_id,
            TaskInstance.run_id == key.run_id,
            TaskInstance.task_id == key.task_id,
            TaskInstance.map_index == key.map_index,
        )
    ).one_or_none()
    if found is None:
        return None
    ti_id, state = found
    asked = _latest([*_used(session, key), *_refused(session, key)])
    # delegations are for one account, so it matters which one the task asks for
    facts = gather(session, ti_id, asked[0].conn_id if asked else "", now)
    if facts is None:
        return None
    # the question is whom it acts for when it runs, whether or not it runs now
    acting = acting_user(replace(facts, state=facts.asker, started=facts.started or now))
    started_by: StartedBy = STARTERS.get(facts.triggered_by or "", "other")
    answer = _answer(session, ti_id)
    return TaskAccounts(acting, _how(facts, acting), tuple(asked), state, started_by, answer)


def _answer(session: Session, ti_id: uuid.UUID) -> HumanAnswer | None:
    detail = session.get(HITLDetail, ti_id)
    if detail is None or detail.responded_at is None:
        return None
    return HumanAnswer(
        detail.responded_by_user_name or "",
        detail.responded_at,
        tuple(detail.chosen_options or ()),
        free_input(detail),
    )


def _latest(asked: Iterable[Asked]) -> list[Asked]:
    """The last word on each account, the latest first."""
    by_account = {one.conn_id: one for one in sorted(asked, key=lambda one: one.at)}
    return sorted(by_account.values(), key=lambda one: one.at, reverse=True)


def _used(session: Session, key: TaskInstanceKey) -> list[Asked]:
    rows = session.scalars(
        select(Usage).where(
            Usage.dag_id == key.dag_id,
            Usage.run_id == key.run_id,
            Usage.task_id == key.task_id,
            Usage.map_index == key.map_index,
        )
    )
    return [Asked(row.conn_id, row.last_at, person=row.person) for row in rows]


def _refused(session: Session, key: TaskInstanceKey) -> list[Asked]:
    rows = session.execute(
        select(Log.dttm, Log.extra)
        .where(
            Log.event == f"{PREFIX}.refused",
            Log.dag_id == key.dag_id,
            Log.run_id == key.run_id,
            Log.task_id == key.task_id,
            Log.map_index == key.map_index,
        )
        .order_by(Log.id.desc())
        .limit(REFUSALS_READ)
    )
    return [_refusal(row.dttm, json.loads(row.extra or "{}")) for row in rows]


def _refusal(at: datetime, extra: dict[str, Any]) -> Asked:
    return Asked(str(extra.get("account", "")), at, error=exceptions.from_dict(extra))


def _how(facts: RunFacts, acting: Acting) -> str:
    if acting.refusal is not None:
        return f"{acting.refusal.message} {acting.refusal.remedy}"
    if acting.delegated:
        return f"They delegated account '{facts.conn_id}' to this DAG."
    ways = {
        "operator": "The task that triggered this run acted for them.",
        "backfill": "They created the backfill that this run belongs to.",
    }
    return ways.get(facts.triggered_by or "", "They triggered this run.")
