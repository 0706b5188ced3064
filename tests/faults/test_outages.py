"""Services in trouble: nothing is lost, they are left in peace, and they are back within a minute."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from airflow_thirdparty.exceptions import ServiceUnavailable
from airflow_thirdparty.server.broker.tokens.broker import TokenBroker
from airflow_thirdparty.server.broker.tokens.freshness import TokenRequirements
from airflow_thirdparty.server.oauth.transport import Timeouts, Transport
from tests.faults.rig import ALICE, BOB, CAROL, NO_NEED, Rig, ask, person, register, until

EXPIRED = {"lives": 3600, "ago": 4000}
HOUR = 3600.0

TROUBLES: dict[str, tuple[str, dict[str, Any]]] = {
    "503": ("status", {"status": 503}),
    "500 that claims invalid_grant": ("status", {"status": 500, "body": '{"error": "invalid_grant"}'}),
    "429": ("status", {"status": 429}),
    "HTML instead of JSON": ("status", {"status": 200, "body": "<html>Down for maintenance</html>"}),
    "400 in HTML": ("status", {"status": 400, "body": "<html>Bad request</html>"}),
    "redirect to a page of excuses": ("status", {"status": 302, "headers": {"Location": "/sorry"}}),
    "403 in HTML": ("status", {"status": 403, "body": "<html>Forbidden</html>"}),
    "connection dropped": ("drop", {}),
    "answer cut off": ("cut", {}),
    "answer cut off after it rotated": ("cut", {"after_effect": True}),
    "no answer": ("hang", {}),
    "a type of token nobody asked for": ("answer", {"fields": {"token_type": "mac"}}),
    "no access token": ("answer", {"fields": {"access_token": None}}),
}


@pytest.fixture
async def transport() -> Any:
    made = Transport(timeouts=Timeouts(connect=0.2, read=0.2, total=0.2))
    yield made
    await made.aclose()


async def outcome(broker: TokenBroker, who: Any, rig: Rig, need: TokenRequirements = NO_NEED) -> str:
    try:
        token = await ask(broker, who, rig.account, need)
    except Exception as error:
        return type(error).__name__
    assert token.expires_at is not None
    assert token.expires_at > rig.clock()
    return "token"


@pytest.mark.parametrize("trouble", TROUBLES, ids=TROUBLES)
async def test_five_minutes_of_trouble(rig: Rig, trouble: str) -> None:
    kind, details = TROUBLES[trouble]
    rig.sign_in(ALICE, **EXPIRED)
    rig.sign_in(BOB, **EXPIRED)
    rig.sign_in(CAROL, lives=HOUR, ago=HOUR - 90)  # still valid for 90 seconds
    rig.service.fault("token", kind, **details)
    if details.get("after_effect"):
        rig.service.settings.grace, rig.service.settings.reuse_kills = HOUR, False
    brokers = [rig.broker("process-1"), rig.broker("process-2")]
    seen: Counter[tuple[str, str]] = Counter()
    for second in range(0, 300, 15):
        for who in (ALICE, BOB, CAROL):
            seen[who.name, await outcome(brokers[second // 15 % 2], who, rig)] += 1
        rig.clock.step(15)
    assert seen["carol", "token"] >= 5, "a valid token is handed out whatever the service does"
    assert {result for _, result in seen} == {"token", "ServiceUnavailable"}
    assert rig.calls <= 300 / 30 + 1
    assert not any(rig.there(who).lapsed_at for who in (ALICE, BOB, CAROL))
    rig.service.heal()
    rig.clock.step(60)
    for who in (ALICE, BOB, CAROL):
        assert await outcome(brokers[1], who, rig) == "token"
        assert rig.there(who).failures == 0
    assert rig.health() is None


async def test_an_outage_of_24_hours(rig: Rig) -> None:
    people = [ALICE, BOB, CAROL]
    for who in people:
        rig.sign_in(who, lives=HOUR, ago=0)
    rig.service.fault("token", "status", status=503)
    brokers = [rig.broker("process-1"), rig.broker("process-2")]
    seen: Counter[str] = Counter()
    for turn in range(24 * 40):
        seen[await outcome(brokers[turn % 2], people[turn % 3], rig)] += 1
        rig.clock.step(90)
    assert seen.keys() == {"token", "ServiceUnavailable"}
    assert seen["token"] >= 38, "valid tokens are handed out until they expire"
    assert 24 * 20 <= rig.calls <= 24 * 120
    rig.service.heal()
    rig.clock.step(60)
    assert [await outcome(brokers[0], who, rig) for who in people] == ["token"] * 3
    assert not any(rig.there(who).lapsed_at for who in people)


async def test_at_most_one_call_in_30_seconds_however_many_ask(rig: Rig) -> None:
    people = [ALICE, BOB, CAROL]
    for who in people:
        rig.sign_in(who, **EXPIRED)
    rig.service.fault("token", "status", status=503)
    brokers = [rig.broker(f"process-{number}") for number in range(3)]
    assert await outcome(brokers[0], ALICE, rig) == "ServiceUnavailable"
    for period in range(1, 6):
        for _ in range(10):
            await asyncio.gather(*(outcome(broker, who, rig) for broker in brokers for who in people))
            # one more than periods: whether the first failure was the sign-in's own or the service's
            assert rig.calls <= period + 1
            rig.clock.step(3)
    assert rig.calls >= 4, "it is asked again now and then"


@pytest.mark.parametrize(
    ("header", "first_try_after"),
    [
        pytest.param(lambda now: "120", 120, id="seconds"),
        pytest.param(lambda now: "5", 30, id="sooner than we would"),
        pytest.param(lambda now: "86400", 3600, id="longer than is believed"),
        pytest.param(lambda now: "nonsense", 30, id="nonsense"),
        pytest.param(
            lambda now: format_datetime(now + timedelta(minutes=5, seconds=200), usegmt=True),
            200,
            id="a date by a clock that is five minutes ahead",
        ),
        pytest.param(
            lambda now: format_datetime(now + timedelta(minutes=-5, seconds=200), usegmt=True),
            200,
            id="a date by a clock that is five minutes behind",
        ),
    ],
)
async def test_retry_after(rig: Rig, header: Any, first_try_after: float, request: Any) -> None:
    rig.sign_in(**EXPIRED)
    skew = {"ahead": 5, "behind": -5}.get(request.node.callspec.id.rsplit(" ", 1)[-1], 0)
    date = format_datetime(rig.clock() + timedelta(minutes=skew), usegmt=True)
    headers = {"Retry-After": header(rig.clock()), "Date": date}
    rig.service.fault("token", "status", times=1, status=429, headers=headers)
    broker = rig.broker()
    assert await outcome(broker, ALICE, rig) == "ServiceUnavailable"
    rig.clock.step(first_try_after - 2)
    assert await outcome(broker, ALICE, rig) == "ServiceUnavailable"
    assert rig.calls == 1
    rig.clock.step(2 + 10 + 1)
    assert await outcome(broker, ALICE, rig) == "token"


async def test_a_service_that_hangs_is_back_within_a_minute(rig: Rig) -> None:
    rig.sign_in(**EXPIRED)
    rig.service.fault("token", "hang")
    broker = rig.broker()
    waiting = asyncio.ensure_future(outcome(broker, ALICE, rig))
    await until(lambda: rig.calls == 1)
    rig.service.heal()  # just too late for this call, which waits its 25 seconds
    rig.clock.step(25)
    assert await waiting == "ServiceUnavailable"
    rig.clock.step(60 - 25)
    assert await outcome(broker, ALICE, rig) == "token"


async def test_one_sign_in_in_trouble_does_not_close_the_account_for_others(rig: Rig) -> None:
    rig.sign_in(ALICE, **EXPIRED)
    broker = rig.broker()
    refused = Counter[str]()
    for _ in range(60):
        rig.service.fault("token", "status", status=500)
        await outcome(broker, ALICE, rig)
        rig.service.heal()
        rig.sign_in(BOB, **EXPIRED)
        refused[await outcome(broker, BOB, rig)] += 1
        rig.clock.step(60)
    assert refused["token"] >= 59, refused
    assert rig.there(ALICE).lapsed_at is None
    assert rig.service.calls["token"] - refused["token"] <= 20, "and it is tried ever more seldom itself"


async def test_an_early_refresh_that_fails_is_neither_noticed_nor_repeated_at_every_fetch(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.sign_in(lives=HOUR, ago=HOUR - 55)
    rig.service.fault("token", "status", status=503)
    broker = rig.broker()
    for _ in range(40):
        assert await outcome(broker, ALICE, rig) == "token"
        await asyncio.sleep(0.005)
    await until(lambda: not broker.refresher._flights)
    assert rig.calls == 1
    assert "never retrieved" not in caplog.text


async def test_a_task_that_needs_more_than_is_left_is_told_so_in_an_outage(rig: Rig) -> None:
    rig.sign_in(lives=HOUR, ago=HOUR - 600)
    rig.service.fault("token", "status", status=503)
    broker = rig.broker()
    with pytest.raises(ServiceUnavailable):
        await ask(broker, ALICE, rig.account, TokenRequirements(min_lifetime=1800))
    assert await outcome(broker, ALICE, rig) == "token"


async def test_a_hung_service_does_not_slow_another_down(rig: Rig) -> None:
    names = [f"person-{number}" for number in range(40)]
    hung = register(rig.service.base_url.replace("127.0.0.1", "localhost"))
    for name in names:
        rig.sign_in(person(name), hung, **EXPIRED)
        rig.sign_in(person(name), **EXPIRED)
    patient = Transport()
    broker = rig.broker(transport=patient)
    rig.service.fault("token", "answer", delay=30)
    stuck = [asyncio.ensure_future(broker.token(person(name), hung, NO_NEED, 0.2)) for name in names]
    await until(lambda: rig.calls >= 16)
    rig.service.heal()
    started = asyncio.get_running_loop().time()
    await asyncio.gather(*(ask(broker, person(name), rig.account) for name in names))
    assert asyncio.get_running_loop().time() - started < 8, "a hung call takes 25 seconds"
    assert rig.calls == 16 + 40, "those who wait for a place hold no lease and make no call"
    for task in stuck:
        task.cancel()
    await asyncio.gather(*stuck, return_exceptions=True)
    for flight in list(broker.refresher._flights.values()):
        flight.task.cancel()
    await broker.refresher.drain(5)
    await patient.aclose()
