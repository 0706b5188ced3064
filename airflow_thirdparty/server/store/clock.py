"""The time: this machine's, and the one that all API servers agree on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def utcnow() -> datetime:
    """The time of this machine, as an aware datetime."""
    return datetime.now(timezone.utc)


class Clock(Protocol):
    """Tells the time; tests step it."""

    def __call__(self) -> datetime:
        """The time, as an aware datetime."""

    def measure(self, session: Session) -> None:
        """Find out how far this machine's clock is off, where that matters.

        :param session: a session
        """


class DatabaseClock:
    """The time as the database server tells it.

    API servers compare each other's times: until when a lease holds, when a token expires.  Were their clocks
    apart by more than a lease lasts, two would refresh at once.  The difference is measured now and then, so
    telling the time costs no query.

    :param local: this machine's time
    """

    def __init__(self, local: Callable[[], datetime] = utcnow) -> None:
        self._local = local
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        """The time, as an aware datetime."""
        return self._local() + self._ahead

    def measure(self, session: Session) -> None:
        """Ask the database for the time; SQLite has none but this machine's.

        :param session: a session
        """
        if session.get_bind().dialect.name != "postgresql":
            self._ahead = timedelta(0)
            return
        before = self._local()
        told = session.scalar(select(func.clock_timestamp()))
        if told is not None:
            self._ahead = told - (before + (self._local() - before) / 2)
