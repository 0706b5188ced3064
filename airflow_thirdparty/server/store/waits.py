"""How often a task was told to ask again: counted in the database, for all API server processes at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Index, Integer, String, UniqueConstraint, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from airflow_thirdparty.server.store.base import CONN_ID, Base, changed_rows

SERIES = timedelta(minutes=2)
"""How long after a wait the next one is one of the same question: longer than a worker's client pauses
between two tries (8 seconds as Airflow comes), shorter than until a token is close to its end again."""


class Wait(Base):
    """How often one task instance was told to ask again for one account.

    ``last_at`` is when it was told so last.
    """

    __tablename__ = "third_party_wait"
    __table_args__ = (
        UniqueConstraint("ti_id", "conn_id", name="third_party_wait_uq"),
        Index("third_party_wait_last_at_idx", "last_at"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    ti_id: Mapped[str] = mapped_column(String(36))
    conn_id: Mapped[str] = mapped_column(CONN_ID)
    number: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime]


def count_wait(session: Session, ti_id: str, conn_id: str, now: datetime) -> int:
    """Count that a task instance is told to ask again.

    :param session: writes in its transaction
    :param ti_id: the task instance
    :param conn_id: id of the account
    :param now: the time, in UTC
    :return: the how manieth time in this series it is
    """
    ours = (Wait.ti_id == ti_id, Wait.conn_id == conn_id)
    begins = now - SERIES
    once_more = update(Wait).where(*ours, Wait.last_at > begins).values(number=Wait.number + 1, last_at=now)
    anew = update(Wait).where(*ours, Wait.last_at <= begins).values(number=1, last_at=now)
    if not changed_rows(session, once_more) and not changed_rows(session, anew):
        try:
            with session.begin_nested():
                session.add(Wait(ti_id=ti_id, conn_id=conn_id, number=1, last_at=now))
        except IntegrityError:
            changed_rows(session, once_more)  # another process was first: count on its row
    return session.scalar(select(Wait.number).where(*ours)) or 1
