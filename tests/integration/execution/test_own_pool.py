"""The few connections of this package by which the short path asks: in a rush, and when they break."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import event, text

from tests.support import databases
from tests.support.airflow_server import AirflowServer
from tests.support.counting import answer
from tests.support.databases import Database
from tests.support.projecting import ACME, KEY
from tests.support.tasks import RunningTask
from tests.support.twists import forgotten_refusals, rows_kept, twist
from tests.support.ways import Way

pytestmark = databases.BOTH


def test_connections_that_broke_are_opened_anew(
    database: Database, task: RunningTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = Way("short")
    way.go(monkeypatch, "short")
    assert KEY in task.connection(ACME).text
    break_connections(database)
    assert KEY in task.connection(ACME).text
    assert way.short == 2


def break_connections(database: Database) -> None:
    from airflow.utils.session import create_session

    if database.kind == "postgres":
        with create_session(scoped=False) as session:
            session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )


def test_a_refusal_is_written_down_though_the_connection_broke(
    airflow_server: AirflowServer, database: Database, task: RunningTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_thirdparty.server.broker.tokens import granting

    way = Way("short")
    way.go(monkeypatch, "short")
    refused, note = {}, granting.note_refused

    async def keep(conn_id: str, found: granting.Refused) -> None:
        refused[conn_id] = found
        await note(conn_id, found)

    from airflow_thirdparty.server.execution import projection

    monkeypatch.setattr(projection, "note_refused", keep)
    with rows_kept():
        twist(task, {"lapsed"})
        assert task.connection(ACME).status_code == 403
    with forgotten_refusals() as rows:
        break_connections(database)
        airflow_server.run(note(ACME, refused[ACME]))
        assert len(rows()) == 1


def test_a_rush_is_answered_on_a_few_connections(
    airflow_server: AirflowServer, task: RunningTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_thirdparty.server.broker import own_pool

    airflow_server.run(own_pool.close_own_pools())
    monkeypatch.setattr(own_pool, "TIMEOUT", 60.0)  # a busy machine opens connections slowly
    way = Way("short")
    way.go(monkeypatch, "short")
    token = task.worker.headers["Authorization"].removeprefix("Bearer ")

    opened: list[object] = []

    async def rush() -> set[int]:
        engine: Any = getattr(own_pool.own_pool(), "_engine")  # noqa: B009  # whichever pool it is
        event.listen(getattr(engine, "sync_engine", engine), "connect", lambda one, _: opened.append(one))
        path = f"/execution/connections/{ACME}"
        answers = await asyncio.gather(*(answer(airflow_server.app, path, token) for _ in range(40)))
        await own_pool.close_own_pools()
        return {status for status, _ in answers}

    assert airflow_server.run(rush()) == {200}
    assert 1 <= len(opened) <= own_pool.SIZE
    assert way.short == 40
