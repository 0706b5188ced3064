"""Kills broker processes in the middle of refreshes and looks what became of the sign-ins."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import SignInLapsed
from airflow_thirdparty.server.broker.database import in_transaction
from airflow_thirdparty.server.broker.tokens.broker import TokenBroker
from airflow_thirdparty.server.broker.tokens.freshness import TokenRequirements
from airflow_thirdparty.server.broker.tokens.leases import LEASE
from airflow_thirdparty.server.broker.tokens.refresher import Refresher
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.store import sign_ins
from airflow_thirdparty.server.store.clock import DatabaseClock
from tests.support.bare_broker import BareBroker


class LaterClock(DatabaseClock):
    """The time after a dead process's lease has run out; sleeping is quick."""

    def __init__(self) -> None:
        super().__init__()
        self._later = LEASE + timedelta(seconds=1)

    def __call__(self) -> datetime:
        return super().__call__() + self._later

    async def sleep(self, seconds: float) -> None:
        """Let time pass, twenty times as fast."""
        await asyncio.sleep(seconds / 20)
        self._later += timedelta(seconds=seconds)


async def kill_and_recover(bare: BareBroker, who: Any, account: Any, die_at: str) -> tuple[str, str]:
    """Kill a process while it refreshes somebody's expired sign-in, and let another one take over.

    :return: what became of the first, and of the sign-in: ``token``, ``sign in again`` or ``lost``
    """

    def read(session: Session) -> Any:
        return sign_ins.find(session, who, account.conn_id)

    row = in_transaction(read)
    first = await asyncio.to_thread(bare.refresh, row.id, row.version, account.conn_id, die_at)
    clock = LaterClock()
    transport = Transport()
    broker = TokenBroker(Refresher(transport, f"successor of {die_at}", clock, clock.sleep))
    found: Counter[str] = Counter()
    for _ in range(3):  # what is asked again gets the same answer, and the service is not asked in a loop
        try:
            await broker.token(who, account, TokenRequirements())
            found["token"] += 1
        except SignInLapsed:
            found["sign in again"] += 1
        except Exception as error:
            found[f"lost: {type(error).__name__}"] += 1
    await transport.aclose()
    lapsed = in_transaction(read).lapsed_at is not None
    consistent = len(found) == 1 and lapsed == ("sign in again" in found)
    return first, next(iter(found)) if consistent else f"lost: {dict(found)}"
