"""A release corrects a preset: nobody is signed out, and an edited registration still loses its sign-ins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from airflow.models.connection import Connection
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountChanged
from airflow_thirdparty.server.accounts.account import Account, parse
from airflow_thirdparty.server.accounts.presets import PRESETS
from airflow_thirdparty.server.broker.database import in_transaction
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.broker.sign_in import signing_out
from airflow_thirdparty.server.broker.views.status import Status, standing
from airflow_thirdparty.server.store import sign_ins
from airflow_thirdparty.server.store.models import ClientSecret, SignIn
from tests.faults.rig import ALICE, StepClock
from tests.faults.test_lives import Life, airflow, living, registered, tls
from tests.support.played_service import PlayedService

__all__ = ["airflow", "tls"]

MOVED: dict[str, Any] = {
    "exchange_url": "https://api.notion.com/v2/oauth/token",
    "revoke_url": "https://api.notion.com/v2/oauth/revoke",
    "userinfo_url": "https://www.notion.so/me",
    "host": "https://www.notion.so/api",
}
"""What a release says of a service, other than the one before."""

FORMER = {
    "kind": "oauth2",
    "client_id": "client",
    "origins": {
        "authorize_url": "https://github.com",
        "exchange_url": "https://github.com",
        "userinfo_url": "https://api.github.com",
        "host": "https://api.github.com",
    },
}
"""A binding at GitHub, as they were when they held what presets add; it knew no revocation there."""


@pytest.fixture(autouse=True)
def presets() -> Iterator[None]:
    parse.cache_clear()
    yield
    parse.cache_clear()


def today() -> Account:
    parse.cache_clear()
    return in_transaction(lambda session: registrations.find(session, "theirs"))


def status(life: Life) -> Status:
    row = in_transaction(lambda session: sign_ins.find(session, ALICE, "theirs"))
    return standing(today(), row, None, life.clock()).status


def moved_to(life: Life, account: Account) -> PlayedService:
    """The same service, with all that it knows, at other addresses."""
    played = PlayedService(account, life.clock)
    played.grants = life.service.grants
    return played


async def test_a_corrected_preset(monkeypatch: pytest.MonkeyPatch, tls: Any, clock: StepClock) -> None:
    async with living(registered("notion"), tls, clock) as before:
        await before.sign_in()
        first = await before.fetch()
        monkeypatch.setitem(PRESETS, "notion", replace(PRESETS["notion"], **MOVED))
        account = today()
        assert status(before) is Status.SIGNED_IN
        async with living(account, tls, clock, moved_to(before, account)) as after:
            after.clock.step(3700)
            token = await after.fetch()
            assert token.value != first.value
            assert after.service.knows(token.value)
            assert after.service.called == ["POST https://api.notion.com/v2/oauth/token"]
            assert after.host == MOVED["host"]
            assert (
                await signing_out.sign_out(after.transport, ALICE, "theirs", clock()) == signing_out.REVOKED
            )
            assert after.service.refused == []


async def test_a_sign_in_from_before(monkeypatch: pytest.MonkeyPatch, tls: Any, clock: StepClock) -> None:
    """Its binding held the preset's addresses, and its service knew no revocation."""
    async with living(registered("github"), tls, clock) as life:
        monkeypatch.setitem(PRESETS, "github", replace(PRESETS["github"], revoke_url=None))
        life.account = today()
        await life.sign_in()

        def as_before(session: Session) -> None:
            for table in (SignIn, ClientSecret):
                session.execute(update(table).values(binding=json.dumps(FORMER, sort_keys=True)))

        in_transaction(as_before)
        monkeypatch.undo()
        life.account = today()
        assert status(life) is Status.SIGNED_IN
        life.clock.step(3700)
        assert life.service.knows((await life.fetch()).value)
        assert await signing_out.sign_out(life.transport, ALICE, "theirs", clock()) == signing_out.REVOKED


@pytest.mark.parametrize(
    "edited",
    [
        pytest.param({"extra": {"exchange_url": "https://evil.example/token"}}, id="an address entered"),
        pytest.param({"extra": {"domain": "evil"}}, id="another tenant"),
        pytest.param({"extra": {"service": "linear", "domain": ""}}, id="another service"),
        pytest.param({"extra": {"client_auth_method": "none"}}, id="a public client"),
        pytest.param({"login": "another"}, id="another client"),
    ],
)
async def test_an_edited_registration(edited: dict[str, Any], tls: Any, clock: StepClock) -> None:
    async with living(registered("zendesk"), tls, clock) as life:
        await life.sign_in()

        def edit(session: Session) -> None:
            row = session.scalars(select(Connection).where(Connection.conn_id == "theirs")).one()
            row.login = edited.get("login", row.login)
            row.set_extra(json.dumps({**json.loads(row.extra), **edited.get("extra", {})}))

        in_transaction(edit)
        life.account = today()
        assert status(life) is Status.ACCOUNT_CHANGED
        life.clock.step(3700)
        called = list(life.service.called)
        with pytest.raises(AccountChanged):
            await life.fetch()
        assert life.service.called == called
