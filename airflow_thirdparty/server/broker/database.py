"""The one way in which asynchronous code reaches the database: short work in a worker thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from airflow.utils.session import create_session
from anyio.lowlevel import RunVar
from sqlalchemy.orm import Session

from airflow_thirdparty.server.store.clock import DatabaseClock, utcnow

__all__ = ["clock", "in_database", "in_transaction", "utcnow"]

T = TypeVar("T")

clock = DatabaseClock()
"""What this process compares the times of sign-ins with."""

THREADS = 8
"""How many threads, and so database connections, the answers to tasks and people may take: fewer than Airflow
has in its pool (15), so that a rush on accounts leaves some for everything else."""

URGENT_THREADS = 4
"""The same for what must not wait behind a rush: keeping a lease, writing new tokens."""

_limiters: RunVar[dict[bool, anyio.CapacityLimiter]] = RunVar("third_party_accounts_limiters")


def in_transaction(work: Callable[[Session], T]) -> T:
    """Run ``work`` in a session of its own and commit."""
    with create_session(scoped=False) as session:
        return work(session)


async def in_database(work: Callable[[Session], T], *, urgent: bool = False) -> T:
    """Run ``work`` in a session of its own, in a thread, and commit; nothing is held afterwards.

    :param urgent: a sign-in may be lost if this waits
    """
    return await anyio.to_thread.run_sync(in_transaction, work, limiter=_limiter(urgent))


def _limiter(urgent: bool) -> anyio.CapacityLimiter:
    limiters = _limiters.get(None)
    if limiters is None:
        limiters = {False: anyio.CapacityLimiter(THREADS), True: anyio.CapacityLimiter(URGENT_THREADS)}
        _limiters.set(limiters)
    return limiters[urgent]
