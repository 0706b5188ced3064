"""An access token that nothing can refresh, and that a service does not accept any more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from airflow_thirdparty.exceptions import SignInLapsed
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.database import in_transaction
from airflow_thirdparty.server.broker.housekeeping import quiet_refreshes
from airflow_thirdparty.server.broker.tokens.doubts import INTERVAL
from airflow_thirdparty.server.broker.tokens.freshness import TokenRequirements
from airflow_thirdparty.server.broker.views.status import Status, standing
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.people.user_state import UserState
from tests.faults.rig import ALICE, BOB, CAROL, NO_NEED, Rig, ask, person, register, until
from tests.support import databases

pytestmark = databases.BOTH

REFUSED = TokenRequirements(force_refresh=True)
"""What the hook asks for after a 401."""

YEAR = 365 * 24 * 3600.0
PAUSE = INTERVAL.total_seconds() + 1
PATIENT = 60.0
"""Seconds to wait for the service, however busy the machine: afterwards the token is handed out."""


async def outcome(
    rig: Rig, who: Person = ALICE, need: TokenRequirements = REFUSED, account: Account | None = None
) -> str:
    try:
        await ask(rig.broker(), who, account or rig.account, need, PATIENT)
    except SignInLapsed as error:
        return type(error).__name__
    return "token"


def sign_in(rig: Rig, *people: Person, revoked: bool = True) -> None:
    """Sign people in long ago, without a refresh token; the service has revoked their tokens since."""
    for who in people:
        rig.sign_in(who, lives=YEAR, ago=3600, refresh=None).revoked = revoked


def lapsed(rig: Rig, *people: Person) -> list[str]:
    return [who.name for who in people if rig.there(who).soft_lapsed_at is not None]


async def test_it_lapses_when_the_service_says_so_itself(rig: Rig) -> None:
    sign_in(rig, ALICE)
    sign_in(rig, BOB, revoked=False)
    assert standing(rig.account, rig.there(), None, rig.clock()).status is Status.SIGNED_IN
    with pytest.raises(SignInLapsed, match=r"does not accept the access token any more.*Sign in again") as no:
        await ask(rig.broker(), ALICE, rig.account, REFUSED)
    assert "/third-party-accounts/?account=" in str(no.value)
    stands = standing(rig.account, rig.there(), rig.health(), rig.clock())
    assert stands.status is Status.LAPSED
    assert stands.text == (
        "The service refuses your sign-in: it does not accept the access token any more, and gave nothing to "
        "refresh it with. Sign in again."
    )
    assert rig.events() == ["soft_lapse"]
    assert rig.there().lapsed_at is None
    # nobody else is asked to do anything, and the service is asked no more
    assert await outcome(rig, BOB, NO_NEED) == "token"
    assert standing(rig.account, rig.there(BOB), rig.health(), rig.clock()).status is Status.SIGNED_IN
    assert [await outcome(rig, need=need) for need in (NO_NEED, REFUSED)] == ["SoftLapsed"] * 2
    assert rig.service.calls["userinfo"] == 1
    assert rig.calls == 0


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(None, id="the service itself accepts it: the 401 was another's, or a scope's"),
        pytest.param({"status": 403, "body": '{"error": "forbidden"}'}, id="it may not ask that"),
        pytest.param({"status": 401, "body": "<html>Log in</html>"}, id="a proxy's page"),
        pytest.param({"status": 503, "body": "{}"}, id="the service is in trouble"),
    ],
)
async def test_a_tasks_401_alone_proves_nothing(rig: Rig, fault: dict[str, Any] | None) -> None:
    sign_in(rig, ALICE, revoked=False)
    if fault:
        rig.service.fault("userinfo", "status", **fault)
    assert [await outcome(rig) for _ in range(5)] == ["token"] * 5
    assert rig.service.calls["userinfo"] == 1, "it is asked once, however often a task says so"
    assert standing(rig.account, rig.there(), rig.health(), rig.clock()).status is Status.SIGNED_IN
    rig.clock.step(PAUSE)
    await outcome(rig)
    assert rig.service.calls["userinfo"] == 2


async def test_without_a_refused_token_nobody_asks(rig: Rig) -> None:
    sign_in(rig, ALICE)
    assert await outcome(rig, need=NO_NEED) == "token"
    assert rig.service.calls["userinfo"] == 0


async def test_a_service_that_tells_nobody_whose_token_it_is_is_not_asked(rig: Rig) -> None:
    account = register(rig.service.base_url, userinfo_url=None, authorize_params={})
    rig.sign_in(account=account, lives=YEAR, ago=3600, refresh=None).revoked = True
    rig.change_of(account, endpoints=rig.there(ALICE, account).endpoints.replace("/userinfo", ""))
    assert await outcome(rig, account=account) == "token"


async def test_a_token_for_another_resource_is_not_shown_to_userinfo(rig: Rig) -> None:
    sign_in(rig, ALICE)
    rig.change(scopes="openid repo https://reports.example/.default")
    assert await outcome(rig) == "token"
    assert rig.service.calls["userinfo"] == 0


async def test_it_works_again_when_the_service_accepts_it(rig: Rig) -> None:
    family = rig.sign_in(lives=YEAR, ago=3600, refresh=None)
    family.revoked = True
    assert await outcome(rig) == "SoftLapsed"
    family.revoked = False
    assert await outcome(rig, need=NO_NEED) == "SoftLapsed", "it was asked a moment ago"
    rig.clock.step(50 * 60)
    assert await outcome(rig, need=NO_NEED) == "token"
    row = rig.there()
    assert (row.soft_lapsed_at, row.unknown_times, row.failed_at) == (None, 0, None)
    assert standing(rig.account, row, rig.health(), rig.clock()).status is Status.SIGNED_IN


async def test_a_new_sign_in_ends_it(rig: Rig) -> None:
    sign_in(rig, ALICE)
    assert await outcome(rig) == "SoftLapsed"
    sign_in(rig, ALICE, revoked=False)
    assert await outcome(rig, need=NO_NEED) == "token"


@pytest.mark.parametrize(
    ("people", "who_lapse"),
    [
        pytest.param([ALICE], ["alice"], id="one"),
        pytest.param([ALICE, BOB], ["alice", "bob"], id="two"),
        pytest.param([ALICE, BOB, CAROL], [], id="three are the service's trouble"),
    ],
)
async def test_several_at_once(rig: Rig, people: Sequence[Person], who_lapse: list[str]) -> None:
    sign_in(rig, *people)
    for who in people:
        await outcome(rig, who)
    assert lapsed(rig, *people) == who_lapse


async def test_three_lapse_when_somebody_signs_in_meanwhile(rig: Rig) -> None:
    people = [ALICE, BOB, CAROL]
    sign_in(rig, *people)
    for who in people:
        await outcome(rig, who)
    rig.clock.step(PAUSE)
    rig.sign_in(person("dave"), lives=YEAR, refresh=None)
    rig.clock.step(PAUSE)
    assert [await outcome(rig, who) for who in people] == ["SoftLapsed"] * 3
    assert lapsed(rig, *people) == ["alice", "bob", "carol"]


async def test_many_tasks_at_once_ask_once(rig: Rig) -> None:
    sign_in(rig, ALICE)
    broker = rig.broker()
    answers = await asyncio.gather(
        *(ask(broker, ALICE, rig.account, REFUSED, PATIENT) for _ in range(20)), return_exceptions=True
    )
    assert {type(answer).__name__ for answer in answers} == {"SoftLapsed"}
    assert rig.service.calls["userinfo"] == 1


async def test_what_is_found_out_of_a_token_says_nothing_of_the_next_one(rig: Rig) -> None:
    sign_in(rig, ALICE)
    answered = asyncio.Event()
    rig.service.fault("userinfo", "answer", until=answered)
    broker = rig.broker()
    before = asyncio.create_task(ask(broker, ALICE, rig.account, REFUSED))
    await until(lambda: rig.service.calls["userinfo"] == 1)
    sign_in(rig, ALICE)
    after = asyncio.create_task(ask(broker, ALICE, rig.account, REFUSED))
    await until(lambda: rig.service.calls["userinfo"] == 2)
    answered.set()
    await before
    with pytest.raises(SignInLapsed):
        await after


async def test_housekeeping_leaves_it_alone(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet_refreshes, "user_state_of", lambda *_: UserState.PRESENT)
    sign_in(rig, ALICE)
    assert await outcome(rig) == "SoftLapsed"
    rig.clock.step(24 * 3600)
    assert in_transaction(quiet_refreshes.find_due, now=rig.clock()) == []
