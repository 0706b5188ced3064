"""Monstrous and malformed answers: little memory, clear words, nothing lost."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest

from airflow_thirdparty.exceptions import ServiceUnavailable, ThirdPartyAccountError
from airflow_thirdparty.server.oauth.transport import Timeouts, Transport
from tests.faults.rig import ALICE, Rig, ask

MB = 1024 * 1024
GOOD = {"access_token": "a", "token_type": "Bearer", "refresh_token": "r"}

MONSTERS: dict[str, tuple[str, dict[str, Any]]] = {
    "endless stream": ("endless", {}),
    "gzip bomb": ("bomb", {}),
    "HTML": ("status", {"status": 200, "body": "<html>" + "x" * 100_000}),
    "1 MB token": ("answer", {"fields": {"access_token": "x" * MB}}),
    "100 KB token": ("answer", {"fields": {"access_token": "x" * 100_000}}),
    "token with a line break": ("answer", {"fields": {"access_token": "a\r\nX-Evil: 1"}}),
    "token that is a list": ("answer", {"fields": {"access_token": ["a"]}}),
    "another token type": ("answer", {"fields": {"token_type": "mac"}}),
    "nested too deep": ("status", {"status": 200, "body": "[" * 50_000}),
    "a key twice": ("status", {"status": 200, "body": '{"access_token": "a", "access_token": "b"}'}),
    "a list": ("status", {"status": 200, "body": json.dumps([GOOD])}),
    "nothing": ("status", {"status": 200, "body": ""}),
}


@pytest.fixture
async def transport() -> Any:
    made = Transport(timeouts=Timeouts(connect=1, read=1, total=1))
    yield made
    await made.aclose()


@pytest.mark.parametrize("monster", MONSTERS, ids=MONSTERS)
async def test_monster(rig: Rig, monster: str) -> None:
    kind, details = MONSTERS[monster]
    # what is too large to be read may have held the new refresh token
    rig.service.settings.grace, rig.service.settings.reuse_kills = 3600, False
    rig.sign_in(lives=3600, ago=4000)
    broker = rig.broker()
    if kind == "bomb":
        from tests.support.faulty_answers import _bomb

        _bomb()
    rig.service.fault("token", kind, **details)
    tracemalloc.start()
    with pytest.raises(ThirdPartyAccountError) as refused:
        await ask(broker, ALICE, rig.account)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * MB, f"{peak / MB:.1f} MB"
    assert isinstance(refused.value, ServiceUnavailable)
    assert len(str(refused.value)) < 400
    row = rig.there()
    assert row.lapsed_at is None
    assert row.failed_text is not None
    rig.service.heal()
    rig.clock.step(60)
    assert (await ask(broker, ALICE, rig.account)).value in rig.service.access_tokens
