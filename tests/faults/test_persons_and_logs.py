"""Signing in as somebody else than before, and accounts that carry the logs of several people."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qsl, urlsplit

import pytest

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.broker.sign_in import flow
from airflow_thirdparty.server.broker.sign_in.flow import Completed
from airflow_thirdparty.server.broker.sign_in.storing import OtherSubject
from airflow_thirdparty.server.execution import projection
from tests.faults.rig import ALICE, Rig, ask
from tests.support import databases, loopback
from tests.support.airflow_server import configured

pytestmark = databases.BOTH


async def signed_in(rig: Rig, subject: str, *, switch: bool = False) -> Completed:
    """Sign in as a person does, as somebody at the service."""
    rig.service.settings.subject = subject
    with configured("api", base_url="http://localhost:8080"):
        started = await flow.begin(
            rig.transport, ALICE, rig.account.conn_id, rig.clock(), switch_subject=switch
        )
        async with loopback.async_client() as browser:
            back = (await browser.get(started.authorization_url)).headers["location"]
        return await flow.complete(
            rig.transport,
            ALICE,
            rig.account.conn_id,
            parse_qsl(urlsplit(back).query),
            {started.state_hash: started.browser_nonce},
            rig.clock,
        )


async def test_another_external_account_is_asked_about_and_never_swapped_silently(rig: Rig) -> None:
    await signed_in(rig, "alice-at-work")
    before = await ask(rig.broker(), ALICE, rig.account)
    with pytest.raises(OtherSubject, match="before you were"):
        await signed_in(rig, "mallory")
    assert (await ask(rig.broker(), ALICE, rig.account)).value == before.value
    assert rig.there().subject == "alice-at-work"
    assert len(rig.to_revoke()) == 1, "what the other one granted is not kept alive"
    done = await signed_in(rig, "mallory", switch=True)
    assert done.identity.subject == "mallory"
    assert rig.there().subject == "mallory"


async def test_the_same_external_account_is_not_asked_about(rig: Rig) -> None:
    await signed_in(rig, "alice-at-work")
    rig.change(lapsed_at=rig.clock(), lapsed_code="invalid_grant", lapsed_text="withdrawn")
    await signed_in(rig, "alice-at-work")
    assert rig.there().lapsed_at is None


async def test_an_account_that_carries_logs_is_refused(rig: Rig) -> None:
    row = {"conn_id": rig.account.conn_id, "host": rig.account.host, "login": "client", "extra": "{}"}
    with (
        configured("logging", remote_log_conn_id=rig.account.conn_id),
        pytest.raises(AccountMisconfigured, match="remote_log_conn_id"),
    ):
        projection.account_of(row)
    with configured("logging", remote_log_conn_id=f"another-{secrets.token_hex(4)}"):
        assert projection.account_of({**row, "extra": '{"issuer": "https://service.example"}'})
