"""Fixtures of the fault suite: a broker of one's own, a clock that is stepped, a service that misbehaves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from airflow_thirdparty.server.oauth.transport import Transport
from tests.faults.rig import Rig, StepClock
from tests.support import faulty_service
from tests.support.databases import Database
from tests.support.faulty_service import FaultyService
from tests.support.signing_in import forget_all


@pytest.fixture
def clock() -> StepClock:
    """A clock that moves when it is told to, or when somebody sleeps by it."""
    return StepClock()


@pytest.fixture
async def service() -> AsyncIterator[FaultyService]:
    """A service in this event loop; everything it knows is there to look at."""
    async with faulty_service.serving() as running:
        yield running


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    """The real way out."""
    made = Transport()
    yield made
    await made.aclose()


@pytest.fixture
async def rig(
    database: Database, service: FaultyService, transport: Transport, clock: StepClock
) -> AsyncIterator[Rig]:
    """Accounts and sign-ins at the service, and brokers on the database, which knows of no test before."""
    forget_all()
    made = Rig(service, transport, clock)
    yield made
    await made.end()
