"""Old rows: records of runs that Airflow has deleted, uses long past, consents for DAGs that are gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any

from airflow.models.backfill import Backfill
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.server.store.attempts import WINDOW, Attempts
from airflow_thirdparty.server.store.attributions import BACKFILL, Attribution
from airflow_thirdparty.server.store.base import changed_rows
from airflow_thirdparty.server.store.delegations import DagSighting, Delegation
from airflow_thirdparty.server.store.models import Authorization
from airflow_thirdparty.server.store.usage import Usage
from airflow_thirdparty.server.store.waits import SERIES, Wait

AT_ONCE = 1000
"""How many of the oldest rows one step looks at, so that it is quick whatever there is."""

SETTLING = timedelta(hours=1)
"""Records younger than this are left alone: their run may be in a transaction that is not committed yet, and
none lasts an hour."""


@dataclass(frozen=True)
class Pruned:
    """How many rows are, or were, too old.

    :param attributions: records of who caused what, whose run or backfill is gone
    :param uses: uses of sign-ins, past the time they are kept
    :param delegations: delegations to DAGs that are gone
    :param sightings: notes on where DAGs that are gone were parsed from
    :param authorizations: sign-ins that were begun and never finished
    :param attempts: counts of sign-in attempts whose window is over
    :param waits: counts of tasks' waits that are over
    """

    attributions: int
    uses: int
    delegations: int
    sightings: int
    authorizations: int
    attempts: int
    waits: int

    def __bool__(self) -> bool:
        return any(astuple(self))


def _gone(now: datetime) -> ColumnElement[bool]:
    """Airflow has deleted what the record is about, as ``airflow db clean`` does by its own horizon."""
    run = exists().where(DagRun.id == Attribution.run_pk, DagRun.created_at == Attribution.run_created)
    backfill = exists().where(Backfill.id == Attribution.backfill_id)
    subject = or_(
        and_(Attribution.kind == BACKFILL, ~backfill),
        and_(Attribution.kind != BACKFILL, ~run),
    )
    return and_(Attribution.at < now - SETTLING, subject)


def _past(now: datetime) -> ColumnElement[bool]:
    return Usage.last_at < now - timedelta(days=settings.keep_uses_days())


def _seen_without_dag(_now: datetime) -> ColumnElement[bool]:
    return ~exists().where(DagModel.dag_id == DagSighting.dag_id)


def _without_dag(_now: datetime) -> ColumnElement[bool]:
    # else a later DAG of the same id would find the consent
    return ~exists().where(DagModel.dag_id == Delegation.dag_id)


def _never_finished(now: datetime) -> ColumnElement[bool]:
    return Authorization.expires_at < now


def _window_over(now: datetime) -> ColumnElement[bool]:
    return Attempts.since < now - WINDOW


def _wait_over(now: datetime) -> ColumnElement[bool]:
    return Wait.last_at < now - SERIES


@dataclass(frozen=True)
class Rule:
    """Which rows of a table are too old.

    :param model: the table
    :param too_old: the condition, given the time
    :param oldest: what the table is ordered by where a step looks at some of its rows only; ``None`` for a
        small table
    """

    model: Any
    too_old: Callable[[datetime], ColumnElement[bool]]
    oldest: ColumnElement[datetime] | None = None

    def delete_all(self, session: Session, now: datetime) -> int:
        """Delete every row that is too old; how many there were.

        :param session: writes in its transaction
        :param now: the time, in UTC
        :return: how many were deleted
        """
        return changed_rows(session, delete(self.model).where(self.too_old(now)))

    def delete_some(self, session: Session, now: datetime) -> int:
        """Delete those of the oldest rows that are too old; how many there were.

        :param session: writes in its transaction
        :param now: the time, in UTC
        :return: how many were deleted
        """
        if self.oldest is None:
            return self.delete_all(session, now)
        looked_at = select(self.model.id).order_by(self.oldest).limit(AT_ONCE).subquery()
        which = and_(self.model.id.in_(select(looked_at.c.id)), self.too_old(now))
        return changed_rows(session, delete(self.model).where(which))

    def count(self, session: Session, now: datetime) -> int:
        """How many rows are too old.

        :param session: a session
        :param now: the time, in UTC
        :return: their number
        """
        statement = select(func.count()).select_from(self.model).where(self.too_old(now))
        return session.scalar(statement) or 0


RULES = {
    "attributions": Rule(Attribution, _gone, Attribution.at.expression),
    "uses": Rule(Usage, _past, Usage.last_at.expression),
    "delegations": Rule(Delegation, _without_dag),
    "sightings": Rule(DagSighting, _seen_without_dag),
    "authorizations": Rule(Authorization, _never_finished),
    "attempts": Rule(Attempts, _window_over),
    "waits": Rule(Wait, _wait_over),
}
"""What is pruned, by the field of :class:`Pruned` that counts it."""


def count(session: Session, now: datetime) -> Pruned:
    """How many rows are too old.

    :param session: a session
    :param now: the time
    :return: their number, by table
    """
    return Pruned(**{name: rule.count(session, now) for name, rule in RULES.items()})


def step(session: Session, now: datetime) -> Pruned:
    """Delete some of the oldest rows that are too old; what is left comes with the next step.

    :param session: deletes in its transaction
    :param now: the time
    :return: how many were deleted
    """
    return Pruned(**{name: rule.delete_some(session, now) for name, rule in RULES.items()})


def everything(session: Session, now: datetime) -> Pruned:
    """Delete every row that is too old.

    :param session: deletes in its transaction
    :param now: the time
    :return: how many were deleted
    """
    return Pruned(**{name: rule.delete_all(session, now) for name, rule in RULES.items()})
