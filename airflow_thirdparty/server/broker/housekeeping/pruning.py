"""Old rows: records of runs that Airflow has deleted, uses long past, consents for DAGs that are gone.

Large tables are gone through in steps, each a short transaction of its own.  Where age tells which rows go, a
step takes the oldest.  Whether a run is gone has nothing to do with age, so there steps walk by id, and the
database remembers how far they came: rows that stay keep none behind them from going.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.server.store import airflow_tables as tables
from airflow_thirdparty.server.store.attempts import WINDOW, Attempts
from airflow_thirdparty.server.store.attributions import BACKFILL, Attribution
from airflow_thirdparty.server.store.base import changed_rows
from airflow_thirdparty.server.store.delegations import DagSighting, Delegation
from airflow_thirdparty.server.store.models import Authorization, Bookmark
from airflow_thirdparty.server.store.notices import FORGOTTEN, ToldNotice
from airflow_thirdparty.server.store.usage import Usage
from airflow_thirdparty.server.store.waits import SERIES, Wait

AT_ONCE = 5000
"""How many rows of a table one step looks at: a fraction of a second, whatever there is."""

STEPS = 10
"""How many steps a round of background work makes while there is more to look at: a million rows are seen
within twenty minutes, and a small table costs one step."""

SETTLING = timedelta(minutes=5)
"""Records younger than this are left alone. A record is written in the transaction that makes its run, except
where that failed; then it comes when the request is answered, and none takes so long."""


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
    :param notices: what an admin was told of things that are gone
    """

    attributions: int
    uses: int
    delegations: int
    sightings: int
    authorizations: int
    attempts: int
    waits: int
    notices: int

    def __bool__(self) -> bool:
        return any(astuple(self))


def _gone(now: datetime) -> ColumnElement[bool]:
    """Airflow has deleted what the record is about, as ``airflow db clean`` does by its own horizon."""
    runs = tables.DAG_RUN.c
    run = exists().where(runs.id == Attribution.run_pk, runs.created_at == Attribution.run_created)
    backfill = exists().where(tables.BACKFILL.c.id == Attribution.backfill_id)
    subject = or_(
        and_(Attribution.kind == BACKFILL, ~backfill),
        and_(Attribution.kind != BACKFILL, ~run),
    )
    return and_(Attribution.at < now - SETTLING, subject)


def _past(now: datetime) -> ColumnElement[bool]:
    return Usage.last_at < now - timedelta(days=settings.keep_uses_days())


def _seen_without_dag(_now: datetime) -> ColumnElement[bool]:
    return ~exists().where(tables.DAG.c.dag_id == DagSighting.dag_id)


def _without_dag(_now: datetime) -> ColumnElement[bool]:
    # else a later DAG of the same id would find the consent
    return ~exists().where(tables.DAG.c.dag_id == Delegation.dag_id)


def _never_finished(now: datetime) -> ColumnElement[bool]:
    return Authorization.expires_at < now


def _window_over(now: datetime) -> ColumnElement[bool]:
    return Attempts.since < now - WINDOW


def _wait_over(now: datetime) -> ColumnElement[bool]:
    return Wait.last_at < now - SERIES


def _long_gone(now: datetime) -> ColumnElement[bool]:
    return ToldNotice.seen_at < now - FORGOTTEN


@dataclass(frozen=True)
class Rule:
    """Which rows of a table are too old.

    :param model: the table
    :param too_old: the condition, given the time
    :param oldest: by what the oldest come first, where only those can be too old
    :param walks: whether any row may be too old, so that steps walk by id
    """

    model: Any
    too_old: Callable[[datetime], ColumnElement[bool]]
    oldest: ColumnElement[datetime] | None = None
    walks: bool = False

    def step(self, session: Session, now: datetime) -> Step:
        """Delete some of the rows that are too old.

        :param session: writes in its transaction
        :param now: the time, in UTC
        :return: how many were deleted, and whether there is more to look at
        """
        if self.walks:
            return self._walk(session, now)
        if self.oldest is None:
            return Step(changed_rows(session, delete(self.model).where(self.too_old(now))), more=False)
        which = select(self.model.id).where(self.too_old(now)).order_by(self.oldest).limit(AT_ONCE)
        ids = session.scalars(which).all()
        return Step(self._delete(session, ids), more=len(ids) == AT_ONCE)

    def _walk(self, session: Session, now: datetime) -> Step:
        name = f"prune {self.model.__tablename__}"
        bookmark = session.get(Bookmark, name)
        after = bookmark.position if bookmark else 0
        row_id = self.model.id
        looked_at = select(row_id).where(row_id > after).order_by(row_id).limit(AT_ONCE).subquery()
        seen, last = session.execute(select(func.count(), func.max(looked_at.c.id))).one()
        more = seen == AT_ONCE
        # the last ones were seen: the next step begins anew
        position = last if more else 0
        if bookmark is None:
            session.add(Bookmark(name=name, position=position))
            session.flush()
        elif bookmark.position != position:
            bookmark.position = position
        if not seen:
            return Step(0, more=False)
        within = row_id.between(after + 1, last)
        ids = session.scalars(select(row_id).where(within, self.too_old(now))).all()
        return Step(self._delete(session, ids), more=more)

    def _delete(self, session: Session, ids: Sequence[int]) -> int:
        return changed_rows(session, delete(self.model).where(self.model.id.in_(ids))) if ids else 0

    def count(self, session: Session, now: datetime) -> int:
        """How many rows are too old.

        :param session: a session
        :param now: the time, in UTC
        :return: their number
        """
        statement = select(func.count()).select_from(self.model).where(self.too_old(now))
        return session.scalar(statement) or 0


@dataclass(frozen=True)
class Step:
    """What one step did.

    :param deleted: how many rows went
    :param more: whether there are rows that this step did not look at
    """

    deleted: int
    more: bool


RULES = {
    "attributions": Rule(Attribution, _gone, walks=True),
    "uses": Rule(Usage, _past, Usage.last_at.expression),
    "delegations": Rule(Delegation, _without_dag),
    "sightings": Rule(DagSighting, _seen_without_dag),
    "authorizations": Rule(Authorization, _never_finished),
    "attempts": Rule(Attempts, _window_over),
    "waits": Rule(Wait, _wait_over),
    "notices": Rule(ToldNotice, _long_gone),
}
"""What is pruned, by the field of :class:`Pruned` that counts it."""

InTransaction = Callable[..., Any]
"""Runs work in a session of its own: called with the work and what it takes beside the session."""


def count(session: Session, now: datetime) -> Pruned:
    """How many rows are too old.

    :param session: a session
    :param now: the time
    :return: their number, by table
    """
    return Pruned(**{name: rule.count(session, now) for name, rule in RULES.items()})


def step(session: Session, now: datetime) -> tuple[Pruned, bool]:
    """Delete some of the rows that are too old; what is left comes with the next step.

    :param session: deletes in its transaction
    :param now: the time
    :return: how many were deleted, and whether there is more to look at
    """
    steps = {name: rule.step(session, now) for name, rule in RULES.items()}
    pruned = Pruned(**{name: done.deleted for name, done in steps.items()})
    return pruned, any(done.more for done in steps.values())


def everything(
    in_transaction: InTransaction, now: datetime, progress: Callable[[Pruned], None] = lambda _pruned: None
) -> Pruned:
    """Delete every row that is too old, in steps.

    :param in_transaction: runs work in a session of its own and commits
    :param now: the time
    :param progress: told after each step how many were deleted so far
    :return: how many were deleted
    """
    total = dict.fromkeys(RULES, 0)
    in_transaction(_begin_anew)
    for name, rule in RULES.items():
        more = True
        while more:
            done = in_transaction(rule.step, now)
            total[name] += done.deleted
            more = done.more
            progress(Pruned(**total))
    return Pruned(**total)


def _begin_anew(session: Session) -> None:
    session.execute(delete(Bookmark))
