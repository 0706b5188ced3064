"""Clocks that differ: between API servers, and between them and the service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from airflow_thirdparty.server.broker.tokens.freshness import TokenRequirements
from airflow_thirdparty.server.oauth import grants, identity
from airflow_thirdparty.server.oauth.types import Client, TokenSet
from airflow_thirdparty.server.store.clock import DatabaseClock, utcnow
from tests.faults.rig import ALICE, Rig, ask, endpoints_of

MINUTES = [pytest.param(-5, id="5 minutes behind"), pytest.param(5, id="5 minutes ahead")]


def off_by(minutes: float) -> Callable[[], datetime]:
    return lambda: utcnow() + timedelta(minutes=minutes)


@pytest.mark.parametrize("database_kind", ["postgres"], indirect=True, scope="module")
@pytest.mark.parametrize("minutes", MINUTES)
async def test_api_servers_whose_clocks_differ(rig: Rig, minutes: float) -> None:
    rig.clock.now = utcnow()
    rig.sign_in(lives=3600, ago=4000)
    rig.service.fault("token", "answer", delay=0.6)
    brokers = [
        rig.broker("right", clock=DatabaseClock()),
        rig.broker("wrong", clock=DatabaseClock(off_by(minutes))),
    ]
    first = asyncio.ensure_future(ask(brokers[0], ALICE, rig.account))
    await asyncio.sleep(0.2)
    second = asyncio.ensure_future(ask(brokers[1], ALICE, rig.account))
    assert (await first).value == (await second).value
    assert rig.calls == 1, "neither took the other for dead"
    for broker in brokers * 3:
        assert (await ask(broker, ALICE, rig.account)).value == (await first).value
    assert rig.calls == 1
    rig.service.heal()
    rig.clock.now = utcnow()
    rig.sign_in(lives=60, ago=70)
    for broker in brokers:
        token = await ask(broker, ALICE, rig.account)
        assert token.expires_at is not None
        assert token.expires_at > utcnow(), "an expired token was handed out"


@pytest.mark.parametrize("minutes", MINUTES)
async def test_a_service_whose_clock_differs(rig: Rig, minutes: float) -> None:
    """Lifetimes are told in seconds, so they are right by any clock; ID tokens get five minutes of leeway."""
    rig.clock.now = utcnow()
    skew = int(minutes * 60 * 0.99)
    now = int(utcnow().timestamp())
    rig.service.settings.id_token = {"iat": now + skew, "exp": now + skew + 60}
    tokens = TokenSet("access", "refresh", None, ("openid",), rig.service.id_token("alice", "nonce"))
    endpoints = endpoints_of(rig.service.base_url)
    where = type(endpoints)(
        **{**endpoints.__dict__, "issuer": rig.service.base_url, "userinfo_url": None}
        | {"jwks_url": f"{rig.service.base_url}/keys"}
    )
    who = await identity.identify(
        rig.transport, where, tokens, client=Client("client"), nonce="nonce", now=utcnow()
    )
    assert who.subject == "alice"
    rig.sign_in(lives=3600, ago=4000)
    broker = rig.broker()
    for _ in range(20):
        token = await ask(broker, ALICE, rig.account, TokenRequirements())
        assert token.expires_at is not None
        assert token.expires_at > utcnow()
    assert rig.calls == 1


async def test_a_service_that_takes_long_shortens_the_lifetime(rig: Rig) -> None:
    rig.clock.now = utcnow()
    rig.service.fault("token", "answer", delay=0.3)
    family = rig.sign_in(lives=3600)
    started = utcnow()
    tokens = await grants.refresh(
        rig.transport,
        Client("client", "client-secret-canary", "client_secret_basic"),
        endpoints_of(rig.service.base_url),
        family.current,
        ("repo",),
        started,
    )
    assert tokens.expires_at == started + timedelta(seconds=3600), "counted from before the call"
