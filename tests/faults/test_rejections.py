"""``invalid_grant`` is believed only when it is true."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from airflow_thirdparty.exceptions import SignInLapsed
from airflow_thirdparty.server.broker.database import in_database, in_transaction
from airflow_thirdparty.server.broker.tokens import leases
from airflow_thirdparty.server.broker.tokens.leases import LEASE, Lease
from airflow_thirdparty.server.oauth import grants
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from tests.faults.rig import ALICE, NO_NEED, Rig, ask, until
from tests.support import databases

pytestmark = databases.BOTH

EXPIRED = {"lives": 3600, "ago": 4000}
AFTER_LEASE = LEASE.total_seconds() + 1


async def leased(rig: Rig, owner: str) -> Lease:
    """Let a process take the lease, and stall before it calls the service."""
    row = rig.there()
    refresher = rig.broker(owner).refresher
    claimed = await in_database(
        partial(
            leases.claim,
            row_id=row.id,
            version=row.version,
            account=rig.account,
            owner=owner,
            clock=refresher.clock,
        )
    )
    assert isinstance(claimed, Lease)
    return claimed


async def refreshed(rig: Rig, lease: Lease) -> object:
    """What the service answers to whoever holds the lease."""
    return await grants.refresh(
        rig.transport,
        lease.client,
        lease.endpoints,
        refresh_token=lease.refresh_token,
        scopes=lease.scopes,
        now=rig.clock(),
    )


async def test_a_peer_rotated_before(rig: Rig) -> None:
    """The peer was taken for dead, has rotated, and writes while the successor is being refused."""
    rig.sign_in(**EXPIRED)
    peer = rig.broker("peer").refresher
    lease = await leased(rig, "peer")
    tokens = await refreshed(rig, lease)
    rig.clock.step(AFTER_LEASE)
    successor = rig.broker("successor")
    waiting = asyncio.ensure_future(ask(successor, ALICE, rig.account))
    await until(lambda: rig.calls == 2)  # and is refused
    await asyncio.sleep(0.2)
    await peer._succeeded(lease, tokens)  # type: ignore[arg-type]
    assert (await waiting).value == tokens.access_token  # type: ignore[attr-defined]
    assert rig.there().lapsed_at is None
    assert rig.calls == 2
    assert "lapse" not in rig.events()


async def test_a_peer_rotated_and_writes_only_after_the_lapse(rig: Rig) -> None:
    rig.sign_in(**EXPIRED)
    rig.clock.pace = 50
    peer = rig.broker("peer").refresher
    lease = await leased(rig, "peer")
    tokens = await refreshed(rig, lease)
    rig.clock.step(AFTER_LEASE)
    successor = rig.broker("successor")
    with pytest.raises(SignInLapsed):
        await ask(successor, ALICE, rig.account)
    assert rig.there().lapsed_at is not None
    await peer._succeeded(lease, tokens)  # type: ignore[arg-type]
    assert rig.there().lapsed_at is None
    assert (await ask(successor, ALICE, rig.account)).value == tokens.access_token  # type: ignore[attr-defined]


async def test_a_stalled_peer_that_is_refused_does_not_lapse_what_its_successor_renews(rig: Rig) -> None:
    rig.sign_in(**EXPIRED)
    peer = rig.broker("peer").refresher
    lease = await leased(rig, "peer")
    rig.clock.step(AFTER_LEASE)
    rig.service.fault("token", "answer", delay=0.5)
    waiting = asyncio.ensure_future(ask(rig.broker("successor"), ALICE, rig.account))
    await until(lambda: rig.calls == 1)
    refusal = OAuthError(
        Kind.PERMANENT, "refresh", "The service refused: invalid_grant", code="invalid_grant"
    )
    await peer._failed(lease, refusal)
    assert rig.there().lapsed_at is None
    assert (await waiting).value in rig.service.access_tokens
    assert rig.calls == 1


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(OAuthError(Kind.TRANSIENT, "refresh", "No connection"), id="a failure"),
        pytest.param(OAuthError(Kind.CLIENT, "refresh", "Refused", code="invalid_client"), id="a flag"),
        pytest.param(None, id="another beat of its heart"),
    ],
)
async def test_a_stalled_peer_neither_frees_nor_takes_back_its_successors_lease(
    rig: Rig, error: OAuthError | None
) -> None:
    rig.sign_in(**EXPIRED)
    stalled = await leased(rig, "stalled")
    rig.clock.step(AFTER_LEASE)
    await leased(rig, "successor")
    holds = rig.there().lease_until
    rig.clock.step(1)
    if error is None:
        assert not in_transaction(partial(leases.renew, lease=stalled, clock=rig.clock))
    else:
        with pytest.raises(Exception, match="account"):
            await rig.broker("stalled").refresher._failed(stalled, error)
    row = rig.there()
    assert (row.lease_owner, row.lease_until, row.failures) == ("successor", holds, 0)
    assert rig.health() is None


async def test_a_refusal_that_is_true_lapses_the_sign_in_once_and_a_new_sign_in_mends_it(rig: Rig) -> None:
    family = rig.sign_in(**EXPIRED)
    family.revoked = True
    brokers = [rig.broker("process-1"), rig.broker("process-2")]
    for broker in brokers * 5:
        with pytest.raises(SignInLapsed, match="Sign in again"):
            await ask(broker, ALICE, rig.account)
        rig.clock.step(100)
    assert rig.calls == 1, "it is not asked in a loop"
    assert rig.events().count("lapse") == 1
    row = rig.there()
    assert row.lapsed_code == "invalid_grant"
    assert row.lease_owner is None
    rig.sign_in(**EXPIRED)
    assert (await ask(brokers[0], ALICE, rig.account)).value in rig.service.access_tokens
    assert rig.there().lapsed_at is None


async def test_signing_in_anew_while_a_refresh_is_under_way_keeps_the_new_sign_in(rig: Rig) -> None:
    rig.sign_in(**EXPIRED)
    rig.service.fault("token", "answer", delay=0.4)
    broker = rig.broker()
    waiting = asyncio.ensure_future(ask(broker, ALICE, rig.account))
    await until(lambda: rig.calls == 1)
    new = rig.sign_in(lives=3600)
    token = await waiting
    assert rig.service.access_tokens[token.value] is new
    assert (await broker.token(ALICE, rig.account, NO_NEED)).value == token.value
    # at some services revoking one token of a person's withdraws all they granted
    assert rig.to_revoke() == []


async def test_two_sign_ins_at_once_leave_one_that_works(rig: Rig) -> None:
    await asyncio.gather(*(asyncio.to_thread(rig.sign_in, lives=3600) for _ in range(8)))
    token = await ask(rig.broker(), ALICE, rig.account)
    assert token.value in rig.service.access_tokens
    rig.clock.step(4000)
    assert (await ask(rig.broker(), ALICE, rig.account)).value != token.value
