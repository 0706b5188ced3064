"""A few connections of this package's own, for what a task waits for: one statement each.

Airflow's pools are sized for everything it does; a rush on accounts would wait behind that, and it behind the
rush.  Each statement has a transaction of its own that ends with it, so it sees one state of the database and
nothing is held afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import anyio
import anyio.to_thread
from airflow import settings as airflow_settings
from airflow.configuration import conf
from anyio.lowlevel import RunVar
from sqlalchemy import Engine, Insert, QueuePool, Row, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

SIZE = 8
"""Connections of one process: as many as there are threads for other work on the database. The event loop
makes one answer at a time, so more would only wait for it; each is opened when it is first needed."""

TIMEOUT = 2.0
"""Seconds to wait for one of them: with what a long answer takes it stays below the 5 that a task waits."""

Rows = Sequence[Row[Any]]
Parameters = Mapping[str, Any]


class OwnPool(Protocol):
    """Connections to one database."""

    async def read(self, statement: Select[Any], parameters: Parameters) -> Rows:
        """Run one statement, once more where its connection turns out to be broken.

        :param statement: what to read
        :param parameters: its parameters
        :raises sqlalchemy.exc.SQLAlchemyError: when the database does not answer
        :return: all rows
        """

    async def write(self, statement: Insert, row: Parameters) -> None:
        """Write a row that may stand there twice: when a connection breaks nobody knows whether it does.

        :param statement: puts it there
        :param row: its values
        :raises sqlalchemy.exc.SQLAlchemyError: when the database does not answer
        """

    async def close(self) -> None:
        """Close the connections."""


class AsyncOwnPool:
    """Postgres: the event loop reads itself, no thread is borrowed.

    :param engine: with a pool of its own
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def read(self, statement: Select[Any], parameters: Parameters) -> Rows:
        """Run one statement; see :class:`OwnPool`."""
        try:
            return await self._read(statement, parameters)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        # the pool has let go of all its connections, since one that broke is seldom alone
        return await self._read(statement, parameters)

    async def _read(self, statement: Select[Any], parameters: Parameters) -> Rows:
        async with self._engine.connect() as connection:
            rows: Rows = (await connection.execute(statement, parameters)).all()
            return rows

    async def write(self, statement: Insert, row: Parameters) -> None:
        """Write a row; see :class:`OwnPool`."""
        async with self._engine.connect() as connection:
            await connection.execute(statement, row)

    async def close(self) -> None:
        """Close the connections."""
        await self._engine.dispose()


class ThreadOwnPool:
    """SQLite: a thread reads, since a file's lock may keep it waiting.

    :param engine: with a pool of its own
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._limiter = anyio.CapacityLimiter(SIZE)

    async def read(self, statement: Select[Any], parameters: Parameters) -> Rows:
        """Run one statement; see :class:`OwnPool`."""
        bound = partial(self._read, statement, parameters)
        return await anyio.to_thread.run_sync(bound, limiter=self._limiter)

    def _read(self, statement: Select[Any], parameters: Parameters) -> Rows:
        with self._engine.connect() as connection:
            return connection.execute(statement, parameters).all()

    async def write(self, statement: Insert, row: Parameters) -> None:
        """Write a row; see :class:`OwnPool`."""
        await anyio.to_thread.run_sync(partial(self._write, statement, row), limiter=self._limiter)

    def _write(self, statement: Insert, row: Parameters) -> None:
        with self._engine.connect() as connection:
            connection.execute(statement, row)

    async def close(self) -> None:
        """Close the connections."""
        await anyio.to_thread.run_sync(self._engine.dispose)


_pools: RunVar[dict[str, OwnPool | None]] = RunVar("third_party_accounts_own_pools")


def own_pool() -> OwnPool | None:
    """The pool of this event loop for Airflow's database.

    :return: ``None`` where Airflow is told to keep no connections, or has neither Postgres nor SQLite
    """
    pools = _pools.get(None)
    if pools is None:
        pools = {}
        _pools.set(pools)
    url = airflow_settings.SQL_ALCHEMY_CONN or ""
    if url not in pools:
        pools[url] = _made(url)
    return pools[url]


async def close_own_pools() -> None:
    """Close this event loop's connections; for the end of the process."""
    pools = _pools.get(None) or {}
    while pools:
        _, pool = pools.popitem()
        if pool is not None:
            await pool.close()


def _made(url: str) -> OwnPool | None:
    if not url or not conf.getboolean("database", "sql_alchemy_pool_enabled", fallback=True):
        return None
    if url.startswith("sqlite:////"):
        arguments = {**airflow_settings._get_connect_args("sync"), "check_same_thread": False}
        options = {"poolclass": QueuePool, **_options()}
        return ThreadOwnPool(
            airflow_settings.create_metadata_engine(url, engine_args=options, connect_args=arguments)
        )
    if url.startswith("postgresql") and airflow_settings.SQL_ALCHEMY_CONN_ASYNC:
        # made where Airflow makes its own, so that what a deployment changes there counts here
        return AsyncOwnPool(
            airflow_settings.create_async_metadata_engine(
                airflow_settings.SQL_ALCHEMY_CONN_ASYNC,
                engine_args=_options(),
                connect_args=airflow_settings._get_connect_args("async"),
            )
        )
    return None


def _options() -> dict[str, Any]:
    return {
        "pool_size": SIZE,
        "max_overflow": 0,
        "pool_timeout": TIMEOUT,
        "pool_recycle": conf.getint("database", "sql_alchemy_pool_recycle", fallback=1800),
        "pool_use_lifo": True,
        # one statement is one transaction, without a round trip to begin it and another to end it
        "isolation_level": "AUTOCOMMIT",
        "pool_reset_on_return": None,
    }
