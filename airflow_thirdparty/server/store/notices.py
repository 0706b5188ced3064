"""What an admin was told already, so that nothing is told twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Index, String, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from airflow_thirdparty.server.store.base import Base, changed_rows

FORGOTTEN = timedelta(days=90)
"""How long after a thing was there last its notice is forgotten."""


class ToldNotice(Base):
    """One thing that was told.

    ``key`` is a digest of what it is about; ``seen_at`` is when the thing was there last.
    """

    __tablename__ = "third_party_notice"
    __table_args__ = (Index("third_party_notice_seen_at_idx", "seen_at"),)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    told_at: Mapped[datetime]
    seen_at: Mapped[datetime]


def untold(session: Session, keys: Collection[str]) -> set[str]:
    """Which of these were not told yet.

    :param session: a session
    :param keys: digests
    :return: those that are new
    """
    known = set(session.scalars(select(ToldNotice.key).where(ToldNotice.key.in_(keys))))
    return set(keys) - known


def claim(session: Session, keys: Collection[str], now: datetime) -> set[str]:
    """Take it upon oneself to tell what was not told yet; others who ask meanwhile wait for this transaction.

    :param session: writes in its transaction, which is to be rolled back if telling fails
    :param keys: digests of all that is there
    :param now: the time, in UTC
    :return: those to be told
    """
    new = sorted(untold(session, keys))
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    claimed = set()
    for key in new:
        statement = dialect.insert(ToldNotice).values(key=key, told_at=now, seen_at=now)
        if changed_rows(session, statement.on_conflict_do_nothing()) == 1:
            claimed.add(key)
    changed_rows(session, update(ToldNotice).where(ToldNotice.key.in_(keys)).values(seen_at=now))
    return claimed
