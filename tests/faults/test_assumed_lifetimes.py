"""Services that do not say how long an access token lives: refreshed in time, never refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_thirdparty.exceptions import ServiceUnavailable, SignInLapsed
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.accounts.lifetimes import expiry
from airflow_thirdparty.server.broker.tokens.freshness import TokenRequirements
from tests.faults.rig import ALICE, BOB, Rig, ask, register
from tests.support import databases

pytestmark = databases.BOTH

HOUR = 3600.0
REFUSED_BY_SERVICE = TokenRequirements(force_refresh=True)

TROUBLES = {
    "503": {"status": 503},
    "a page": {"status": 403, "body": "<html>Forbidden</html>"},
    "unknown words": {"status": 400, "body": json.dumps({"error": "on_strike"})},
    "invalid_client": {"status": 401, "body": json.dumps({"error": "invalid_client"})},
}


@pytest.fixture
def silent(rig: Rig) -> Account:
    """An account at a service that says no lifetime; alice is signed in, her token was just refreshed."""
    rig.service.fault("token", "answer", fields={"expires_in": None})
    return rig.account


async def signed_in(rig: Rig, account: Account) -> str:
    """Sign alice in and refresh once, so that her token is of an answer without a lifetime."""
    rig.sign_in(ALICE, account, lives=HOUR, ago=HOUR + 60)
    return (await ask(rig.broker(), ALICE, account)).value


@pytest.mark.parametrize(
    ("fields", "hours", "refreshed"),
    [
        pytest.param({}, 0.5, False, id="the default, before it"),
        pytest.param({}, 1.1, True, id="the default, after it"),
        pytest.param({}, 30 * 24, True, id="after 30 days"),
        pytest.param({"assumed_lifetime": 7200}, 1.1, False, id="the account's, before it"),
        pytest.param({"assumed_lifetime": 7200}, 2.1, True, id="the account's, after it"),
        pytest.param({"assumed_lifetime": 0}, 30 * 24, False, id="tokens that do not end"),
    ],
)
async def test_refreshed_after_the_assumed_lifetime(
    rig: Rig, silent: Account, fields: dict[str, Any], hours: float, refreshed: bool
) -> None:
    account = register(rig.service.base_url, **fields)
    first = await signed_in(rig, account)
    rig.clock.step(hours * HOUR)
    token = await ask(rig.broker(), ALICE, account)
    assert (token.value != first) == refreshed
    assert token.expires_at is None, "nobody knows when it ends"


async def test_where_the_service_says_a_lifetime_nothing_is_assumed(rig: Rig) -> None:
    account = register(rig.service.base_url, assumed_lifetime=10)
    rig.sign_in(ALICE, account, lives=HOUR, ago=HOUR + 60)
    first = await ask(rig.broker(), ALICE, account)
    rig.clock.step(60)
    assert (await ask(rig.broker(), ALICE, account)).value == first.value
    assert first.expires_at is not None


@pytest.mark.parametrize("trouble", TROUBLES, ids=TROUBLES)
async def test_the_token_at_hand_is_served_while_it_cannot_be_refreshed(
    rig: Rig, silent: Account, trouble: str
) -> None:
    first = await signed_in(rig, silent)
    rig.sign_in(BOB, lives=365 * 24 * HOUR)
    rig.service.heal()
    rig.service.fault("token", "status", **TROUBLES[trouble])
    before = rig.calls
    for _ in range(30):  # five hours: it lapses softly meanwhile, where the words are unknown
        rig.clock.step(600)
        assert (await ask(rig.broker(), ALICE, silent)).value == first
    assert rig.calls > before + 4, "and it is tried again and again"
    rig.service.heal()
    rig.clock.step(6 * HOUR)
    assert (await ask(rig.broker(), ALICE, silent)).value != first


async def test_it_is_served_while_the_service_takes_its_time(rig: Rig, silent: Account) -> None:
    first = await signed_in(rig, silent)
    rig.service.heal()
    rig.service.fault("token", "answer", delay=0.5)
    rig.clock.step(2 * HOUR)
    broker = rig.broker()
    assert (await broker.token(ALICE, silent, TokenRequirements(), 0.1)).value == first
    await broker.refresher.drain(5)
    assert (await ask(broker, ALICE, silent)).value != first


async def test_a_known_code_ends_it(rig: Rig, silent: Account) -> None:
    await signed_in(rig, silent)
    rig.service.heal()
    rig.service.fault("token", "status", status=400, body=json.dumps({"error": "invalid_grant"}))
    rig.clock.step(2 * HOUR)
    with pytest.raises(SignInLapsed):
        await ask(rig.broker(), ALICE, silent)


async def test_a_401_that_a_task_reports_ends_it(rig: Rig, silent: Account) -> None:
    first = await signed_in(rig, silent)
    rig.service.heal()
    rig.service.fault("token", "status", status=503)
    rig.clock.step(0.5 * HOUR)
    broker = rig.broker()
    assert (await ask(broker, ALICE, silent)).value == first
    with pytest.raises(ServiceUnavailable):
        await ask(broker, ALICE, silent, REFUSED_BY_SERVICE)
    with pytest.raises(ServiceUnavailable):
        await ask(broker, ALICE, silent)
    rig.service.heal()
    rig.clock.step(60)
    assert (await ask(broker, ALICE, silent)).value != first


async def test_a_task_that_needs_more_than_is_assumed_does_not_refresh_at_every_question(
    rig: Rig, silent: Account
) -> None:
    await signed_in(rig, silent)
    rig.clock.step(60)
    before = rig.calls
    for _ in range(5):
        await ask(rig.broker(), ALICE, silent, TokenRequirements(min_lifetime=7200))
        rig.clock.step(60)
    assert rig.calls == before


@pytest.mark.parametrize(
    ("told", "lifetime", "refreshable", "seconds", "assumed"),
    [
        pytest.param(60, 3600, True, 60, False, id="told"),
        pytest.param(None, 3600, True, 3600, True, id="not told"),
        pytest.param(None, 0, True, None, False, id="not told, does not end"),
        pytest.param(None, 3600, False, None, False, id="not told, nothing to refresh it with"),
    ],
)
def test_when_a_token_ends(
    rig: Rig, told: int | None, lifetime: int, refreshable: bool, seconds: int | None, assumed: bool
) -> None:
    start = rig.clock()
    rig.clock.step(told or 0)
    ends = expiry(rig.clock() if told else None, lifetime, start, refreshable=refreshable)
    assert (ends.at and (ends.at - start).total_seconds(), ends.assumed) == (seconds, assumed)
