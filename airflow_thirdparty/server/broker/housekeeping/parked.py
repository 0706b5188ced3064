"""Resumes tasks that are parked until their person has signed in.

A task that waits so is one of Airflow's *required actions* (state ``awaiting_input``, from 3.3 on): it holds
neither worker nor triggerer.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.utils.state import TaskInstanceState
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.server.broker.acting import queries
from airflow_thirdparty.server.broker.acting.facts import PARKED
from airflow_thirdparty.server.broker.acting.resolver import acting_user
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.broker.tokens.broker import TokenBroker
from airflow_thirdparty.server.broker.tokens.freshness import TokenRequirements
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import airflow_tables as tables
from airflow_thirdparty.wire import RESUME_METHOD

log = logging.getLogger(__name__)

SETTLES = timedelta(seconds=15)
"""How long a task must have been parked. Airflow fails one that is resumed before its scheduler has seen the
end of the process that parked it; 5 seconds were not enough on a busy machine."""

AT_ONCE = 100
"""Tasks looked at in one round, so that a round stays short; the others come in the next ones."""


def how_many_wait(session: Session, now: datetime) -> int:
    """How many parked tasks there are to look at.

    :param session: a session
    :param now: the time, in UTC
    :return: none in nearly every round
    """
    if not hasattr(TaskInstanceState, PARKED.upper()):
        return 0  # Airflow 3.2 parks nothing
    return session.scalar(_parked(now, func.count())) or 0


def resume(session: Session, broker: TokenBroker, now: datetime, first: int = 0) -> int:
    """Resume parked tasks whose person has signed in since.

    :param session: writes in its transaction
    :param broker: says whether a sign-in can be used
    :param now: the time, in UTC
    :param first: how many to pass over; :data:`AT_ONCE` of the others are looked at
    :return: how many were resumed
    """
    task, detail = tables.TASK_INSTANCE.c, tables.HITL_DETAIL.c
    columns = _parked(now, task.id, task.next_kwargs)
    waiting = columns.order_by(detail.created_at, task.id).offset(first).limit(AT_ONCE)
    return sum(
        _is_resumed(session, broker, ti_id, kwargs, now) for ti_id, kwargs in session.execute(waiting).all()
    )


def _is_resumed(session: Session, broker: TokenBroker, ti_id: Any, kwargs: Any, now: datetime) -> bool:
    """Look at one; what stands there is its DAG's, and keeps no other waiting."""
    try:
        with session.begin_nested():
            person = _signed_in(session, broker, ti_id, _accounts(kwargs), now)
            return person is not None and _resume(session, ti_id, person, now)
    except Exception as error:
        log.info("The parked task instance %s cannot be looked at: %s", ti_id, type(error).__name__)
        return False


def _parked(now: datetime, *columns: Any) -> Select[Any]:
    task, detail = tables.TASK_INSTANCE.c, tables.HITL_DETAIL.c
    return (
        select(*columns)
        .select_from(tables.TASK_INSTANCE)
        .join(tables.HITL_DETAIL, detail.ti_id == task.id)
        .where(
            task.state == PARKED,
            task.next_method == RESUME_METHOD,
            detail.responded_at.is_(None),
            detail.created_at <= now - SETTLES,
        )
    )


def _accounts(kwargs: Any) -> dict[str, list[str]]:
    """The scopes that the task needs, by account, as our operator wrote them down."""
    from airflow.sdk.serde import deserialize

    arguments: Any = deserialize(kwargs)
    return dict(arguments["third_party_accounts"])


def _signed_in(
    session: Session, broker: TokenBroker, ti_id: Any, accounts: dict[str, list[str]], now: datetime
) -> Person | None:
    """Whom the task acts for, if they are signed in to all the accounts."""
    person = None
    try:
        for conn_id, scopes in accounts.items():
            account = registrations.find(session, conn_id)
            facts = queries.gather(
                session, ti_id, conn_id, now, asker=PARKED, allowed_dags=account.allowed_dags
            )
            if facts is None:
                return None
            person = acting_user(facts).demand()
            if broker.look_up(session, person, account, TokenRequirements(tuple(scopes))).doubted:
                return None
    except ThirdPartyAccountError:
        return None
    return person


def _resume(session: Session, ti_id: Any, person: Person, now: datetime) -> bool:
    """Answer in the person's name, as Airflow does when they press the button; the task is locked first."""
    from airflow.models.trigger import handle_event_submit
    from airflow.triggers.base import TriggerEvent

    lock = select(TaskInstance).where(TaskInstance.id == ti_id).with_for_update(of=TaskInstance)
    instance = session.scalar(lock.execution_options(populate_existing=True))
    detail = session.get(HITLDetail, ti_id, populate_existing=True)
    if instance is None or instance.state != PARKED or detail is None or detail.responded_at is not None:
        return False
    detail.responded_at = now
    detail.responded_by = {"id": person.user_id, "name": person.name}
    detail.chosen_options = list(detail.options)
    event = TriggerEvent(detail.as_resume_event_payload())  # type: ignore[no-untyped-call]  # Airflow's
    handle_event_submit(event, task_instance=instance, session=session)
    return True
