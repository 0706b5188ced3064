"""Services that hand out a bot's token beside a person's: only the person's is stored, and handed out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.accounts.presets import PRESETS
from tests.faults.rig import ALICE, Rig, ask, register
from tests.faults.test_scopes import FORCED, signed_in
from tests.support.faulty_service import Family

PERSONS, REFRESHED, BOTS = "xoxp-persons", "xoxp-persons-next", "xoxb-bots"
BESIDE = {"ok": True, "access_token": BOTS, "token_type": "bot", "refresh_token": "xoxe-bots"}
USER = {
    "id": "U1234",
    "scope": "chat:write",
    "access_token": PERSONS,
    "token_type": "user",
    "refresh_token": "xoxe-persons",
    "expires_in": 43200,
}


@pytest.fixture(autouse=True)
def slack(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules for Slack's answers, at the service of the test."""
    names = ("access_token", "refresh_token", "expires_in", "token_type")
    known = replace(
        PRESETS["custom"],
        answer={name: f"authed_user.{name}|{name}" for name in names},
        token_types=("user",),
        scope_separator=",",
        granted_scopes="authed_user.scope|scope",
        ok="ok=true",
    )
    monkeypatch.setitem(PRESETS, "custom", known)


def answers(rig: Rig, body: dict[str, Any]) -> None:
    rig.service.heal()
    rig.service.fault("token", "status", status=200, body=json.dumps(body))
    for token in (PERSONS, REFRESHED, BOTS):
        rig.service.access_tokens[token] = Family("alice", "chat:write")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({**BESIDE, "authed_user": USER}, id="beside a bot's"),
        pytest.param({"ok": True, "authed_user": USER}, id="alone"),
        pytest.param({**BESIDE, "authed_user": {**USER, "token_type": None}}, id="type null"),
        pytest.param({**BESIDE, "authed_user": {**USER, "token_type": ""}}, id="type empty"),
    ],
)
async def test_the_persons_token_is_stored_and_refreshed(rig: Rig, answer: dict[str, Any]) -> None:
    account = register(rig.service.base_url, scopes="chat:write")
    answers(rig, answer)
    await signed_in(rig, account)
    assert (await ask(rig.broker(), ALICE, account)).value == PERSONS
    rig.clock.step(60)
    # a refresh has the person's token at the top
    top = {**USER, "ok": True, "access_token": REFRESHED, "id": None}
    answers(rig, top)
    assert (await ask(rig.broker(), ALICE, account, FORCED)).value == REFRESHED
    assert "refresh_token=xoxe-persons" in rig.service.requests[-1]["body"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(BESIDE, id="alone"),
        pytest.param({**BESIDE, "authed_user": {"id": "U1234"}}, id="beside somebody without a token"),
        pytest.param({**BESIDE, "token_type": None, "authed_user": {"id": "U1234"}}, id="the same, no type"),
        pytest.param({**BESIDE, "token_type": "", "authed_user": {"id": "U1234"}}, id="the same, type empty"),
    ],
)
async def test_a_bots_token_is_never_stored(rig: Rig, answer: dict[str, Any]) -> None:
    account = register(rig.service.base_url, scopes="chat:write")
    answers(rig, answer)
    with pytest.raises(AccountMisconfigured, match="of a bot"):
        await signed_in(rig, account)
    assert rig.row(ALICE, account) is None


async def test_a_bots_token_at_a_refresh_does_not_replace_the_persons(rig: Rig) -> None:
    account = register(rig.service.base_url, scopes="chat:write")
    answers(rig, {"ok": True, "authed_user": USER})
    await signed_in(rig, account)
    rig.clock.step(60)
    answers(rig, BESIDE)
    with pytest.raises(Exception, match="of a bot"):
        await ask(rig.broker(), ALICE, account, FORCED)
    assert (await ask(rig.broker(), ALICE, account)).value == PERSONS
