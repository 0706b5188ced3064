"""What an answer to a task costs, counted: the guard against its growing dear again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import anyio.lowlevel
import pytest

from airflow_thirdparty.wire import TokenRequest
from tests.support import databases
from tests.support.airflow_server import AirflowServer
from tests.support.counting import Counts, counted
from tests.support.databases import Database
from tests.support.people import Person
from tests.support.projecting import ACME, DAG_ID
from tests.support.tasks import RunningTask, Tasks

pytestmark = databases.BOTH

CALLS = 2000
"""Python functions called for an answer: less than half of what Airflow calls for a plain connection."""

PASSING = 60
"""The same for letting a question for a plain connection pass."""


def cost(server: AirflowServer, task: RunningTask, asked_id: str) -> Counts:
    token = task.worker.headers["Authorization"].removeprefix("Bearer ")
    counts: Counts = server.run(counted(server.app, asked_id, token))
    return counts


@pytest.mark.parametrize(
    "asked_id",
    [
        pytest.param(TokenRequest(ACME).encode(), id="our hook"),
        pytest.param(TokenRequest(ACME, ("one",), 60).encode(), id="our hook, asking for more"),
        pytest.param(ACME, id="another hook"),
        pytest.param(f"{ACME}--as--http", id="another hook, an entry"),
    ],
)
def test_what_a_token_costs(
    airflow_server: AirflowServer, database: Database, task: RunningTask, asked_id: str
) -> None:
    counts = cost(airflow_server, task, asked_id)
    assert counts.queries == 1
    assert counts.decryptions == 1
    assert counts.hops == (0 if database.kind == "postgres" else 1)
    assert counts.options <= 1
    assert counts.calls < CALLS


def test_what_a_server_does_beside_an_answer_is_not_counted(
    airflow_server: AirflowServer, task: RunningTask
) -> None:
    async def busy() -> None:
        while True:
            await anyio.lowlevel.checkpoint()

    async def start() -> asyncio.Task[None]:
        return asyncio.create_task(busy())

    alone = cost(airflow_server, task, ACME)
    beside = airflow_server.run(start())
    try:
        assert cost(airflow_server, task, ACME).calls - alone.calls < PASSING
    finally:
        airflow_server.loop.call_soon_threadsafe(beside.cancel)


def test_what_a_refusal_costs(
    airflow_server: AirflowServer, tasks: Tasks, bob: Person, task: RunningTask, plain: str
) -> None:
    assert task.connection(ACME).status_code == 200  # accounts are known here
    token = tasks.start(DAG_ID, bob.trigger(DAG_ID)).worker.headers["Authorization"].removeprefix("Bearer ")
    refused = airflow_server.run(counted(airflow_server.app, ACME, token, 403))
    vanilla = cost(airflow_server, task, plain)
    assert refused.queries == vanilla.queries + 2, "what decides, and the word in the audit log"
    assert refused.decryptions < vanilla.decryptions
    assert refused.hops <= vanilla.hops + 2
    assert refused.calls < 2 * vanilla.calls


@pytest.fixture
def plain(admin: Person) -> Iterator[str]:
    body = {"connection_id": "plain", "conn_type": "http", "host": "x.example", "password": "robots-own"}
    admin.rest.post("/api/v2/connections", json=body)
    yield "plain"
    admin.rest.delete("/api/v2/connections/plain")


def test_what_a_plain_connection_costs_more(
    airflow_server: AirflowServer, task: RunningTask, plain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert task.connection(ACME).status_code == 200  # accounts are known here
    with_us = cost(airflow_server, task, plain)
    from airflow_thirdparty.server.execution.middleware import ProjectionMiddleware

    async def pass_on(self: ProjectionMiddleware, scope: object, receive: object, send: object) -> None:
        await self.app(scope, receive, send)  # type: ignore[arg-type]

    monkeypatch.setattr(ProjectionMiddleware, "__call__", pass_on)
    without = cost(airflow_server, task, plain)
    assert with_us.calls - without.calls < PASSING
    with_us.calls, with_us.own = without.calls, without.own
    assert with_us == without
