from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from airflow_thirdparty.server.broker.usage import recorder
from airflow_thirdparty.server.broker.usage.recorder import UsageRecorder
from tests.unit.server.broker.acting.cases import ALICE, BY_REST, NOW

TI = "00000000-0000-0000-0000-000000000001"
OTHER_TI = "00000000-0000-0000-0000-000000000002"


class Desk:
    """A ledger whose writes are looked at, with a clock that is set by hand."""

    def __init__(self) -> None:
        self.now: datetime = NOW
        self.writes: list[list[dict]] = []
        self.fail = False
        self.usage_recorder = UsageRecorder(self._write, lambda: self.now)

    async def _write(self, work, rows) -> None:
        if self.fail:
            raise OSError("no database")
        self.writes.append(list(rows))

    def note(self, ti_id: str = TI, conn_id: str = "github") -> None:
        self.usage_recorder.note(ti_id, ALICE, replace(BY_REST, conn_id=conn_id))

    async def later(self, **time: float) -> None:
        self.now += timedelta(**time)
        await self.usage_recorder.write_due()


@pytest.fixture
async def desk():
    desk = Desk()
    yield desk
    await desk.usage_recorder.drain()


async def test_one_write_for_a_task_instance_and_account(desk: Desk):
    for _ in range(5):
        desk.note()
    await desk.later(seconds=1)
    assert [(row["ti_id"], row["conn_id"], row["times"]) for row in desk.writes[0]] == [(TI, "github", 5)]


async def test_nothing_is_written_for_repeats_within_a_minute(desk: Desk):
    desk.note()
    await desk.later(seconds=1)
    for _ in range(10):
        desk.note()
        await desk.later(seconds=5)
    assert len(desk.writes) == 1
    await desk.later(seconds=15)
    assert [row["times"] for row in desk.writes[1]] == [10]
    assert desk.writes[1][0]["first_at"] == NOW


async def test_many_task_instances_are_written_together(desk: Desk):
    desk.note(OTHER_TI)
    desk.note()
    desk.note(conn_id="gitlab")
    await desk.later(seconds=1)
    (rows,) = desk.writes
    keys = [(row["ti_id"], row["conn_id"]) for row in rows]
    assert keys == [(TI, "github"), (TI, "gitlab"), (OTHER_TI, "github")]


async def test_what_is_left_is_written_in_the_end(desk: Desk):
    desk.note()
    await desk.usage_recorder.drain()
    assert [row["times"] for row in desk.writes[0]] == [1]


async def test_quiet_task_instances_are_forgotten(desk: Desk):
    desk.note()
    await desk.later(seconds=1)
    await desk.later(minutes=2)
    assert not desk.usage_recorder._entries
    desk.note()
    await desk.later(seconds=1)
    assert [row["times"] for row in desk.writes[1]] == [1]


async def test_a_database_that_is_gone_harms_nobody(desk: Desk, caplog):
    desk.fail = True
    desk.note()
    await desk.later(seconds=1)
    assert "could not be written" in caplog.text
    desk.fail = False
    desk.note()
    await desk.later(minutes=2)
    assert [row["times"] for row in desk.writes[0]] == [1]


async def test_the_memory_is_bounded(desk: Desk, monkeypatch):
    monkeypatch.setattr(recorder, "MOST", 1)
    desk.note()
    desk.note(OTHER_TI)
    await desk.later(seconds=1)
    assert [row["ti_id"] for row in desk.writes[0]] == [TI]


async def test_the_background_task_writes_by_itself():
    written = asyncio.Event()

    async def write(_work, _rows) -> None:
        written.set()

    lively = UsageRecorder(write)
    lively.note(TI, ALICE, BY_REST)
    await asyncio.wait_for(written.wait(), 5)
    written.clear()
    lively.note(OTHER_TI, ALICE, BY_REST)
    await asyncio.wait_for(written.wait(), 5)
    await lively.drain()
