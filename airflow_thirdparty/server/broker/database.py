"""The one way in which asynchronous code reaches the database: short work in a worker thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread
from airflow.utils.session import create_session
from sqlalchemy.orm import Session

from airflow_thirdparty.server.store.clock import utcnow

__all__ = ["in_database", "in_transaction", "utcnow"]

T = TypeVar("T")


def in_transaction(work: Callable[[Session], T]) -> T:
    """Run ``work`` in a session of its own and commit."""
    with create_session(scoped=False) as session:
        return work(session)


async def in_database(work: Callable[[Session], T]) -> T:
    """Run ``work`` in a session of its own, in a thread, and commit; nothing is held afterwards."""
    return await anyio.to_thread.run_sync(in_transaction, work)
