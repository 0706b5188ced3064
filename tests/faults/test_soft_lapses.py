"""Refusals in words nobody knows: people are asked to sign in again in time, softly."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from airflow_thirdparty.exceptions import SignInLapsed
from airflow_thirdparty.server.broker.housekeeping import loop
from airflow_thirdparty.server.broker.tokens.soft_lapses import INTERVAL, LONGEST_INTERVAL
from airflow_thirdparty.server.broker.views.status import Status, standing
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.people.user_state import UserState
from tests.faults.rig import ALICE, BOB, CAROL, Rig, ask, person
from tests.support import databases

pytestmark = databases.BOTH

EXPIRED = {"lives": 3600, "ago": 4000}
MINUTES = 60.0


@pytest.fixture(autouse=True)
def present(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rig's people are there, though no auth manager knows them."""
    name = "airflow_thirdparty.server.broker.housekeeping.quiet_refreshes.user_state_of"
    monkeypatch.setattr(name, lambda *_: UserState.PRESENT)


def refusal(status: int, body: object) -> dict[str, Any]:
    return {"status": status, "body": body if isinstance(body, str) else json.dumps(body)}


UNKNOWN = refusal(400, {"error": "on_strike"})
FORBIDDEN = refusal(403, {"error": "quota"})
PAGE = refusal(403, "<html>Forbidden</html>")


async def outcome(rig: Rig, who: Person = ALICE) -> str:
    try:
        await ask(rig.broker(), who, rig.account)
    except Exception as error:
        return type(error).__name__
    return "token"


async def pass_by(
    rig: Rig, minutes: float, people: Sequence[Person] = (ALICE,), every: float = 10, **answer: Any
) -> str:
    """Let time pass while people ask; what became of the last question.

    :param minutes: how long
    :param every: minutes between two questions of one
    :param answer: what the service says meanwhile
    """
    rig.service.heal()
    if answer:
        rig.service.fault("token", "status", **answer)
    last = ""
    for _ in range(int(minutes / every)):
        rig.clock.step(every * MINUTES)
        for who in people:
            last = await outcome(rig, who)
    return last


def lapsed(rig: Rig, *people: Person) -> list[str]:
    """Who is asked to sign in again, softly."""
    return [who.name for who in people if rig.there(who).soft_lapsed_at is not None]


@pytest.mark.parametrize(
    ("answer", "lapses"),
    [
        pytest.param(UNKNOWN, True, id="400 in unknown words"),
        pytest.param(refusal(401, {"error": {"what": "no"}}), True, id="401 without a word"),
        pytest.param(FORBIDDEN, True, id="403 in unknown words"),
        pytest.param(refusal(404, "Not found"), True, id="a bare 404"),
        pytest.param(refusal(200, {"ok": False, "error": "on_strike"}), True, id="a success that is none"),
        pytest.param(PAGE, False, id="a proxy's page"),
        pytest.param(refusal(408, {"error": "on_strike"}), False, id="408"),
        pytest.param(refusal(425, {"error": "on_strike"}), False, id="425"),
        pytest.param(refusal(429, {"error": "on_strike"}), False, id="429"),
        pytest.param(refusal(503, {"error": "on_strike"}), False, id="503"),
        pytest.param(refusal(401, {"error": "invalid_client"}), False, id="the client is not accepted"),
    ],
)
async def test_which_answers_ask_to_sign_in_again_after_an_hour(
    rig: Rig, answer: dict[str, Any], lapses: bool
) -> None:
    rig.sign_in(**EXPIRED)
    rig.sign_in(BOB, lives=365 * 24 * 3600)
    last = await pass_by(rig, 80, **answer)
    assert (last == "SoftLapsed") == lapses
    assert (lapsed(rig, ALICE) == ["alice"]) == lapses
    row = rig.there()
    assert row.lapsed_at is None
    assert row.sealed_refresh is not None
    assert rig.events().count("soft_lapse") == int(lapses)
    assert await outcome(rig, BOB) == "token"


@pytest.mark.parametrize(
    ("every", "minutes", "lapses"),
    [
        pytest.param(6, 60, False, id="often, within less than an hour"),
        pytest.param(6, 72, True, id="often, for more than an hour"),
        pytest.param(20, 80, False, id="four times in an hour"),
        pytest.param(20, 100, True, id="five times in more than an hour"),
        pytest.param(1440, 5 * 1440, True, id="once a day"),
    ],
)
async def test_at_least_five_times_over_at_least_an_hour(
    rig: Rig, every: float, minutes: float, lapses: bool
) -> None:
    rig.sign_in(**EXPIRED)
    await pass_by(rig, minutes, every=every, **UNKNOWN)
    assert (lapsed(rig, ALICE) == ["alice"]) == lapses


async def test_the_task_and_the_page_say_what_to_do(rig: Rig) -> None:
    rig.sign_in(**EXPIRED)
    await pass_by(rig, 80, **UNKNOWN)
    with pytest.raises(SignInLapsed, match=r"on_strike.*still tried now and then.*Sign in again") as refused:
        await ask(rig.broker(), ALICE, rig.account)
    assert refused.value.code == "sign_in_lapsed"
    stands = standing(rig.account, rig.there(), rig.health(), rig.clock())
    assert stands.status is Status.LAPSED
    assert "on_strike. Sign in again" in stands.text


async def test_it_is_tried_at_long_intervals_and_a_success_ends_it_by_itself(rig: Rig) -> None:
    rig.sign_in(**EXPIRED)
    await pass_by(rig, 80, **UNKNOWN)
    calls = rig.calls
    keeper = rig.broker("keeper").refresher
    for _ in range(12):  # four hours
        rig.clock.step(20 * MINUTES)
        await loop.run_once(keeper)
    assert calls + 4 <= rig.calls <= calls + 4 * 60 / (INTERVAL.total_seconds() / MINUTES) + 1
    rig.service.heal()
    rig.clock.step(INTERVAL.total_seconds() + 10)
    await loop.run_once(keeper)
    row = rig.there()
    assert (row.soft_lapsed_at, row.unknown_times, row.unknown_since, row.failures) == (None, 0, None, 0)
    assert await outcome(rig) == "token"


async def test_after_a_day_it_is_tried_more_seldom(rig: Rig) -> None:
    rig.sign_in(**EXPIRED)
    await pass_by(rig, 80, **UNKNOWN)
    await pass_by(rig, 25 * 60, every=60, **UNKNOWN)
    calls = rig.calls
    await pass_by(rig, 24 * 60, every=60, **UNKNOWN)
    assert rig.calls - calls <= 24 * 3600 / LONGEST_INTERVAL.total_seconds()
    assert rig.calls > calls


async def test_an_access_token_that_is_good_is_handed_out_all_the_same(rig: Rig) -> None:
    rig.sign_in(lives=36000, ago=36000 - 3 * 3600)  # the last three hours of ten
    rig.change(unknown_times=4, unknown_since=rig.clock(), unknown_at=rig.clock())
    rig.clock.step(2.1 * 3600)
    rig.service.fault("token", "status", **UNKNOWN)
    broker = rig.broker()
    assert (await ask(broker, ALICE, rig.account)).value
    await broker.refresher.drain(5)
    assert lapsed(rig, ALICE) == ["alice"]
    assert (await ask(broker, ALICE, rig.account)).value
    stands = standing(rig.account, rig.there(), None, rig.clock())
    assert "still works" in stands.text


@pytest.mark.parametrize(
    ("people", "who_lapse"),
    [
        pytest.param([ALICE], ["alice"], id="one"),
        pytest.param([ALICE, BOB], ["alice", "bob"], id="two"),
        pytest.param([ALICE, BOB, CAROL], [], id="three are the service's trouble"),
    ],
)
async def test_several_at_once(rig: Rig, people: list[Person], who_lapse: list[str]) -> None:
    for who in people:
        rig.sign_in(who, **EXPIRED)
    await pass_by(rig, 90, people, **UNKNOWN)
    assert lapsed(rig, *people) == who_lapse


async def test_three_of_whom_none_fails_alone_lapse_when_others_succeed(rig: Rig) -> None:
    people = [ALICE, BOB, CAROL]
    for who in people:
        rig.sign_in(who, **EXPIRED)
    await pass_by(rig, 50, people, **UNKNOWN)
    rig.sign_in(person("dave"), **EXPIRED)
    assert await pass_by(rig, 10, [person("dave")]) == "token"
    await pass_by(rig, 30, people, **UNKNOWN)
    assert lapsed(rig, *people) == ["alice", "bob", "carol"]
    # and remain so when there is no success in sight: theirs has nothing to do with the service's trouble
    await pass_by(rig, 120, people, **UNKNOWN)
    assert lapsed(rig, *people) == ["alice", "bob", "carol"]


async def test_when_a_third_joins_the_lapses_of_two_are_withdrawn(rig: Rig) -> None:
    people = [ALICE, BOB, CAROL]
    for who in people:
        rig.sign_in(who, **EXPIRED)
    await pass_by(rig, 80, [ALICE, BOB], **UNKNOWN)
    assert lapsed(rig, *people) == ["alice", "bob"]
    await pass_by(rig, 90, people, **UNKNOWN)
    assert lapsed(rig, *people) == []
    assert "soft_lapse_withdrawn" in rig.events()
    rig.service.heal()
    rig.clock.step(6 * MINUTES)
    assert [await outcome(rig, who) for who in people] == ["token"] * 3


async def test_24_hours_of_refusals_and_pages_lapse_nobody(rig: Rig) -> None:
    people = [person(f"person-{number}") for number in range(5)]
    for who in people:
        rig.sign_in(who, lives=3600)
    seen: Counter[str] = Counter()
    answers = [UNKNOWN, FORBIDDEN, PAGE]
    for turn in range(24 * 3):
        rig.service.heal()
        rig.service.fault("token", "status", **answers[turn // 5 % 3])
        seen.update([await outcome(rig, who) for who in people])
        rig.clock.step(20 * MINUTES)
        assert lapsed(rig, *people) == []
    assert seen.keys() == {"token", "ServiceUnavailable"}
    assert not any(rig.there(who).lapsed_at for who in people)
    rig.service.heal()
    assert [await outcome(rig, who) for who in people] == ["token"] * 5
