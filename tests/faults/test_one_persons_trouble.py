"""What a service answers about one sign-in never keeps another from its own try."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from airflow_thirdparty.exceptions import AccountMisconfigured, ServiceUnavailable
from airflow_thirdparty.server.accounts.presets import PRESETS
from airflow_thirdparty.server.broker.database import in_transaction
from airflow_thirdparty.server.broker.tokens.broker import TokenBroker
from airflow_thirdparty.server.broker.tokens.leases import OPEN_FOR
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import account_health, client_secrets
from airflow_thirdparty.server.store.account_health import OTHERS_FIRST, Failure
from tests.faults.rig import ALICE, BOB, CAROL, Rig, ask, person
from tests.support import databases

pytestmark = databases.BOTH

EXPIRED = {"lives": 3600, "ago": 4000}


def refusal(status: int, body: object, **headers: str) -> dict[str, Any]:
    return {"status": status, "body": json.dumps(body), "headers": headers}


ANSWERS = {
    "invalid_client": refusal(401, {"error": "invalid_client"}),
    "a refusal in words nobody knows": refusal(403, {"error": "on_strike"}),
    "a bare 404": {"status": 404, "body": "Not found"},
    "a refusal that asks to wait": refusal(403, {"error": "on_strike"}, **{"Retry-After": "600"}),
    "an error with a status of success": refusal(200, {"ok": False, "error": "on_strike"}),
    "unauthorized_client": refusal(400, {"error": "unauthorized_client"}),
}


async def outcome(rig: Rig, broker: TokenBroker, who: Person) -> str:
    try:
        await ask(broker, who, rig.account)
    except Exception as error:
        return type(error).__name__
    return "token"


async def failing(rig: Rig, broker: TokenBroker, who: Person, details: dict[str, Any]) -> str:
    """Ask while the service answers so."""
    rig.service.fault("token", "status", **details)
    result = await outcome(rig, broker, who)
    rig.service.heal()
    return result


@pytest.mark.parametrize("answer", ANSWERS, ids=ANSWERS)
async def test_alice_refused_every_four_seconds_and_bob_served_each_time(rig: Rig, answer: str) -> None:
    rig.sign_in(ALICE, **EXPIRED)
    brokers = [rig.broker("process-1"), rig.broker("process-2")]
    seen: Counter[tuple[str, str]] = Counter()
    for second in range(0, 67, 4):
        broker = brokers[second // 4 % 2]
        seen["alice", await failing(rig, broker, ALICE, ANSWERS[answer])] += 1
        if second == 0:
            rig.sign_in(BOB, **EXPIRED)
        else:
            rig.change(BOB, access_issued_at=rig.clock.now.replace(month=2))
            rig.change(BOB, access_expires_at=rig.clock.now.replace(month=2))
        seen["bob", await outcome(rig, broker, BOB)] += 1
        rig.clock.step(4)
    assert seen == {("alice", "ServiceUnavailable"): 17, ("bob", "token"): 17}
    assert rig.calls - 17 <= 3, "alice backs off by herself"
    assert "account_flagged" not in rig.events()


async def test_alice_whose_refresh_token_is_invalid_signs_in_again_and_bob_is_served(rig: Rig) -> None:
    words = {"error": "unauthorized_client", "error_description": "refresh_token is invalid"}
    for who in (ALICE, BOB):
        rig.sign_in(who, **EXPIRED)
    brokers = [rig.broker("process-1"), rig.broker("process-2")]
    seen: Counter[tuple[str, str]] = Counter()
    for second in range(0, 67, 4):
        broker = brokers[second // 4 % 2]
        seen["alice", await failing(rig, broker, ALICE, refusal(403, words))] += 1
        long_ago = rig.clock.now.replace(month=2)
        rig.change(BOB, access_issued_at=long_ago, access_expires_at=long_ago)
        seen["bob", await outcome(rig, broker, BOB)] += 1
        rig.clock.step(4)
    assert seen == {("alice", "SignInLapsed"): 17, ("bob", "token"): 17}
    assert rig.calls == 1 + 17, "alice's is not tried again"
    assert rig.health() is None


@pytest.mark.parametrize("answer", ANSWERS, ids=ANSWERS)
async def test_an_answer_closes_the_circuit_that_silence_opened(rig: Rig, answer: str) -> None:
    for who in (ALICE, BOB, CAROL):
        rig.sign_in(who, **EXPIRED)
    broker = rig.broker()
    for who in (ALICE, BOB, CAROL):
        assert await failing(rig, broker, who, {"status": 503}) == "ServiceUnavailable"
    assert rig.calls == 2, "the circuit is open"
    rig.clock.step(OPEN_FOR.total_seconds() + 1)
    await failing(rig, broker, CAROL, ANSWERS[answer])
    assert rig.calls == 3
    rig.clock.step(10)
    assert [await outcome(rig, broker, who) for who in (ALICE, BOB)] == ["token"] * 2


@pytest.mark.parametrize(
    ("people", "refused", "flagged"),
    [
        pytest.param([ALICE], [ALICE], False, id="once for an only one"),
        pytest.param([ALICE], [ALICE, ALICE], True, id="twice for an only one"),
        pytest.param([ALICE, BOB], [ALICE, ALICE, ALICE], False, id="again and again for one of two"),
        pytest.param([ALICE, BOB], [ALICE, BOB], True, id="for two"),
        pytest.param([ALICE, BOB, CAROL], [ALICE, CAROL], True, id="for two of three"),
    ],
)
async def test_when_an_account_is_flagged(
    rig: Rig, people: list[Person], refused: list[Person], flagged: bool
) -> None:
    for who in people:
        rig.sign_in(who, **EXPIRED)
    broker = rig.broker()
    for who in refused:
        last = await failing(rig, broker, who, ANSWERS["invalid_client"])
        rig.clock.step(400)
    assert rig.calls == len(refused)
    health = rig.health()
    assert health is not None
    assert (health.flagged_code == "invalid_client") == flagged
    assert rig.events().count("account_flagged") == int(flagged)
    assert last == ("AccountMisconfigured" if flagged else "ServiceUnavailable")
    assert not any(rig.there(who).lapsed_at for who in people)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(refusal(400, {"error": "bad_client_secret"}), (), id="in other words"),
        pytest.param(refusal(400, {"error": "app_gone"}), ("refresh:app_gone",), id="in the preset's word"),
        pytest.param(
            refusal(401, {"error": "unauthorized_client", "error_description": "Invalid client credentials"}),
            (),
            id="in a sentence, as Keycloak does",
        ),
    ],
)
async def test_the_words_that_flag_an_account(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], words: tuple[str, ...]
) -> None:
    known = replace(PRESETS["custom"], client_codes=words)
    monkeypatch.setitem(PRESETS, "custom", known)
    broker = rig.broker()
    for who in (ALICE, BOB, CAROL):
        rig.sign_in(who, **EXPIRED)
    seen = [await failing(rig, broker, who, answer) for who in (ALICE, BOB)]
    assert seen == ["ServiceUnavailable", "AccountMisconfigured"]
    assert rig.events().count("account_flagged") == 1
    assert await outcome(rig, broker, CAROL) == "token"


async def test_any_success_takes_the_flag_away(rig: Rig) -> None:
    for who in (ALICE, BOB, CAROL):
        rig.sign_in(who, **EXPIRED)
    broker = rig.broker()
    for who in (ALICE, BOB):
        await failing(rig, broker, who, ANSWERS["invalid_client"])
    assert await outcome(rig, broker, ALICE) == "AccountMisconfigured", "while she backs off, too"
    assert await outcome(rig, broker, CAROL) == "token", "the flag keeps nobody from a try"
    assert rig.health() is None
    assert await outcome(rig, broker, ALICE) == "ServiceUnavailable"
    rig.clock.step(45)
    assert [await outcome(rig, broker, who) for who in (ALICE, BOB)] == ["token"] * 2


async def test_a_dead_refresh_token_is_no_success(rig: Rig) -> None:
    families = {who: rig.sign_in(who, **EXPIRED) for who in (ALICE, BOB, CAROL)}
    broker = rig.broker()
    for who in (ALICE, BOB):
        await failing(rig, broker, who, ANSWERS["invalid_client"])
    families[CAROL].revoked = True
    assert await outcome(rig, broker, CAROL) == "SignInLapsed"
    health = rig.health()
    assert health is not None
    assert health.flagged_at is not None


async def test_a_flag_changes_the_words_for_those_whom_it_concerns_only(rig: Rig) -> None:
    for who in (ALICE, BOB, CAROL):
        rig.sign_in(who, **EXPIRED)
    broker = rig.broker()
    for who in (ALICE, BOB):
        await failing(rig, broker, who, ANSWERS["invalid_client"])
    assert await failing(rig, broker, CAROL, {"status": 503}) == "ServiceUnavailable"
    assert await outcome(rig, broker, CAROL) == "ServiceUnavailable"


async def test_a_client_that_is_not_accepted_costs_no_sign_in_and_is_mended_at_once(rig: Rig) -> None:
    people = [ALICE, BOB]
    for who in people:
        rig.sign_in(who, **EXPIRED)
    rig.service.settings.client_secret = "another-secret"
    broker = rig.broker()
    seen = [await outcome(rig, broker, who) for who in people]
    for _ in range(10):
        seen += [await outcome(rig, broker, who) for who in people]
        rig.clock.step(10)
    assert seen == ["ServiceUnavailable"] + ["AccountMisconfigured"] * 21
    assert rig.calls <= 6
    assert not any(rig.there(who).lapsed_at for who in people)
    assert rig.events().count("account_flagged") == 1
    with pytest.raises(AccountMisconfigured, match="No sign-in is lost"):
        await ask(broker, ALICE, rig.account)
    in_transaction(
        lambda session: client_secrets.store(session, rig.account.conn_id, "another-secret", rig.account)
    )
    # as soon as the admin has entered the right secret, nobody backs off any more
    assert [await outcome(rig, broker, who) for who in people] == ["token", "token"]
    assert rig.health() is None


async def test_a_half_open_circuit_gives_its_try_to_another_than_the_last_that_failed(rig: Rig) -> None:
    for who in (ALICE, BOB, CAROL):
        rig.sign_in(who, **EXPIRED)
    broker = rig.broker()
    for who in (BOB, ALICE):
        await failing(rig, broker, who, {"status": 500})
    rig.change(ALICE, retry_at=None)  # whatever her own backoff says
    rig.clock.step(OPEN_FOR.total_seconds() + 1)
    with pytest.raises(ServiceUnavailable, match="asked again after"):
        await ask(broker, ALICE, rig.account)
    assert rig.calls == 2
    assert await outcome(rig, broker, CAROL) == "token"
    assert await outcome(rig, broker, ALICE) == "token"


@pytest.mark.parametrize(
    "details",
    [
        pytest.param({"status": 500}, id="500"),
        pytest.param({"status": 429}, id="429"),
        pytest.param({"status": 302, "headers": {"Location": "/login"}}, id="a redirect to log in"),
    ],
)
async def test_three_who_always_fail_and_ask_first_do_not_take_every_try(
    rig: Rig, details: dict[str, Any]
) -> None:
    bad, good = [ALICE, BOB, CAROL], [person("dave"), person("erin")]
    for who in (*bad, *good):
        rig.sign_in(who, **EXPIRED)
    brokers = [rig.broker("process-1"), rig.broker("process-2")]
    served = dict.fromkeys([who.name for who in good], 0)
    for turn in range(30):  # two minutes
        for who in bad:
            await failing(rig, brokers[turn % 2], who, details)
        for who in good:
            if not served[who.name]:
                served[who.name] = turn * (await outcome(rig, brokers[turn % 2], who) == "token")
        rig.clock.step(4)
    assert all(0 < turn * 4 <= 70 for turn in served.values()), served
    assert rig.health() is None, "they back off by themselves, and the circuit is closed"


async def test_the_last_that_failed_gets_the_try_when_nobody_else_wants_it(rig: Rig) -> None:
    for who in (ALICE, BOB):
        rig.sign_in(who, **EXPIRED)
    conn_id, row = rig.account.conn_id, rig.there(ALICE)
    failure = Failure(row.id, rig.clock(), "no_answer", "No answer")

    def may_call(session: Any) -> bool:
        later = rig.clock() + OPEN_FOR
        return account_health.find_open_circuit(session, conn_id, row.id, rig.clock(), later) is None

    in_transaction(
        lambda session: account_health.note_silence(session, conn_id, failure, rig.clock() + OPEN_FOR)
    )
    assert not in_transaction(may_call)
    rig.clock.step((OPEN_FOR + OTHERS_FIRST).total_seconds())
    assert in_transaction(may_call)
