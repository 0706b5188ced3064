"""A month of sign-ins, refreshes, outages and withdrawals, by a clock that is stepped."""

from __future__ import annotations

import random
import time
from collections import Counter

from airflow_thirdparty.exceptions import ServiceUnavailable, SignInLapsed
from airflow_thirdparty.server.broker.tokens.broker import TokenBroker
from airflow_thirdparty.server.people.person import Person
from tests.faults.rig import Rig, ask, person
from tests.support.faulty_service import Family

HOURS = 30 * 24
STEP = 4
"""Hours between two looks."""


async def test_thirty_days(rig: Rig) -> None:
    started = time.process_time()  # others may be busy on this machine
    chance = random.Random(30)
    people = [person(f"person-{number}") for number in range(12)]
    families = {who: rig.sign_in(who, lives=3600) for who in people}
    brokers = [rig.broker(f"process-{number}") for number in range(3)]
    seen: Counter[str] = Counter()
    withdrawn = 0
    for _ in range(HOURS // STEP):
        _change_weather(rig, chance.random())
        if chance.random() < 0.05:
            families[chance.choice(people)].revoked = True
            withdrawn += 1
        for who in chance.sample(people, 2):
            came_to = await _ask(rig, chance.choice(brokers), who, families[who])
            seen[came_to] += 1
            if came_to == "lapsed":
                assert families[who].revoked, "nobody is asked to sign in again without need"
                families[who] = rig.sign_in(who, lives=3600)
        rig.clock.step(STEP * 3600)
    assert 0 < seen["lapsed"] <= withdrawn
    assert seen["token"] > 250
    # every refresh token was used at most once, or the service would have taken us for a thief
    assert rig.service.settings.reuse_kills
    taken = time.process_time() - started
    assert taken < 10, f"{taken:.1f} s"


def _change_weather(rig: Rig, weather: float) -> None:
    rig.service.heal()
    if weather < 0.1:
        rig.service.fault("token", "status", status=503 if weather < 0.05 else 429)
    elif weather < 0.15:
        rig.service.fault("token", "drop")


async def _ask(rig: Rig, broker: TokenBroker, who: Person, family: Family) -> str:
    try:
        token = await ask(broker, who, rig.account)
    except ServiceUnavailable:
        return "unavailable"
    except SignInLapsed:
        return "lapsed"
    assert rig.service.access_tokens[token.value] is family
    assert token.expires_at is not None
    assert token.expires_at > rig.clock()
    return "token"
