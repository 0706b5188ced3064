"""How often people hand over credentials of their own: counted in the database, for all processes at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Index, Integer, UniqueConstraint, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store.base import CONN_ID, Base, PersonColumns, changed_rows

MOST = 10
"""Attempts in one window: more than anybody needs who mistypes a key, far fewer than a program makes."""

WINDOW = timedelta(minutes=10)
"""How long attempts are counted together; as long as a sign-in at a service may take."""


class Attempts(PersonColumns, Base):
    """One person's attempts to sign in to one account with a credential of their own, in one window.

    ``since`` is when the window began.
    """

    __tablename__ = "third_party_attempts"
    __table_args__ = (
        UniqueConstraint(
            "auth_manager", "user_id", "user_created", "conn_id", name="third_party_attempts_uq"
        ),
        Index("third_party_attempts_since_idx", "since"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    conn_id: Mapped[str] = mapped_column(CONN_ID)
    since: Mapped[datetime]
    number: Mapped[int] = mapped_column(Integer)


def count_attempt(session: Session, person: Person, conn_id: str, now: datetime) -> timedelta | None:
    """Count an attempt, unless there were too many.

    Each statement decides and writes at once, so that attempts at the same time are all counted.

    :param session: writes in its transaction, which is the caller's to commit whatever comes of the attempt
    :param person: who tries
    :param conn_id: id of the account
    :param now: the time, in UTC
    :return: ``None`` if the attempt may go on, else how long to wait
    """
    ours = (Attempts.belongs_to(person.key), Attempts.conn_id == conn_id)
    begins = now - WINDOW
    once_more = update(Attempts).where(*ours, Attempts.since > begins, Attempts.number < MOST)
    anew = update(Attempts).where(*ours, Attempts.since <= begins)
    for _ in range(2):
        if changed_rows(session, once_more.values(number=Attempts.number + 1)):
            return None
        if changed_rows(session, anew.values(number=1, since=now)):
            return None
        since = session.scalar(select(Attempts.since).where(*ours))
        if since is not None:
            return since + WINDOW - now
        try:
            with session.begin_nested():
                row = Attempts(conn_id=conn_id, since=now, number=1, **Attempts.person_values(person))
                session.add(row)
        except IntegrityError:
            continue  # another process was first: count on its row
        return None
    return WINDOW
