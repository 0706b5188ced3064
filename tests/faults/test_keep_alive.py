"""Sign-ins that end when nobody uses them are kept alive for those who use them now and then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.database import in_transaction
from airflow_thirdparty.server.broker.housekeeping import quiet_refreshes
from airflow_thirdparty.server.broker.tokens import keep_alive
from airflow_thirdparty.server.broker.tokens.refresher import Refresher
from airflow_thirdparty.server.broker.views.status import standing
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.people.user_state import UserState
from airflow_thirdparty.server.store.base import PersonColumns
from airflow_thirdparty.server.store.delegations import Delegation
from airflow_thirdparty.server.store.usage import Usage
from tests.faults.rig import ALICE, BOB, Rig, person, register
from tests.support import databases
from tests.support.airflow_server import configured

pytestmark = databases.BOTH

DAY = 24 * 3600.0
FORTNIGHT = {"refresh_lifetime": int(15 * DAY)}


@pytest.fixture(autouse=True)
def gone(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of those who are gone; nobody, to begin with."""
    names: set[str] = set()

    def state(who: Person, _values: object) -> UserState:
        return UserState.GONE if who.name in names else UserState.PRESENT

    monkeypatch.setattr(quiet_refreshes, "user_state_of", state)
    return names


async def refresh_quietly(refresher: Refresher) -> None:
    """What a round of housekeeping does about them."""
    due = in_transaction(quiet_refreshes.find_due, now=refresher.clock())
    await quiet_refreshes.refresh_all(refresher, due)


def use(rig: Rig, account: Account, who: Person = ALICE, days_ago: float = 0) -> None:
    """Somebody's task used their sign-in."""
    at = rig.clock() - timedelta(days=days_ago)
    row = Usage(
        ti_id=f"{account.conn_id}-{who.name}-{days_ago}",
        conn_id=account.conn_id,
        dag_id="dag",
        run_id="run",
        task_id="task",
        map_index=-1,
        try_number=1,
        first_at=at,
        last_at=at,
        times=1,
        **PersonColumns.person_values(who),
    )
    in_transaction(lambda session: session.add(row))


def delegate(rig: Rig, account: Account, **values: Any) -> None:
    """Alice delegated her sign-in."""
    row = Delegation(
        dag_id="dag",
        conn_id=account.conn_id,
        on_schedule=True,
        on_asset_events=False,
        pinned=False,
        entitled=True,
        asked_at=rig.clock(),
        made_at=rig.clock(),
        **PersonColumns.person_values(ALICE),
    )
    for name, value in values.items():
        setattr(row, name, value)
    in_transaction(lambda session: session.add(row))


async def pass_days(rig: Rig, days: float, rounds_a_day: int = 4) -> None:
    """Let days pass with housekeeping."""
    keeper = rig.broker("keeper").refresher
    for _ in range(int(days * rounds_a_day)):
        rig.clock.step(DAY / rounds_a_day)
        await refresh_quietly(keeper)


@pytest.mark.parametrize(
    ("fields", "used", "days", "calls"),
    [
        pytest.param(FORTNIGHT, True, 30, range(2, 5), id="used: kept alive for a month"),
        pytest.param(FORTNIGHT, False, 30, range(1), id="never used"),
        pytest.param(FORTNIGHT, True, 7, range(1), id="not before half of its life"),
        pytest.param(FORTNIGHT, True, 12, range(1, 2), id="before it ends"),
        pytest.param({}, True, 30, range(1), id="no end is known"),
        pytest.param({"refresh_lifetime": int(2 * DAY)}, True, 3, range(1), id="too short a life"),
        pytest.param(FORTNIGHT, True, 120, range(5, 9), id="until sixty days after the last use"),
    ],
)
async def test_what_is_kept_alive(
    rig: Rig, fields: dict[str, Any], used: bool, days: int, calls: range
) -> None:
    account = register(rig.service.base_url, **fields)
    rig.sign_in(ALICE, account)
    if used:
        use(rig, account)
    await pass_days(rig, days, rounds_a_day=2)
    assert rig.calls in calls


@pytest.mark.parametrize(
    ("keep_alive_days", "used_days_ago", "kept"),
    [
        pytest.param("60", 40, True, id="used lately"),
        pytest.param("60", 50.1, False, id="too long ago by then"),
        pytest.param("5", 0, False, id="a shorter time"),
        pytest.param("0", 0, False, id="off"),
    ],
)
async def test_for_how_long(rig: Rig, keep_alive_days: str, used_days_ago: float, kept: bool) -> None:
    account = register(rig.service.base_url, **FORTNIGHT)
    rig.sign_in(ALICE, account)
    use(rig, account, days_ago=used_days_ago)
    rig.clock.step(10 * DAY)
    rig.change_of(account, signed_in_at=rig.clock() - timedelta(days=14))
    with configured("third_party_accounts", keep_alive_days=keep_alive_days):
        await refresh_quietly(rig.broker("keeper").refresher)
    assert rig.calls == int(kept)


@pytest.mark.parametrize(
    ("delegation", "kept"),
    [
        pytest.param({}, True, id="delegated"),
        pytest.param({"expires_at": "past"}, False, id="delegated, ended"),
    ],
)
async def test_delegated_is_used(rig: Rig, delegation: dict[str, Any], kept: bool) -> None:
    account = register(rig.service.base_url, **FORTNIGHT)
    rig.sign_in(ALICE, account)
    delegate(rig, account, **({"expires_at": rig.clock()} if delegation else {}))
    found = rig.clock() + timedelta(days=14)
    assert bool(in_transaction(quiet_refreshes.find_due, now=found)) == kept


async def test_people_who_are_gone_are_not_kept_alive(rig: Rig, gone: set[str]) -> None:
    account = register(rig.service.base_url, **FORTNIGHT)
    for who in (ALICE, BOB):
        rig.sign_in(who, account)
        use(rig, account, who)
    gone.add("alice")
    await pass_days(rig, 14, rounds_a_day=2)
    assert rig.there(ALICE, account).refreshed_at is None
    assert rig.there(BOB, account).refreshed_at is not None


async def test_sign_ins_that_cannot_be_kept_keep_no_others_from_their_turn(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quiet_refreshes, "AT_ONCE", 1)
    quarterly = register(rig.service.base_url, refresh_lifetime=int(90 * DAY))
    rig.sign_in(ALICE, quarterly)
    use(rig, quarterly)
    rig.change_of(quarterly, binding='{"service": "another"}')
    rig.clock.step(50 * DAY)
    fortnightly = register(rig.service.base_url, **FORTNIGHT)
    rig.sign_in(BOB, fortnightly)
    use(rig, fortnightly, BOB)
    rig.clock.step(12 * DAY)
    with configured("third_party_accounts", keep_alive_days="70"):
        await refresh_quietly(rig.broker("keeper").refresher)
    assert rig.there(BOB, fortnightly).refreshed_at is not None


async def test_sign_ins_of_before_an_account_was_changed_keep_none_from_their_turn(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quiet_refreshes, "AT_ONCE", 1)
    account = register(rig.service.base_url, **FORTNIGHT)
    rig.sign_in(ALICE, account)
    use(rig, account)
    rig.change_of(account, binding='{"service": "another"}')
    rig.clock.step(DAY)
    rig.sign_in(BOB, account)
    use(rig, account, BOB)
    rig.clock.step(12 * DAY)
    await refresh_quietly(rig.broker("keeper").refresher)
    assert rig.there(BOB, account).refreshed_at is not None


async def test_one_call_at_a_time_to_a_service_and_spread(rig: Rig) -> None:
    accounts = [register(rig.service.base_url, **FORTNIGHT) for _ in range(2)]
    for account in accounts:
        for number in range(6):
            rig.sign_in(person(f"person-{number}"), account)
            use(rig, account, person(f"person-{number}"))
    keeper = rig.broker("keeper").refresher
    steps = []
    for _ in range(14 * 8):
        before = rig.calls
        rig.clock.step(DAY / 8)
        await refresh_quietly(keeper)
        steps.append(rig.calls - before)
    assert max(steps) == 1
    assert sum(steps) == 12, "each once"


async def test_none_while_a_call_to_the_service_is_under_way(rig: Rig) -> None:
    account, other = register(rig.service.base_url, **FORTNIGHT), register(rig.service.base_url)
    rig.sign_in(ALICE, account)
    use(rig, account)
    rig.sign_in(BOB, other)
    rig.clock.step(14 * DAY)
    rig.change_of(other, who=BOB, lease_owner="somebody", lease_until=rig.clock() + timedelta(seconds=5))
    assert in_transaction(quiet_refreshes.find_due, now=rig.clock()) == []
    rig.clock.step(6)
    assert len(in_transaction(quiet_refreshes.find_due, now=rig.clock())) == 1


async def test_one_that_fails_is_tried_once_a_day(rig: Rig) -> None:
    account = register(rig.service.base_url, **FORTNIGHT)
    rig.sign_in(ALICE, account)
    use(rig, account)
    rig.service.fault("token", "status", status=503)
    rig.clock.step(11.9 * DAY)
    await pass_days(rig, 3, rounds_a_day=24)
    assert rig.calls == 3
    stands = standing(account, rig.there(ALICE, account), None, rig.clock(), rig.clock())
    assert "it ends on 2026-03-16" in stands.text


@pytest.mark.parametrize(
    ("used", "lifetime", "said"),
    [
        pytest.param(True, 15 * DAY, "", id="kept alive"),
        pytest.param(False, 15 * DAY, "If it is not used before, it ends on 2026-03-16.", id="not used"),
        pytest.param(
            True, 2 * DAY, "If it is not used before, it ends on 2026-03-03.", id="too short a life"
        ),
        pytest.param(False, 0, "", id="no end is known"),
    ],
)
async def test_what_cannot_be_kept_alive_is_shown_with_its_end(
    rig: Rig, used: bool, lifetime: float, said: str
) -> None:
    account = register(rig.service.base_url, refresh_lifetime=int(lifetime))
    rig.sign_in(ALICE, account)
    stands = standing(account, rig.there(ALICE, account), None, rig.clock(), rig.clock() if used else None)
    assert stands.text == f"You are signed in. {said}".strip()


async def test_what_has_ended_is_not_said_to_end_some_day(rig: Rig) -> None:
    account = register(rig.service.base_url, **FORTNIGHT)
    rig.sign_in(ALICE, account)
    rig.clock.step(20 * DAY)
    stands = standing(account, rig.there(ALICE, account), None, rig.clock(), None)
    assert stands.text == "You are signed in. It was not used in time and may have ended on 2026-03-16."


def test_the_days_are_spread(rig: Rig) -> None:
    account = register(rig.service.base_url, **FORTNIGHT)
    rig.sign_in(ALICE, account)
    row = rig.there(ALICE, account)
    due = []
    for number in range(1, 101):
        row.id = number
        due.append(
            next(
                hour
                for hour in range(15 * 24)
                if keep_alive.is_due(account, row, row.signed_in_at + timedelta(hours=hour))
            )
        )
    assert (min(due) >= 7.5 * 24, max(due) <= 11.25 * 24 + 1) == (True, True)
    assert len(set(due)) > 60
