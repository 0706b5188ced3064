"""Kills a broker process 200 times in the middle of a refresh, at every step of it.

Half of the kills happen to sign-ins at a service that takes a refresh token for 30 seconds after it was
replaced; none of those may be lost.  The other half happens at one that does not; there a kill between the
service's answer and the commit ends in one clear "sign in again", and everything else in a token.
Run with ``python -m benchmarks.kills``.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from typing import Any

from tests.support import airflow_home


def main() -> None:
    """Print what became of the sign-ins and write it to ``results.json``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=200)
    wanted = parser.parse_args()
    airflow_home.settle()
    from benchmarks import results
    from tests.support import bare_broker, databases

    with databases.in_use("postgres"), bare_broker.running() as bare:
        found = asyncio.run(_kill(bare, wanted.count))
    lost = sum(count for (_, became), count in found.items() if became.startswith("lost"))
    lost += sum(count for (grace, became), count in found.items() if grace and became == "sign in again")
    again = sum(count for (_, became), count in found.items() if became == "sign in again")
    print(f"{wanted.count} kills: {lost} lost, {again} asked to sign in again")
    for (grace, became), count in sorted(found.items(), key=str):
        print(f"  {count:>4}  {became}, {'with' if grace else 'without'} grace at the service")
    results.merge("kills", {"count": wanted.count, "lost": lost, "asked_again": again})


async def _kill(bare: Any, count: int) -> Counter[tuple[bool, str]]:
    from airflow_thirdparty.server.oauth.transport import Transport
    from tests.faults.rig import ALICE, Rig, StepClock
    from tests.support import faulty_service
    from tests.support.bare_broker import STEPS
    from tests.support.kills import kill_and_recover

    found: Counter[tuple[bool, str]] = Counter()
    async with faulty_service.serving() as service:
        clock = StepClock()
        rig = Rig(service, Transport(), clock)
        service.fault("token", "answer", delay=0.15)
        for number in range(count):
            grace = number % 2 == 0
            service.settings.grace = 30 if grace else 0
            clock.now = rig.there_is_now()
            rig.sign_in(lives=3600, ago=4000)
            killed, became = await kill_and_recover(bare, ALICE, rig.account, STEPS[number // 2 % len(STEPS)])
            found[grace, became if killed == "killed" else f"lost: {killed}"] += 1
        await rig.end()
    return found


if __name__ == "__main__":
    main()
