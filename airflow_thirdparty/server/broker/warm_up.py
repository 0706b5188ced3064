"""What a process does at its start so that its first task waits no longer than the others.

SQLAlchemy compiles a statement when it is first run, which for the one that finds out whom a task instance
acts for takes half a second.  Here it is run for a task instance that does not exist.  Airflow reads its list
of metrics when something is first counted, and that of installed presets is read at the first account.
"""

from __future__ import annotations

import logging
import uuid

import anyio.to_thread
from sqlalchemy.orm import Session

from airflow_thirdparty.server.accounts.catalogue import PRESETS
from airflow_thirdparty.server.broker.acting import queries
from airflow_thirdparty.server.broker.database import in_database, utcnow
from airflow_thirdparty.server.broker.own_pool import own_pool
from airflow_thirdparty.server.broker.telemetry import metrics
from airflow_thirdparty.server.broker.tokens import joined
from airflow_thirdparty.server.people.directory import directory
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import sign_ins

log = logging.getLogger(__name__)

CUSTOM = "custom"
"""A preset that is always there."""

NO_TASK = uuid.UUID(int=0)
"""What Airflow itself puts in the place of a task instance that is none."""


PLANNED = 6
"""How often Postgres runs a prepared statement before it keeps its plan: it plans the first five anew, which
takes longer than running this one (https://www.postgresql.org/docs/current/sql-prepare.html)."""


async def warm_up() -> None:
    """Run what every question of a task runs; what fails here is said when a task asks."""
    try:
        await in_database(run_statements)
        await run_joined_statement()
        await anyio.to_thread.run_sync(read_lists)
    except Exception as error:
        log.info("Nothing was prepared for the first task: %s", type(error).__name__)


def read_lists() -> None:
    """Read what is read once in a process."""
    PRESETS[CUSTOM]
    metrics.prepare()


def run_statements(session: Session) -> None:
    """Have every statement compiled that stands between a task and its token.

    :param session: a session
    """
    queries.gather(session, NO_TASK, "", utcnow())
    sign_ins.find(session, Person("", ""), "")


async def run_joined_statement() -> None:
    """Have the one statement compiled and planned from which a plain success is answered, where it is run."""
    pool = own_pool()
    if pool is not None:
        parameters = {"ti_id": NO_TASK, "asked_conn_id": "", "asked_id": ""}
        for _ in range(PLANNED):
            await pool.read(joined.statement(directory()), parameters)
