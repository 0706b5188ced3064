"""The one way in which asynchronous code reaches the database: short work in a worker thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

import anyio
import anyio.to_thread
from airflow.utils.session import create_session
from anyio.lowlevel import RunVar
from sqlalchemy.orm import Session

from airflow_thirdparty.server.store.clock import DatabaseClock, utcnow

__all__ = ["clock", "in_database", "in_database_urgently", "in_transaction", "utcnow"]

P = ParamSpec("P")
T = TypeVar("T")

clock = DatabaseClock()
"""What this process compares the times of sign-ins with."""

THREADS = 8
"""How many threads, and so database connections, the answers to tasks and people may take: fewer than Airflow
has in its pool (15), so that a rush on accounts leaves some for everything else."""

URGENT_THREADS = 4
"""The same for what must not wait behind a rush: keeping a lease, writing new tokens. Both together stay
below the pool's 15."""

_limiters: RunVar[dict[bool, anyio.CapacityLimiter]] = RunVar("third_party_accounts_limiters")


def in_transaction(work: Callable[Concatenate[Session, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run work in a session of its own and commit; an exception rolls back and is raised.

    :param work: what to do; gets the session first, and then the other arguments
    :param *args: for ``work``
    :param **kwargs: for ``work``
    :return: what ``work`` returned
    """
    with create_session(scoped=False) as session:
        return work(session, *args, **kwargs)


async def in_database(work: Callable[Concatenate[Session, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run work as :func:`in_transaction` does, in a thread; nothing is held afterwards.

    :param work: what to do; gets the session first, and then the other arguments
    :param *args: for ``work``
    :param **kwargs: for ``work``
    :return: what ``work`` returned
    """
    bound = partial(in_transaction, work, *args, **kwargs)
    return await anyio.to_thread.run_sync(bound, limiter=_limiter(urgent=False))


async def in_database_urgently(
    work: Callable[Concatenate[Session, P], T], /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run work as :func:`in_database` does, past a rush: for what loses a sign-in if it waits.

    :param work: what to do; gets the session first, and then the other arguments
    :param *args: for ``work``
    :param **kwargs: for ``work``
    :return: what ``work`` returned
    """
    bound = partial(in_transaction, work, *args, **kwargs)
    return await anyio.to_thread.run_sync(bound, limiter=_limiter(urgent=True))


def _limiter(*, urgent: bool) -> anyio.CapacityLimiter:
    limiters = _limiters.get(None)
    if limiters is None:
        limiters = {False: anyio.CapacityLimiter(THREADS), True: anyio.CapacityLimiter(URGENT_THREADS)}
        _limiters.set(limiters)
    return limiters[urgent]
