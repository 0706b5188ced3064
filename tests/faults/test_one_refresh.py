"""One refresh at a time: however many ask, the service is called once and all of them have the token."""

from __future__ import annotations

import asyncio

import anyio.to_thread
import pytest
from airflow import settings

from airflow_thirdparty.server.broker import database as broker_database
from airflow_thirdparty.server.broker.tokens.freshness import TokenRequirements
from airflow_thirdparty.server.broker.tokens.refresher import StillRefreshing
from tests.faults.rig import ALICE, BOB, Rig, ask, register, until
from tests.support import databases

pytestmark = databases.BOTH

EXPIRED = {"lives": 3600, "ago": 4000}
FORCED = TokenRequirements(force_refresh=True)


@pytest.mark.parametrize(
    ("processes", "callers", "need"),
    [
        pytest.param(1, 200, TokenRequirements(), id="200 callers in one process"),
        pytest.param(4, 50, TokenRequirements(), id="50 callers in each of four processes"),
        pytest.param(4, 25, FORCED, id="all of them want another token than the one that was refused"),
    ],
)
async def test_many_callers_make_one_call(
    rig: Rig, processes: int, callers: int, need: TokenRequirements
) -> None:
    rig.sign_in(**({"lives": 3600, "ago": 60} if need.force_refresh else EXPIRED))
    rig.service.fault("token", "answer", delay=0.3)
    brokers = [rig.broker(f"process-{number}") for number in range(processes)]
    before = rig.there().version
    tokens = await asyncio.gather(
        *(ask(broker, ALICE, rig.account, need, tries=20) for broker in brokers for _ in range(callers))
    )
    assert rig.calls == 1
    assert {token.value for token in tokens} <= rig.service.access_tokens.keys()
    assert len({token.value for token in tokens}) == 1
    assert rig.there().version == before + 1
    # whoever was refused with the old token gets the new one, not yet another
    await ask(brokers[0], ALICE, rig.account, FORCED)
    assert rig.calls == 1


async def test_no_request_is_held_longer_than_it_may_and_the_refresh_goes_on(rig: Rig) -> None:
    rig.sign_in(**EXPIRED)
    answers = asyncio.Event()
    rig.service.fault("token", "answer", until=answers)
    broker = rig.broker()
    with pytest.raises(StillRefreshing):
        await broker.token(ALICE, rig.account, TokenRequirements(), max_wait=0.3)
    (flight,) = broker.refresher._flights.values()
    assert not flight.task.done()
    answers.set()
    assert (await ask(broker, ALICE, rig.account)).value in rig.service.access_tokens
    assert rig.calls == 1


async def test_a_cancelled_caller_does_not_take_the_refresh_along(rig: Rig) -> None:
    rig.sign_in(**EXPIRED)
    rig.service.fault("token", "answer", delay=0.3)
    broker = rig.broker()
    caller = asyncio.ensure_future(broker.token(ALICE, rig.account, TokenRequirements()))
    await until(lambda: rig.calls == 1)
    caller.cancel()
    assert (await ask(broker, ALICE, rig.account)).value in rig.service.access_tokens
    assert rig.calls == 1


async def test_those_who_wait_hold_neither_threads_nor_connections_nor_others_up(rig: Rig) -> None:
    for who in (ALICE, BOB):
        rig.sign_in(who, **EXPIRED)
    well = register(f"{rig.service.base_url.replace('127.0.0.1', 'localhost')}")
    rig.sign_in(ALICE, well, lives=3600)
    answers = asyncio.Event()
    rig.service.fault("token", "answer", until=answers)
    broker, other = rig.broker(), rig.broker("process-2")
    waiting = [
        asyncio.ensure_future(one.token(who, rig.account, TokenRequirements(), max_wait=60))
        for who in (ALICE, BOB)
        for one in (broker, other)
        for _ in range(60)
    ]
    await until(lambda: rig.calls == 2)
    await asyncio.sleep(0.3)
    busy = []
    for _ in range(20):
        await asyncio.sleep(0.013)
        busy.append(
            (
                broker_database._limiter(urgent=False).borrowed_tokens,
                anyio.to_thread.current_default_thread_limiter().borrowed_tokens,
                settings.engine.pool.checkedout() if hasattr(settings.engine.pool, "checkedout") else 0,
            )
        )
    # at most the two pollers of the process that does not hold the leases, and mostly not even they
    assert max(threads for threads, _, _ in busy) <= 2, busy
    assert max(threads for _, threads, _ in busy) == 0, busy
    assert max(connections for _, _, connections in busy) <= 2, busy
    await broker.token(ALICE, well, TokenRequirements())
    assert not any(caller.done() for caller in waiting), "whoever asks for another account is not held up"
    answers.set()
    tokens = await asyncio.gather(*waiting)
    assert {token.value for token in tokens} <= rig.service.access_tokens.keys()
    assert rig.calls == 2


@pytest.mark.parametrize(
    ("lives", "ago", "calls"),
    [
        pytest.param(3600, 1000, 0, id="far from expiry"),
        pytest.param(3600, 3595 - 50, 1, id="close to expiry"),
        pytest.param(60, 0, 0, id="lives no longer than the margin, but is new"),
    ],
)
async def test_a_token_close_to_expiry_is_answered_at_once_and_renewed_beside(
    rig: Rig, lives: float, ago: float, calls: int
) -> None:
    rig.sign_in(lives=lives, ago=ago)
    old = set(rig.service.access_tokens)
    answers = asyncio.Event()
    rig.service.fault("token", "answer", until=answers)
    broker = rig.broker()
    for _ in range(20):
        assert (await broker.token(ALICE, rig.account, TokenRequirements())).value in old
    answers.set()
    await until(lambda: not broker.refresher._flights)
    assert rig.calls == calls
    if calls:
        assert (await broker.token(ALICE, rig.account, TokenRequirements())).value not in old
        assert rig.calls == 1


@pytest.mark.parametrize("lifetime", [pytest.param(1, id="1"), pytest.param("1", id="text")])
async def test_tokens_that_hardly_live_do_not_make_a_loop(rig: Rig, lifetime: object) -> None:
    rig.sign_in(**EXPIRED)
    rig.service.fault("token", "answer", fields={"expires_in": lifetime})
    broker = rig.broker()
    for _ in range(25):
        outcome = (await asyncio.gather(ask(broker, ALICE, rig.account), return_exceptions=True))[0]
        if not isinstance(outcome, Exception):
            assert outcome.expires_at is not None
            assert outcome.expires_at > rig.clock()
        rig.clock.step(0.1)
    assert rig.calls <= 3
    assert rig.there().lapsed_at is None
    rig.service.heal()
    rig.clock.step(31)
    assert (await ask(broker, ALICE, rig.account)).value in rig.service.access_tokens
