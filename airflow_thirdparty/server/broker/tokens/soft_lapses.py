"""Refusals in words nobody knows: when they mean that a person has to sign in again.

Nothing is deleted for them, the sign-in is still tried at long intervals, and a success ends them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from airflow_thirdparty.server.store.base import changed_rows
from airflow_thirdparty.server.store.models import SignIn

TIMES = 5
"""How often a sign-in has to be refused before its person is asked to sign in again: once or twice is what a
service says while it is being changed."""

LASTING = timedelta(hours=1)
"""And for how long: most mishaps of a service are mended within the hour."""

SEVERAL = 3
"""From how many sign-ins on it is the service's trouble: two people may well have lost theirs by chance."""

TOGETHER = timedelta(hours=1)
"""Within which time they have failed so: every one that is asked for is tried several times meanwhile."""

INTERVAL = timedelta(minutes=45)
"""How often a sign-in that has softly lapsed is tried: less than :data:`TOGETHER`, so that those whom one
trouble of the service has hit are seen together."""

DAY = timedelta(days=1)
"""After which a sign-in that has softly lapsed is tried less often: its person was asked by then."""

LONGEST_INTERVAL = timedelta(hours=6)
"""The same after a day: by then the person had better sign in."""


@dataclass(frozen=True)
class Judged:
    """What a refusal means.

    :param columns: what to write into the sign-in's row
    :param since: since when it has softly lapsed; ``None`` when it has not
    :param is_news: whether it had not before
    :param withdrawn: how many sign-ins prove not to have lapsed
    """

    columns: dict[str, Any]
    since: datetime | None = None
    is_news: bool = False
    withdrawn: int = 0


def judge(session: Session, row: SignIn, now: datetime, *, certain: bool = False) -> Judged:
    """Judge a refusal that nobody knows the meaning of.

    :param session: writes in its transaction
    :param row: the sign-in that was refused, as it was before
    :param now: the time, in UTC
    :param certain: the service refused twice, in two places, so that only trouble of its own is in doubt
    :return: what it means
    """
    times, since = (row.unknown_times or 0) + 1, row.unknown_since or now
    columns = {"unknown_times": times, "unknown_since": since, "unknown_at": now}
    before = row.soft_lapsed_at
    if before is None and not certain and (times < TIMES or now - since < LASTING):
        return Judged(columns)
    # pages or silence may have come between its last refusal and this one
    last = row.unknown_at or now
    if _fail_together(session, row, last):
        succeeded_at = _last_success(session, row.conn_id, signing_in=certain)
        if succeeded_at is None or succeeded_at <= max(since, min(last, now - TOGETHER)):
            withdrawn = _withdraw(session, row.conn_id, succeeded_at, now)
            # one that lapsed while others succeeded has lapsed, whatever the service does now
            kept = before if succeeded_at is not None and since <= succeeded_at else None
            return Judged({**columns, "soft_lapsed_at": kept}, kept, withdrawn=withdrawn)
    lapsed_at = before or now
    return Judged({**columns, "soft_lapsed_at": lapsed_at}, lapsed_at, before is None)


def interval(since: datetime, now: datetime) -> timedelta:
    """How long to leave a sign-in alone that has softly lapsed.

    :param since: since when it has
    :param now: the time, in UTC
    :return: the time to its next try
    """
    return INTERVAL if now - since < DAY else LONGEST_INTERVAL


def _fail_together(session: Session, row: SignIn, last: datetime) -> bool:
    """Whether several sign-ins were refused within an hour of one of this one's refusals."""
    others = select(SignIn.id).where(
        SignIn.conn_id == row.conn_id,
        SignIn.id != row.id,
        SignIn.lapsed_at.is_(None),
        SignIn.unknown_at >= last - TOGETHER,
    )
    return len(session.scalars(others.limit(SEVERAL - 1)).all()) == SEVERAL - 1


def _last_success(session: Session, conn_id: str, *, signing_in: bool) -> datetime | None:
    """When a sign-in was last refreshed; or made, where there is nothing to refresh."""
    refreshed_at = SignIn.refreshed_at
    succeeded_at = func.coalesce(refreshed_at, SignIn.signed_in_at) if signing_in else refreshed_at
    return session.scalar(select(func.max(succeeded_at)).where(SignIn.conn_id == conn_id))


def _withdraw(session: Session, conn_id: str, succeeded_at: datetime | None, now: datetime) -> int:
    """End the soft lapses that began after the last success: they were the service's trouble, too."""
    statement = update(SignIn).where(SignIn.conn_id == conn_id, SignIn.soft_lapsed_at.is_not(None))
    if succeeded_at is not None:
        statement = statement.where(or_(SignIn.unknown_since.is_(None), SignIn.unknown_since > succeeded_at))
    return changed_rows(session, statement.values(soft_lapsed_at=None, retry_at=now))
