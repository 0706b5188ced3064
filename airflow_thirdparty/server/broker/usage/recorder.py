"""Usage: which task instances used whose sign-in, when and how often.

Handing out an access token only notes the use in memory.  A background task writes it, at most once a minute
per task instance and account, so that it costs the answer nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from airflow_thirdparty.server.broker.acting.facts import RunFacts
from airflow_thirdparty.server.broker.database import in_database, utcnow
from airflow_thirdparty.server.broker.telemetry import metrics
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store.usage import Usage

log = logging.getLogger(__name__)

INTERVAL = timedelta(minutes=1)
"""How long the uses of one task instance and account are gathered before they are written again."""

FIRST = 0.2
"""Seconds before a first use is written, so that those of many tasks are written together."""

MOST = 50_000
"""More task instances than this are not remembered at a time, which bounds the memory while the database is
gone; further ones are left out, with a log line."""

Write = Callable[..., Awaitable[None]]
"""Runs work on the database: called with the work and what it takes beside the session."""


@dataclass
class Entry:
    """What one task instance did with one account lately.

    :param times: uses that are not written yet
    :param due: when they are
    """

    person: Person
    facts: RunFacts
    first_at: datetime
    last_at: datetime
    times: int
    due: datetime


class UsageRecorder:
    """Remembers uses and writes them in the background.

    :param write: runs work on the database
    :param clock: tells the time
    """

    def __init__(self, write: Write = in_database, clock: Callable[[], datetime] = utcnow) -> None:
        self._write = write
        self._clock = clock
        self._entries: dict[tuple[str, str], Entry] = {}
        self._writer: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._ending = False

    def note(self, ti_id: str, person: Person, facts: RunFacts) -> None:
        """Note that a task instance was handed somebody's access token.

        :param ti_id: the task instance
        :param person: whose token it was
        :param facts: what was found out about it
        """
        now = self._clock()
        key = (str(ti_id), facts.conn_id)
        entry = self._entries.get(key)
        if entry is not None:
            entry.times += 1
            entry.last_at = now
            return
        if len(self._entries) >= MOST:
            log.warning("Too many uses wait to be written; one of account '%s' is left out", facts.conn_id)
            return
        self._entries[key] = Entry(person, facts, now, now, 1, now + timedelta(seconds=FIRST))
        if self._writer is None or self._writer.done():
            self._news = asyncio.Event()  # belongs to the loop that is running now
            self._writer = asyncio.get_running_loop().create_task(self._write_until_empty())
        self._news.set()

    async def drain(self) -> None:
        """Write what is left; for the end of the process."""
        if self._writer is not None and not self._writer.done():
            # not cancelled: what it may be writing just now would be lost
            self._ending = True
            self._news.set()
            await self._writer
            self._ending = False
        await self.write_due(everything=True)

    async def _write_until_empty(self) -> None:
        while self._entries and not self._ending:
            self._news.clear()
            next_due = min(entry.due for entry in self._entries.values())
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._news.wait(), max((next_due - self._clock()).total_seconds(), 0))
                await asyncio.sleep(FIRST)
            await self.write_due()

    async def write_due(self, everything: bool = False) -> None:
        """Write the uses that are due, and forget the task instances that are quiet.

        :param everything: also what is not due yet
        """
        now = self._clock()
        due = {key: entry for key, entry in self._entries.items() if everything or entry.due <= now}
        # in one order in every process, so that they do not wait for each other in a circle
        rows = [_row(*key, entry) for key, entry in sorted(due.items(), key=itemgetter(0)) if entry.times]
        for key, entry in due.items():
            if entry.times:
                entry.times, entry.due = 0, now + INTERVAL
            else:
                del self._entries[key]
        if not rows:
            return
        try:
            await self._write(write, rows)
        except Exception:
            # people are told where their sign-ins were used as well as can be; tasks do not wait for it
            log.warning("%d uses of sign-ins could not be written", len(rows), exc_info=True)


def _row(ti_id: str, conn_id: str, entry: Entry) -> dict[str, Any]:
    facts = entry.facts
    return {
        **Usage.person_values(entry.person),
        "ti_id": ti_id,
        "conn_id": conn_id,
        "dag_id": facts.dag_id,
        "run_id": facts.run_id,
        "task_id": facts.task_id,
        "map_index": facts.map_index,
        "try_number": facts.try_number,
        "first_at": entry.first_at,
        "last_at": entry.last_at,
        "times": entry.times,
    }


def write(session: Session, rows: Iterable[dict[str, Any]]) -> None:
    """Write uses down, one statement for all of them.

    :param session: writes in its transaction
    :param rows: columns of :class:`~airflow_thirdparty.server.store.usage.Usage`
    """
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(Usage)
    statement = statement.on_conflict_do_update(
        index_elements=[Usage.ti_id, Usage.conn_id],
        set_={"last_at": statement.excluded.last_at, "times": Usage.times + statement.excluded.times},
    )
    session.execute(statement, list(rows))


@cache
def usage_recorder() -> UsageRecorder:
    """The recorder of this process."""
    return UsageRecorder()


def note_issued(ti_id: str, person: Person, facts: RunFacts) -> None:
    """Count an access token that is handed out, and note whose it is and where it is used.

    :param ti_id: the task instance
    :param person: whose token it is
    :param facts: what was found out about the task instance
    """
    metrics.issued(facts.conn_id)
    usage_recorder().note(ti_id, person, facts)
