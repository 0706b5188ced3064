"""Accounts that are pointed elsewhere after people signed in: nothing of theirs arrives there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from airflow.models.connection import Connection
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountChanged, ThirdPartyAccountError
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.database import in_transaction
from airflow_thirdparty.server.broker.housekeeping import loop
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.broker.registry.saving import RegistrationRefused
from airflow_thirdparty.server.broker.sign_in import flow, signing_out
from airflow_thirdparty.server.broker.tokens.freshness import TokenRequirements
from airflow_thirdparty.server.broker.views.status import Status, standing
from airflow_thirdparty.server.oauth.transport import Transport
from tests.faults.rig import ALICE, BOB, Rig, ask, endpoints_of, until
from tests.support import faulty_service
from tests.support.airflow_server import configured
from tests.support.faulty_service import FaultyService

CHANGES = (
    "exchange_url",
    "authorize_url",
    "userinfo_url",
    "revoke_url",
    "issuer",
    "host",
    "login",
    "everything",
)


@pytest.fixture
async def attacker() -> AsyncIterator[FaultyService]:
    async with faulty_service.serving() as running:
        yield running


def point_elsewhere(rig: Rig, attacker: FaultyService, what: str) -> Account:
    """Edit the connection as somebody may who can edit connections but knows no secret."""
    theirs = endpoints_of(attacker.base_url)
    urls = {
        name: getattr(theirs, name)
        for name in ("authorize_url", "exchange_url", "userinfo_url", "revoke_url")
    }

    def edit(session: Session) -> Account:
        row = session.scalars(select(Connection).where(Connection.conn_id == rig.account.conn_id)).one()
        extra = json.loads(row.extra)
        if what in urls:
            extra[what] = urls[what]
        elif what == "issuer":
            extra["issuer"] = attacker.base_url
        elif what == "everything":
            extra |= urls
        row.set_extra(json.dumps(extra))
        if what in ("host", "everything"):
            row.host = attacker.base_url
        if what == "login":
            row.login = "another-client"
        session.flush()
        return registrations.find(session, rig.account.conn_id)

    return in_transaction(edit)


@pytest.mark.parametrize("what", CHANGES)
async def test_pointed_elsewhere(rig: Rig, attacker: FaultyService, what: str) -> None:
    for who in (ALICE, BOB):
        rig.sign_in(who, lives=3600, ago=0 if who is ALICE else 4000)
    broker = rig.broker()
    secrets = [*rig.service.access_tokens, *rig.service.families, "client-secret-canary"]
    account = point_elsewhere(rig, attacker, what)
    for who in (ALICE, BOB):
        for need in (
            TokenRequirements(),
            TokenRequirements(force_refresh=True),
            TokenRequirements(min_lifetime=3500),
        ):
            with pytest.raises(AccountChanged, match="Sign in again"):
                await ask(broker, who, account, need)
        assert standing(account, rig.there(who), None, rig.clock()).status is Status.ACCOUNT_CHANGED
    with pytest.raises(ThirdPartyAccountError), configured("api", base_url="http://localhost:8080"):
        # the client secret was entered for other addresses: nobody can even begin to sign in
        await flow.begin(rig.transport, ALICE, account.conn_id, rig.clock())
    rig.clock.step(600)
    await loop.run_once(broker.refresher)
    # signing out revokes at the old place only, and without the secret
    await signing_out.sign_out(rig.transport, ALICE, account.conn_id, rig.clock())
    for _ in range(10):
        rig.clock.step(60)
        await loop.run_once(broker.refresher)
    assert attacker.requests == []
    assert rig.calls == 0
    arrived = json.dumps(attacker.requests)
    assert not any(secret in arrived for secret in secrets)


async def test_pointed_elsewhere_while_a_refresh_is_under_way(rig: Rig, attacker: FaultyService) -> None:
    rig.sign_in(lives=3600, ago=4000)
    rig.service.fault("token", "answer", delay=0.3)
    broker = rig.broker()
    waiting = asyncio.ensure_future(ask(broker, ALICE, rig.account))
    await until(lambda: rig.calls == 1)
    account = point_elsewhere(rig, attacker, "everything")
    await waiting
    with pytest.raises(AccountChanged):
        await ask(broker, ALICE, account)
    assert attacker.requests == []


async def test_a_path_may_move_within_the_service(rig: Rig) -> None:
    """The origins stay, so what the account says now counts, and the client secret with it."""
    rig.sign_in(lives=3600, ago=4000)

    def move(session: Session) -> Account:
        row = session.scalars(select(Connection).where(Connection.conn_id == rig.account.conn_id)).one()
        row.set_extra(
            json.dumps({**json.loads(row.extra), "exchange_url": f"{rig.service.base_url}/token?v=2"})
        )
        session.flush()
        return registrations.find(session, rig.account.conn_id)

    account = in_transaction(move)
    assert (await ask(rig.broker(), ALICE, account)).value in rig.service.access_tokens
    assert "?v=2" in rig.service.requests[-1]["head"]


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param({"proxy": "http://127.0.0.1:1"}, id="a proxy"),
        pytest.param({"proxies": {"https": "http://127.0.0.1:1"}}, id="proxies"),
        pytest.param({"verify": False}, id="no verification"),
        pytest.param({"client_secret": "x"}, id="a secret in the open"),
    ],
)
async def test_fields_that_would_lead_astray_are_no_fields(rig: Rig, extra: dict[str, Any]) -> None:
    def add(session: Session) -> None:
        row = session.scalars(select(Connection).where(Connection.conn_id == rig.account.conn_id)).one()
        row.set_extra(json.dumps({**json.loads(row.extra), **extra}))
        session.flush()

    with pytest.raises(RegistrationRefused, match="is not a field"):
        in_transaction(add)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("http://169.254.169.254/token", id="metadata service"),
        pytest.param("https://169.254.169.254/token", id="metadata service with TLS"),
        pytest.param("https://[fd00:ec2::254]/token", id="metadata service, IPv6"),
        pytest.param("http://service.example/token", id="no TLS"),
        pytest.param("https://rebinding.example/token", id="a name that leads to the metadata service"),
        pytest.param("https://0.0.0.0/token", id="this machine by another name"),
    ],
)
async def test_requests_that_must_not_leave(rig: Rig, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.sign_in(lives=3600, ago=4000)

    async def rebinding(host: str, port: int) -> list[str]:
        return ["169.254.169.254"]

    opened: list[str] = []
    import httpcore2

    async def connect(_self: object, host: str, *_args: object, **_options: object) -> object:
        opened.append(host)
        raise httpcore2.ConnectError("refused")

    monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", connect)
    transport = Transport(resolver=rebinding)
    broker = rig.broker(transport=transport)
    account = replace(rig.account, exchange_url=address)
    rig.change(binding=account.binding().text())
    monkeypatch.setattr(
        "airflow_thirdparty.server.store.client_secrets.read", lambda *_args: "client-secret-canary"
    )
    with pytest.raises(ThirdPartyAccountError):
        await ask(broker, ALICE, account)
    await transport.aclose()
    assert opened == []
    assert rig.there().lapsed_at is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(rig: Rig, attacker: FaultyService, status: int) -> None:
    rig.sign_in(lives=3600, ago=4000)
    headers = {"Location": f"{attacker.base_url}/token"}
    rig.service.fault("token", "status", status=status, headers=headers)
    with pytest.raises(ThirdPartyAccountError):
        await ask(rig.broker(), ALICE, rig.account)
    assert attacker.requests == []
    assert rig.there().lapsed_at is None
