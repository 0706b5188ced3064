"""Background work: by one process at a time, and nothing of it is lost when that process goes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from airflow import settings
from airflow.utils.session import create_session
from sqlalchemy import event, select

from airflow_thirdparty.server.broker.acting import rights
from airflow_thirdparty.server.broker.housekeeping import loop
from airflow_thirdparty.server.store.models import LeaderLease
from tests.faults.rig import ALICE, Rig, person, until
from tests.faults.test_rejections import leased
from tests.faults.test_seals import authorization
from tests.support import databases

pytestmark = databases.BOTH


async def test_one_process_at_a_time(rig: Rig) -> None:
    refreshers = [rig.broker(f"process-{number}").refresher for number in range(4)]
    for _ in range(5):
        turns = await asyncio.gather(*(loop.run_once(refresher) for refresher in refreshers))
        assert turns.count(True) == 1
        rig.clock.step(20)


async def test_another_takes_over_when_the_one_falls_silent(rig: Rig) -> None:
    first, second = rig.broker("first").refresher, rig.broker("second").refresher
    assert await loop.run_once(first)
    rig.clock.step(50)
    assert not await loop.run_once(second)
    rig.clock.step(20)
    assert await loop.run_once(second)
    assert not await loop.run_once(first)


async def test_a_round_without_anything_to_do_is_one_transaction(rig: Rig) -> None:
    leader, other = rig.broker("leader").refresher, rig.broker("other").refresher
    assert await loop.run_once(leader)
    begun: list[object] = []

    def note(connection: object) -> None:
        begun.append(connection)

    event.listen(settings.engine, "begin", note)
    try:
        assert await loop.run_once(leader, 1)
        assert len(begun) == 1
        assert not await loop.run_once(other, 1)
        assert len(begun) == 2
    finally:
        event.remove(settings.engine, "begin", note)


@pytest.mark.parametrize(
    ("has_auth_manager", "leases"),
    [
        pytest.param(True, {loop.NAME, loop.RIGHTS}, id="a server for people"),
        pytest.param(False, {loop.NAME}, id="a server for tasks alone"),
    ],
)
async def test_rights_are_asked_only_where_there_is_an_auth_manager(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, has_auth_manager: bool, leases: set[str]
) -> None:
    asked: list[object] = []

    def ask_for_all(_session: object, now: object) -> None:
        asked.append(now)

    monkeypatch.setattr(rights, "has_auth_manager", lambda: has_auth_manager)
    monkeypatch.setattr(rights, "ask_for_all", ask_for_all)
    assert await loop.run_once(rig.broker().refresher)
    assert len(asked) == has_auth_manager
    with create_session(scoped=False) as session:
        assert set(session.scalars(select(LeaderLease.name))) == leases


async def test_a_refresh_that_a_dead_process_left_is_taken_up(rig: Rig) -> None:
    """Nobody asks for the token; but the service takes the old refresh token for some seconds only."""
    rig.service.settings.grace = 30
    family = rig.sign_in(lives=3600, ago=4000)
    await leased(rig, "dead")
    rig.service._refresh(family.current)  # the service has rotated, and its answer reached nobody
    rig.clock.step(5)
    living = rig.broker("living").refresher
    await loop.run_once(living)
    assert rig.calls == 0, "it may still be alive"
    rig.clock.step(11)
    await loop.run_once(living)
    await until(lambda: not living._flights)
    row = rig.there()
    assert row.lease_owner is None
    assert row.lapsed_at is None
    assert row.version == 2 or row.refreshed_at is not None
    assert rig.calls == 1


async def test_sign_ins_that_nobody_finished_are_cleared(rig: Rig) -> None:
    for number in range(3):
        authorization(rig, person(f"person-{number}"), f"{rig.account.conn_id}-{number}")
    rig.clock.step(timedelta(days=2).total_seconds())
    await loop.run_once(rig.broker().refresher)
    assert rig.authorizations() == 0


async def test_one_duty_that_fails_keeps_nobody_from_the_others(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_session: object, _now: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(loop, "_WORK", ((broken, 1), *loop._WORK))
    rig.sign_in(lives=3600)
    await leased(rig, "dead")
    authorization(rig, ALICE, f"{rig.account.conn_id}-unfinished")
    rig.clock.step(timedelta(days=2).total_seconds())
    living = rig.broker("living").refresher
    assert await loop.run_once(living)
    await until(lambda: rig.calls == 1)
    assert rig.authorizations() == 0


async def test_drained_at_the_end_of_a_process(rig: Rig) -> None:
    rig.sign_in(lives=3600, ago=4000)
    rig.service.fault("token", "answer", delay=0.4)
    refresher = rig.broker().refresher
    row = rig.there()
    refresher.refresh_in_background(row.id, row.version, rig.account)
    await until(lambda: rig.calls == 1)
    await refresher.drain(5)
    assert rig.there(ALICE).version == row.version + 1
