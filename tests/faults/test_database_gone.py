"""A database that goes away before, during and after the call to the service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from airflow_thirdparty.exceptions import ServiceUnavailable
from airflow_thirdparty.server.broker.database import in_database
from airflow_thirdparty.server.broker.telemetry import metrics
from tests.faults.rig import ALICE, NO_NEED, Rig, ask, until
from tests.support.databases import Database, Postgres

pytestmark = pytest.mark.parametrize("database_kind", ["postgres"], indirect=True, scope="module")

EXPIRED = {"lives": 3600, "ago": 4000}


class Switch:
    """Takes the database away from everybody, and gives it back."""

    def __init__(self, server: Postgres, database: Database) -> None:
        self._psql = server._server.psql
        self._name = database.url.partition("@/")[2].partition("?")[0]

    def off(self) -> None:
        self._psql(f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS false")
        self._psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._name}'")

    def on(self) -> None:
        self._psql(f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS true")


@pytest.fixture
def switch(database_server: Callable[[str], Postgres], database: Database) -> Iterator[Switch]:
    made = Switch(database_server("postgres"), database)
    yield made
    made.on()


async def test_gone_before_the_call(rig: Rig, switch: Switch) -> None:
    rig.sign_in(**EXPIRED)
    broker = rig.broker()
    found = await in_database(lambda session: broker.look_up(session, ALICE, rig.account, NO_NEED))
    await asyncio.to_thread(switch.off)
    for _ in range(3):
        with pytest.raises(ServiceUnavailable, match="Nothing is lost"):
            await broker.hand_out(found, NO_NEED)
    assert rig.calls == 0
    await asyncio.to_thread(switch.on)
    assert (await ask(broker, ALICE, rig.account)).value in rig.service.access_tokens
    assert rig.calls == 1


@pytest.mark.parametrize(
    "outage", [pytest.param(55, id="for 55 seconds"), pytest.param(3, id="for 3 seconds")]
)
async def test_gone_after_the_call(rig: Rig, switch: Switch, outage: float) -> None:
    rig.sign_in(**EXPIRED)
    version = rig.there().version
    rig.service.fault("token", "answer", delay=0.5)
    rig.clock.pace = 20
    broker = rig.broker()
    waiting = asyncio.ensure_future(ask(broker, ALICE, rig.account, max_wait=20))
    await until(lambda: rig.calls == 1)
    await asyncio.to_thread(switch.off)
    gone_at = rig.clock()
    await until(lambda: (rig.clock() - gone_at).total_seconds() >= outage, 30)
    await asyncio.to_thread(switch.on)
    assert (await waiting).value in rig.service.access_tokens
    assert rig.there().version == version + 1
    assert rig.there().lease_owner is None
    rig.clock.step(4000)
    rig.service.heal()
    assert (await ask(broker, ALICE, rig.account)).value in rig.service.access_tokens
    assert rig.calls == 2


async def test_gone_for_good_is_said_loudly(
    rig: Rig, switch: Switch, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    monkeypatch.setattr(metrics, "lost", counted.append)
    rig.sign_in(**EXPIRED)
    rig.service.fault("token", "answer", delay=0.3)
    rig.clock.pace = 60
    broker = rig.broker()
    waiting = asyncio.ensure_future(ask(broker, ALICE, rig.account, max_wait=20))
    await until(lambda: rig.calls == 1)
    await asyncio.to_thread(switch.off)
    with pytest.raises(ServiceUnavailable):
        await waiting
    assert counted == [rig.account.conn_id]
    assert "could not be written" in caplog.text
    assert not any(token in caplog.text for token in rig.service.access_tokens)
    await asyncio.to_thread(switch.on)


async def test_a_pool_without_a_free_connection_is_waited_for(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pool that is exhausted raises another kind of error than a database that is gone."""
    from sqlalchemy.exc import TimeoutError as PoolTimeout

    from airflow_thirdparty.server.broker.tokens import results

    real, refusals = results.save_tokens, iter(range(3))

    def save_tokens(*args: object, **options: object) -> object:
        if next(refusals, None) is not None:
            raise PoolTimeout("QueuePool limit reached")
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(results, "save_tokens", save_tokens)
    rig.sign_in(**EXPIRED)
    assert (await ask(rig.broker(), ALICE, rig.account)).value in rig.service.access_tokens
    assert rig.calls == 1
