"""After a process has warmed up, its first fetch compiles no statement; what waits holds little."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.utils.session import create_session
from sqlalchemy import event, insert, text
from sqlalchemy.engine.interfaces import CacheStats
from sqlalchemy.orm import Session

from airflow_thirdparty.server.broker.own_pool import own_pool
from airflow_thirdparty.server.broker.warm_up import run_joined_statement, run_statements
from airflow_thirdparty.server.store.airflow_tables import CONNECTION
from airflow_thirdparty.server.web import app
from airflow_thirdparty.wire import CONN_TYPE
from tests.support import databases
from tests.support.airflow_server import AirflowServer
from tests.support.databases import Database
from tests.support.people import Person
from tests.support.tasks import Tasks

pytestmark = databases.BOTH

DAG_ID = "who_am_i"


@pytest.fixture(scope="module", autouse=True)
def alone() -> Iterator[None]:
    """The server's background work, which compiles statements of its own, does not begin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "AFTER_START", 3600.0)
        yield


def compiled(work: Callable[[], Any]) -> list[str]:
    """Statements that had to be compiled meanwhile."""
    from airflow import settings

    found: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        if context.cache_hit is CacheStats.CACHE_MISS:
            found.append(statement)

    event.listen(settings.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(settings.engine, "before_cursor_execute", note)
    return found


def warm(session_of: Callable[..., Any]) -> None:
    with session_of(scoped=False) as session:
        assert isinstance(session, Session)
        run_statements(session)


def test_a_second_time_compiles_nothing(fresh_database: Database) -> None:
    assert compiled(lambda: warm(create_session)) != []
    assert compiled(lambda: warm(create_session)) == []


def test_a_fetch_compiles_nothing_of_ours_afterwards(
    register: Callable[..., str], alice: Person, tasks: Tasks
) -> None:
    from airflow import settings

    conn_id = register()
    assert alice.sign_in(conn_id).status_code == 200
    tasks.add_dag(DAG_ID)
    task = tasks.start(DAG_ID, alice.trigger(DAG_ID))
    settings.engine.clear_compiled_cache()
    warm(create_session)
    statements = compiled(lambda: task.connection(conn_id))
    reading = [text for text in statements if "third_party_" in text and text.lstrip().startswith("SELECT")]
    assert reading == []


async def plans_kept() -> list[int]:
    """How often each statement that reads a sign-in was run by a plan that the database had kept."""
    pool: Any = own_pool()
    asked = (
        "SELECT generic_plans FROM pg_prepared_statements"
        " WHERE statement LIKE '%third_party_sign_in%' AND statement NOT LIKE '%pg_prepared_statements%'"
    )
    async with pool._engine.connect() as connection:  # the one that was used last
        return list((await connection.execute(text(asked))).scalars())


def test_postgres_keeps_its_plan_of_the_one_statement(
    airflow_server: AirflowServer, database: Database
) -> None:
    """Else it is made anew for each of the first answers."""
    if database.kind == "postgres":
        airflow_server.run(run_joined_statement())
        assert airflow_server.run(plans_kept()) == [1]


WAITING = """
import asyncio
from airflow.models.base import Base
from airflow_thirdparty.server.broker import runtime
from airflow_thirdparty.server.broker.housekeeping import loop
from airflow_thirdparty.server.broker.warm_up import read_lists, run_joined_statement, run_statements
from airflow_thirdparty.server.broker.database import in_database

async def wait():
    await in_database(run_statements)
    await run_joined_statement()
    read_lists()
    for number in range(loop.ROUNDS_A_MINUTE + 1):
        assert await loop.run_once(runtime.refresher(), number), "this process leads"

asyncio.run(wait())
print([mapper.class_.__name__ for mapper in Base.registry.mappers if mapper.configured])
"""
"""What an API server does while nobody asks."""


def test_a_server_that_waits_configures_none_of_airflows_mapped_classes(fresh_database: Database) -> None:
    """That would take each process a tenth of a second and 5 MB."""
    with create_session(scoped=False) as session:
        session.execute(
            insert(CONNECTION).values(
                conn_id="github", conn_type=CONN_TYPE, login="client", extra='{"preset": "github"}'
            )
        )
    done = subprocess.run([sys.executable, "-c", WAITING], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "failed" not in done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
