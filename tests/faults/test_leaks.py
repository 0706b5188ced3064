"""Canary secrets through every error shape of a service: none may be found anywhere but at the service."""

from __future__ import annotations

import json
import logging
import traceback
from typing import Any

import pytest

from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.server.broker.sign_in import signing_out
from tests.faults.rig import ALICE, Rig, ask
from tests.faults.test_monsters import MONSTERS
from tests.faults.test_outages import TROUBLES
from tests.support import databases
from tests.support.databases import Database, everything_in

pytestmark = databases.BOTH

ECHO = {
    "an error that quotes the request": (
        "status",
        {"status": 400, "body": '{"error": "invalid_request", "error_description": "client-secret-canary"}'},
    ),
    "an error code that is a secret": (
        "status",
        {"status": 400, "body": '{"error": "client-secret-canary"}'},
    ),
    "a page that quotes the request": ("status", {"status": 500, "body": "client-secret-canary"}),
    "a header that quotes the request": (
        "status",
        {
            "status": 503,
            "headers": {"Retry-After": "client-secret-canary", "X-Token": "client-secret-canary"},
        },
    ),
    "a redirect that quotes the request": (
        "status",
        {"status": 302, "headers": {"Location": "/?client_secret=client-secret-canary"}},
    ),
}
SHAPES = {**ECHO, **TROUBLES, **MONSTERS}
QUICK = {name: SHAPES[name] for name in SHAPES if SHAPES[name][0] not in ("hang", "endless", "bomb")}


@pytest.mark.parametrize("shape", QUICK, ids=QUICK)
async def test_no_canary_anywhere(
    rig: Rig,
    database: Database,
    shape: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    kind, details = QUICK[shape]
    rig.sign_in(lives=3600, ago=4000)
    for endpoint in ("token", "revoke"):
        rig.service.fault(endpoint, kind, **details)
    said: list[str] = []
    broker = rig.broker()
    for _ in range(2):
        try:
            await ask(broker, ALICE, rig.account)
        except ThirdPartyAccountError as error:
            said += traceback.format_exception(error)
            said += [repr(error), json.dumps(error.as_dict()), repr(error.__cause__), repr(error.__context__)]
        rig.clock.step(60)
    row = rig.there()
    said += [repr(row), row.failed_text or "", row.failed_code or ""]
    done = await signing_out.sign_out(rig.transport, ALICE, rig.account.conn_id, rig.clock())
    said.append(done.message)
    said += [caplog.text, *capfd.readouterr(), everything_in(database)]
    everything = "\n".join(said)
    canaries: list[Any] = ["client-secret-canary", *rig.service.families, *rig.service.access_tokens]
    assert len(canaries) >= 3
    assert [canary for canary in canaries if canary in everything] == []


async def test_the_search_itself_finds_what_is_there(rig: Rig, database: Database) -> None:
    assert rig.account.conn_id in everything_in(database)
