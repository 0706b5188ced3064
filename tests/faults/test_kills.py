"""Processes killed at every step of a refresh."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.faults.rig import ALICE, Rig
from tests.support import bare_broker
from tests.support.bare_broker import STEPS, BareBroker
from tests.support.databases import Database
from tests.support.kills import kill_and_recover

pytestmark = pytest.mark.parametrize("database_kind", ["postgres"], indirect=True, scope="module")

ROTATED = ("calling", "answered", "writing")
"""Killed there, nobody here knows the refresh token that replaced the old one."""


@pytest.fixture(scope="module")
def bare(database: Database) -> Iterator[BareBroker]:
    with bare_broker.running() as process:
        yield process


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("grace", [pytest.param(30, id="grace"), pytest.param(0, id="no grace")])
async def test_killed(rig: Rig, bare: BareBroker, step: str, grace: float) -> None:
    rig.service.settings.grace = grace
    rig.clock.now = rig.there_is_now()
    rig.service.fault("token", "answer", delay=0.15)
    for _ in range(3):
        rig.sign_in(lives=3600, ago=4000)
        before = rig.calls
        killed, became = await kill_and_recover(bare, ALICE, rig.account, step)
        assert killed == "killed"
        assert became == ("sign in again" if not grace and step in ROTATED else "token")
        assert rig.calls - before <= 2, "no loop"


async def test_not_killed(rig: Rig, bare: BareBroker) -> None:
    rig.clock.now = rig.there_is_now()
    rig.sign_in(lives=3600, ago=4000)
    row = rig.there()
    told = await asyncio.to_thread(bare.refresh, row.id, row.version, rig.account.conn_id)
    assert told == "token"
    assert rig.there().version == row.version + 1
