"""Sign-out wins every race, is seen everywhere at once, and revokes what it can."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from airflow_thirdparty.exceptions import SignInRequired
from airflow_thirdparty.server.broker.database import in_database, in_transaction
from airflow_thirdparty.server.broker.housekeeping import loop
from airflow_thirdparty.server.broker.sign_in import signing_out
from airflow_thirdparty.server.broker.sign_in.signing_out import (
    IMPOSSIBLE,
    NOTHING,
    PENDING,
    REVOKED,
    sign_out,
)
from airflow_thirdparty.server.store import revocations
from airflow_thirdparty.server.store.models import SignIn
from tests.faults.rig import ALICE, BOB, CAROL, NO_NEED, Rig, ask, person, register, until
from tests.support import databases

pytestmark = databases.BOTH

EXPIRED = {"lives": 3600, "ago": 4000}


@pytest.mark.parametrize("moment", ["while the service works", "before the write", "after the write"])
async def test_a_refresh_under_way_never_brings_a_sign_in_back(
    rig: Rig, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = rig.sign_in(**EXPIRED)
    reached, go = asyncio.Event(), asyncio.Event()
    broker, elsewhere = rig.broker("process-1"), rig.broker("process-2")
    persistently = broker.refresher._persistently

    async def stop(*args: object) -> object:
        if moment == "before the write":
            reached.set()
            await go.wait()
        done = await persistently(*args)  # type: ignore[arg-type]
        if moment == "after the write":
            reached.set()
            await go.wait()
        return done

    monkeypatch.setattr(broker.refresher, "_persistently", stop)
    if moment == "while the service works":
        rig.service.fault("token", "answer", until=go)
    waiting = asyncio.ensure_future(ask(broker, ALICE, rig.account))
    await (until(lambda: rig.calls == 1) if moment == "while the service works" else reached.wait())
    done = await sign_out(rig.transport, ALICE, rig.account.conn_id, rig.clock())
    assert done is REVOKED
    for one in (broker, elsewhere):
        with pytest.raises(SignInRequired):
            await one.token(ALICE, rig.account, NO_NEED)
    assert not waiting.done(), "nobody had to wait for the refresh"
    go.set()
    if moment == "after the write":
        await waiting  # was handed out a moment before
    else:
        with pytest.raises(SignInRequired):
            await waiting
    assert rig.row() is None
    await loop.run_once(broker.refresher)
    assert rig.to_revoke() == []
    assert family.revoked
    sent = " ".join(request["body"] for request in rig.service.requests if request["endpoint"] == "revoke")
    for newest in (list(rig.service.access_tokens)[-1], family.current):
        assert newest in sent, "what came too late is revoked too"


async def test_sign_out_revokes_the_tokens_that_are_current_at_that_moment(rig: Rig) -> None:
    """Between look and deletion a refresh writes; it is the new tokens that have to be revoked."""
    rig.sign_in(lives=3600)
    real, raced = signing_out.sign_ins.find, []

    def find(session: object, *args: object) -> object:
        found = real(session, *args)  # type: ignore[arg-type]
        if found is not None and not raced:
            raced.append(found)
            rig.sign_in(lives=3600)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signing_out.sign_ins, "find", find)
        found, revocation_id = await in_database(
            lambda session: signing_out.forget(session, ALICE, rig.account.conn_id, rig.clock(), ALICE)
        )
    assert found
    assert revocation_id is not None
    assert rig.row() is None
    before = {request["body"] for request in rig.service.requests}
    await signing_out.attempt(rig.transport, revocation_id, rig.clock())
    sent = " ".join({request["body"] for request in rig.service.requests} - before)
    current = list(rig.service.families)[-1]
    assert current in sent


async def test_a_service_that_is_down_is_asked_again_by_whoever_has_the_turn(rig: Rig) -> None:
    families = [rig.sign_in(who, lives=3600) for who in (ALICE, BOB)]
    rig.service.fault("revoke", "status", status=503)
    for who in (ALICE, BOB):
        assert await sign_out(rig.transport, who, rig.account.conn_id, rig.clock()) is PENDING
        assert rig.row(who) is None
    broker = rig.broker("after the restart")
    calls = rig.service.calls["revoke"]
    for _ in range(30):
        rig.clock.step(20)
        await loop.run_once(broker.refresher)
    assert rig.service.calls["revoke"] - calls <= 20, "one at a time, ever more seldom"
    assert len(rig.to_revoke()) == 2
    rig.service.heal()
    for _ in range(400):
        rig.clock.step(20)
        await loop.run_once(broker.refresher)
        if not rig.to_revoke():
            break
    assert all(family.revoked for family in families)
    assert rig.events().count("revoked") == 2


async def test_a_person_does_not_wait_for_a_service_that_hangs(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_out, "MAX_WAIT", 0.2)
    rig.sign_in(lives=3600)
    rig.service.fault("revoke", "hang")
    before = set(signing_out._attempts)
    assert await sign_out(rig.transport, ALICE, rig.account.conn_id, rig.clock()) is PENDING
    (attempt,) = signing_out._attempts - before
    assert not attempt.done()
    attempt.cancel()


async def test_what_is_said_is_true(rig: Rig) -> None:
    assert await sign_out(rig.transport, ALICE, rig.account.conn_id, rig.clock()) is NOTHING
    family = rig.sign_in(lives=3600)
    assert await sign_out(rig.transport, ALICE, rig.account.conn_id, rig.clock()) is REVOKED
    assert family.revoked
    bodies = [request["body"] for request in rig.service.requests if request["endpoint"] == "revoke"]
    assert "refresh_token" in bodies[0], "the one that lives comes first"
    no_way = register(rig.service.base_url, revoke_url=None)
    rig.sign_in(ALICE, no_way, lives=3600)
    row = rig.there(ALICE, no_way)
    without = row.endpoints.replace(f'"{rig.service.base_url}/revoke"', "null")
    in_transaction(
        lambda session: session.execute(update(SignIn).where(SignIn.id == row.id).values(endpoints=without))
    )
    assert await sign_out(rig.transport, ALICE, no_way.conn_id, rig.clock()) is IMPOSSIBLE


async def test_an_account_with_many_keeps_no_other_from_its_turn(rig: Rig) -> None:
    other = register(rig.service.base_url)
    left = [(who, rig.account) for who in (ALICE, CAROL, person("dave"))] + [(BOB, other)]
    for who, account in left:
        rig.sign_in(who, account)
        in_transaction(signing_out.forget, person=who, conn_id=account.conn_id, now=rig.clock(), by=None)
        rig.clock.step(1)
    due = in_transaction(revocations.due, now=rig.clock(), at_most=2)
    assert {conn_id: len(rows) for conn_id, rows in due.items()} == {rig.account.conn_id: 2, other.conn_id: 1}


async def test_given_up_after_a_week(rig: Rig) -> None:
    rig.sign_in(lives=3600)
    rig.service.fault("revoke", "status", status=503)
    await sign_out(rig.transport, ALICE, rig.account.conn_id, rig.clock())
    rig.clock.step(timedelta(days=8).total_seconds())
    await loop.run_once(rig.broker().refresher)
    assert rig.to_revoke() == []
    assert "revocation_abandoned" in rig.events()
