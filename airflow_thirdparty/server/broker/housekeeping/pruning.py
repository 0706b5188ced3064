"""Old rows: records of runs that Airflow has deleted, uses long past, consents for DAGs that are gone."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

from airflow.models.backfill import Backfill
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.server.store.attributions import BACKFILL, Attribution
from airflow_thirdparty.server.store.base import changed_rows
from airflow_thirdparty.server.store.delegations import Delegation
from airflow_thirdparty.server.store.models import Authorization
from airflow_thirdparty.server.store.usage import Usage

AT_ONCE = 1000
"""How many of the oldest rows one step looks at, so that it is quick whatever there is."""

SETTLING = timedelta(hours=1)
"""Records younger than this are left alone: their run may be in a transaction that is not committed yet."""


@dataclass(frozen=True)
class Pruned:
    """How many rows are, or were, too old.

    :param attributions: records of who caused what, whose run or backfill is gone
    :param uses: uses of sign-ins, past the time they are kept
    :param delegations: delegations to DAGs that are gone
    :param authorizations: sign-ins that were begun and never finished
    """

    attributions: int
    uses: int
    delegations: int
    authorizations: int

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


def _without_dag() -> ColumnElement[bool]:
    # else a later DAG of the same id would find the consent
    return ~exists().where(DagModel.dag_id == Delegation.dag_id)


def count(session: Session, now: datetime) -> Pruned:
    """How many rows are too old."""

    def how_many(model: type, which: ColumnElement[bool]) -> int:
        return session.scalar(select(func.count()).select_from(model).where(which)) or 0

    return Pruned(
        attributions=how_many(Attribution, _gone(now)),
        uses=how_many(Usage, _past(now)),
        delegations=how_many(Delegation, _without_dag()),
        authorizations=how_many(Authorization, Authorization.expires_at < now),
    )


def step(session: Session, now: datetime) -> Pruned:
    """Delete some of the oldest rows that are too old; what is left comes with the next step."""

    def some(
        model: type[Attribution] | type[Usage], oldest: ColumnElement[datetime], which: ColumnElement[bool]
    ) -> int:
        looked_at = select(model.id).order_by(oldest).limit(AT_ONCE).subquery()
        return _delete(session, model, and_(model.id.in_(select(looked_at.c.id)), which))

    return Pruned(
        attributions=some(Attribution, Attribution.at.expression, _gone(now)),
        uses=some(Usage, Usage.last_at.expression, _past(now)),
        delegations=_delete(session, Delegation, _without_dag()),
        authorizations=_delete(session, Authorization, Authorization.expires_at < now),
    )


def everything(session: Session, now: datetime) -> Pruned:
    """Delete every row that is too old."""
    return Pruned(
        attributions=_delete(session, Attribution, _gone(now)),
        uses=_delete(session, Usage, _past(now)),
        delegations=_delete(session, Delegation, _without_dag()),
        authorizations=_delete(session, Authorization, Authorization.expires_at < now),
    )


def _delete(session: Session, model: type, which: ColumnElement[bool]) -> int:
    return changed_rows(session, delete(model).where(which))
