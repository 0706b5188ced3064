"""Services that grant less, or say it otherwise: said once at sign-in, and no task is refused in a loop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx2
import pytest

from airflow_thirdparty.exceptions import ScopesMissing, ThirdPartyAccountError
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.accounts.presets import PRESETS
from airflow_thirdparty.server.broker.sign_in import flow
from airflow_thirdparty.server.broker.sign_in.flow import Completed
from airflow_thirdparty.server.broker.tokens.broker import LONGEST_EXTRA
from airflow_thirdparty.server.broker.tokens.freshness import TokenRequirements
from airflow_thirdparty.server.broker.views.status import Status, standing
from tests.faults.rig import ALICE, Rig, ask, register
from tests.support import loopback
from tests.support.airflow_server import configured

FORCED = TokenRequirements(force_refresh=True)


async def signed_in(rig: Rig, account: Account, **callback: str) -> Completed:
    """Sign alice in, the whole way.

    :param callback: parameters that the service adds to the address of the callback
    """
    with configured({("api", "base_url"): "http://localhost:8080"}):
        started = await flow.begin(rig.transport, ALICE, account.conn_id, rig.clock())
        async with loopback.async_client() as browser:
            answer = await browser.get(started.authorization_url)
        params = [*httpx2.URL(answer.headers["location"]).params.multi_items(), *callback.items()]
        nonces = {started.state_hash: started.browser_nonce}
        return await flow.complete(rig.transport, ALICE, account.conn_id, params, nonces, rig.clock)


@pytest.mark.parametrize(
    ("preset", "asked", "granted", "not_granted"),
    [
        pytest.param("custom", "repo gist", "repo gist", (), id="all"),
        pytest.param("custom", "repo gist", "repo", ("gist",), id="less"),
        pytest.param("custom", "repo gist", "", (), id="not said, empty"),
        pytest.param("custom", "repo gist", "  ", (), id="not said, blanks"),
        pytest.param("custom", "repo refresh_token", "repo", (), id="refresh_token is not echoed"),
        pytest.param("github", "repo user user:email", "repo,user", (), id="GitHub's commas and inclusions"),
        pytest.param("microsoft", "user.read", "User.Read", (), id="Microsoft's letter case"),
        pytest.param("microsoft", "https://graph.microsoft.com/User.Read", "User.Read", (), id="its prefix"),
    ],
)
async def test_what_is_said_at_sign_in_and_what_tasks_get(
    rig: Rig, preset: str, asked: str, granted: str, not_granted: tuple[str, ...]
) -> None:
    account = register(rig.service.base_url, service=preset, scopes=asked)
    rig.service.fault("token", "answer", fields={"scope": granted})
    done = await signed_in(rig, account)
    assert done.not_granted == not_granted
    broker = rig.broker()
    first = await ask(broker, ALICE, account)
    rig.clock.step(60)
    assert (await ask(broker, ALICE, account, FORCED)).value != first.value
    stands = standing(account, rig.there(ALICE, account), None, rig.clock())
    assert stands.status is Status.SIGNED_IN
    assert stands.missing == not_granted
    assert ("did not grant: gist" in stands.text) == bool(not_granted)


async def test_a_task_that_asks_for_more_is_refused_until_a_sign_in_has_asked_for_it(rig: Rig) -> None:
    account = register(rig.service.base_url)
    await signed_in(rig, account)
    more = TokenRequirements(scopes=("gist",))
    with pytest.raises(ScopesMissing, match="does not cover: gist"):
        await ask(rig.broker(), ALICE, account, more)
    assert (await ask(rig.broker(), ALICE, account)).value
    wider = register(rig.service.base_url, account.conn_id, scopes="repo gist")
    with pytest.raises(ScopesMissing):
        await ask(rig.broker(), ALICE, wider)
    rig.service.fault("token", "answer", fields={"scope": "repo"})
    await signed_in(rig, wider)  # the service does not grant it this time either: no loop
    assert (await ask(rig.broker(), ALICE, wider)).value
    assert (await ask(rig.broker(), ALICE, wider, more)).value


async def asked_for(rig: Rig, account: Account) -> str:
    """The scopes that a sign-in would ask alice for now."""
    with configured({("api", "base_url"): "http://localhost:8080"}):
        started = await flow.begin(rig.transport, ALICE, account.conn_id, rig.clock())
    return httpx2.URL(started.authorization_url).params["scope"]


async def test_the_next_sign_in_asks_for_exactly_the_union(rig: Rig) -> None:
    account = register(rig.service.base_url, scopes="repo")
    rig.service.fault("token", "answer", fields={"scope": "repo"})
    await signed_in(rig, account)
    for needed in (("gist",), ("repo", "user"), ("gist",)):
        with pytest.raises(ScopesMissing):
            await ask(rig.broker(), ALICE, account, TokenRequirements(scopes=needed))
    stands = standing(account, rig.there(ALICE, account), None, rig.clock())
    assert (stands.status, stands.missing) == (Status.SCOPES_MISSING, ("gist", "user"))
    for _ in range(2):  # reconnecting once more takes nothing away
        rig.service.fault("token", "answer", fields={"scope": "repo gist"})
        assert await asked_for(rig, account) == "repo gist user"
        await signed_in(rig, account)
        # what the service did not grant is not asked for in a loop
        assert (await ask(rig.broker(), ALICE, account, TokenRequirements(scopes=("user",)))).value
    stands = standing(account, rig.there(ALICE, account), None, rig.clock())
    assert stands.status is Status.SIGNED_IN


async def test_who_declines_is_not_asked_again_until_a_task_needs_it(rig: Rig) -> None:
    account = register(rig.service.base_url, scopes="repo")
    await signed_in(rig, account)
    for error in ("access_denied", "invalid_scope"):
        with pytest.raises(ScopesMissing):
            await ask(rig.broker(), ALICE, account, TokenRequirements(scopes=("typo",)))
        with pytest.raises(ThirdPartyAccountError):
            await signed_in(rig, account, error=error)
        assert (await ask(rig.broker(), ALICE, account)).value, "the sign-in before it still stands"
        assert await asked_for(rig, account) == "repo"


async def test_a_task_cannot_make_the_address_endless(rig: Rig) -> None:
    account = register(rig.service.base_url, scopes="repo")
    await signed_in(rig, account)
    for number in range(100):
        endless = TokenRequirements(scopes=(f"{number}-{'x' * 100}",))
        with pytest.raises(ScopesMissing):
            await ask(rig.broker(), ALICE, account, endless)
    assert len(rig.there(ALICE, account).extra_scopes or "") <= LONGEST_EXTRA


@pytest.mark.parametrize(
    ("checked", "said", "not_granted"),
    [
        pytest.param("answer", "repo", (), id="by the answer"),
        pytest.param("callback", "repo", ("gist",), id="by the callback"),
        pytest.param("callback", "repo,gist", (), id="by the callback, with commas"),
        pytest.param("no", "repo", (), id="not at all"),
    ],
)
async def test_where_a_service_says_what_it_granted(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, checked: Any, said: str, not_granted: tuple[str, ...]
) -> None:
    known = replace(PRESETS["custom"], scopes_checked=checked)
    monkeypatch.setitem(PRESETS, "custom", known)
    account = register(rig.service.base_url, scopes="repo gist")
    done = await signed_in(rig, account, scope=said)
    assert done.not_granted == not_granted
