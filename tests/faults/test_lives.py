"""Every preset lives its whole life: sign in, identity, fetch, refresh, rotation, lapse, sign out.

The service is played from the preset, under its own names and on the port of https; what it is sent otherwise
than the preset says it refuses.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountMisconfigured, SignInLapsed, ThirdPartyAccountError
from airflow_thirdparty.server.accounts.account import Account, Registration, parse
from airflow_thirdparty.server.accounts.preset import Preset
from airflow_thirdparty.server.accounts.presets import PRESETS
from airflow_thirdparty.server.broker.database import in_transaction
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.broker.sign_in import flow, own_credentials, signing_out
from airflow_thirdparty.server.broker.sign_in.flow import Completed
from airflow_thirdparty.server.broker.tokens.broker import AccessToken, TokenBroker
from airflow_thirdparty.server.broker.tokens.refresher import Refresher
from airflow_thirdparty.server.oauth.transport import Timeouts, Transport
from airflow_thirdparty.server.store import sign_ins
from tests.faults.rig import ALICE, NO_NEED, StepClock, ask
from tests.support import accounts
from tests.support.airflow_server import configured
from tests.support.certificates import certificate
from tests.support.databases import Database
from tests.support.played_service import PERSON, PlayedService, Refused
from tests.support.published_service import Network
from tests.support.signing_in import forget_all, query

OWN = {"issuer": "https://id.acme.example"}
"""What an admin enters for a service that every admin has an address of their own for."""

CUSTOM = {
    "authorize_url": "https://acme.example/authorize",
    "exchange_url": "https://acme.example/token",
    "userinfo_url": "https://acme.example/me",
    "revoke_url": "https://acme.example/revoke",
}
ENTERED = {
    "openid": OWN | {name: f"https://id.acme.example/{name}" for name in ("authorize_url", "exchange_url")},
    "custom": CUSTOM,
}

PERSONAL = {name: each for name, each in PRESETS.items() if each.kind != "oauth2"}
OAUTH = {name: each for name, each in PRESETS.items() if each.kind == "oauth2"}


def filled_in(service: str) -> dict[str, str]:
    """What an admin enters for a service, besides the client."""
    tenant = {name: field.example for name, field in PRESETS[service].tenant.items()}
    return {"service": service, **tenant, **ENTERED.get(service, {})}


def registered(service: str) -> Account:
    body = accounts.connection("theirs", "", **filled_in(service))
    needs_host = service in ("api_key", "user_password")
    accounts.store({**body, "host": "https://api.acme.example" if needs_host else None})
    return in_transaction(lambda session: registrations.find(session, "theirs"))


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for every name that any service goes by."""
    names = {"acme.example"}
    for service in PRESETS:
        extra = json.dumps(filled_in(service))
        account = parse(Registration("theirs", login="client", extra=extra, host="https://api.acme.example"))
        names |= set(PlayedService(account, StepClock()).hosts)
    return certificate(tmp_path_factory.mktemp("tls"), *sorted(names))


@pytest.fixture(autouse=True)
def airflow(database: Database) -> Iterator[None]:
    forget_all()
    with configured("api", base_url="https://airflow.example"):
        yield


class Life:
    """Somebody, an account of theirs, and the service behind it."""

    def __init__(
        self, service: PlayedService, transport: Transport, network: Network, clock: StepClock
    ) -> None:
        self.service = service
        self.transport = transport
        self.network = network
        self.clock = clock
        self.account = service.account
        self.broker = TokenBroker(Refresher(transport, "process-1", clock, clock.sleep))

    async def sign_in(self, *also: tuple[str, str]) -> Completed:
        started = await flow.begin(self.transport, ALICE, "theirs", self.clock())
        answer = self.service.authorize(query(started.authorization_url), also)
        nonces = {started.state_hash: started.browser_nonce}
        return await flow.complete(self.transport, ALICE, "theirs", answer, nonces, self.clock)

    async def fetch(self) -> AccessToken:
        return await ask(self.broker, ALICE, self.account)

    @property
    def host(self) -> str | None:
        """Where tasks are sent with the token."""
        found = in_transaction(lambda session: self.broker.look_up(session, ALICE, self.account, NO_NEED))
        return found.account.host

    @property
    def lifetime(self) -> int:
        return self.service.preset.assumed_lifetime


@contextlib.asynccontextmanager
async def living(
    account: Account, pem: Path, clock: StepClock, played: PlayedService | None = None
) -> AsyncIterator[Life]:
    service = played or PlayedService(account, clock)
    encrypted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    encrypted.load_cert_chain(pem)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(service.serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=encrypted)
    network = Network(service.hosts, server.sockets[0].getsockname()[1])
    transport = Transport(
        timeouts=Timeouts(connect=5, read=10, total=20),
        ssl_context=ssl.create_default_context(cafile=str(pem)),
        resolver=network.resolve,
        sockets=network,
    )
    try:
        yield Life(service, transport, network, clock)
    finally:
        await transport.aclose()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("service", list(OAUTH))
async def test_a_whole_life(service: str, tls: Path, clock: StepClock) -> None:
    async with living(registered(service), tls, clock) as life:
        await _whole_life(life)
        assert {port for _, port in life.network.connected} == {443}


async def _whole_life(life: Life) -> None:
    played = life.service.preset
    done = await life.sign_in()
    assert life.service.refused == []
    assert done.identity.subject == PERSON
    assert done.identity.name == ("alice" if played.subject != played.subject_name else PERSON)
    assert done.not_granted == ()
    first = await life.fetch()
    assert life.service.knows(first.value)
    assert life.host == (life.service.api_host if played.host_from else life.service.account.host)
    ends = played.no_refresh or played.expires == "never"
    await (_ends(life, first) if ends else _goes_on(life, first))
    assert life.service.refused == []
    await _signs_out(life)
    assert life.service.refused == []


async def _goes_on(life: Life, first: AccessToken) -> None:
    """Refresh twice, so that a rotated refresh token is used; lose an answer where that is forgiven; lapse.

    :param first: what was fetched before
    """
    seen = [first.value]
    for _ in range(2):
        life.clock.step(life.lifetime + 60)
        token = await life.fetch()
        assert life.service.knows(token.value)
        assert token.value not in seen
        seen.append(token.value)
    if life.account.preset.refresh_grace:
        await _is_forgiven(life)
    life.service.kill()
    life.clock.step(life.lifetime + 60)
    with pytest.raises(SignInLapsed):
        await life.fetch()
    assert in_transaction(_lapsed)
    assert (await life.sign_in()).identity.subject == PERSON
    assert life.service.knows((await life.fetch()).value)


def _lapsed(session: Session) -> bool:
    row = sign_ins.find(session, ALICE, "theirs")
    return row is not None and row.lapsed_at is not None


async def _is_forgiven(life: Life) -> None:
    life.clock.step(life.lifetime + 60)
    life.service.lose_answers = 1
    with contextlib.suppress(Exception):
        await life.fetch()
    life.clock.step(60)
    assert life.service.knows((await life.fetch()).value)


async def _ends(life: Life, first: AccessToken) -> None:
    """Without a refresh token: for ever where tokens do not end, else until this one has ended."""
    if life.account.preset.expires == "never":
        life.clock.step(300 * 24 * 3600)
        assert (await life.fetch()).value == first.value
        return
    assert first.expires_at is not None
    life.clock.step(life.lifetime + 60)
    with pytest.raises(SignInLapsed):
        await life.fetch()
    assert (await life.sign_in()).identity.subject == PERSON


async def _signs_out(life: Life) -> None:
    gone = await signing_out.sign_out(life.transport, ALICE, "theirs", life.clock())
    if not life.account.revoke_url:
        assert gone == signing_out.IMPOSSIBLE
        return
    assert gone == signing_out.REVOKED
    played = life.service.preset
    wanted = {"both": 2, "access": 1, "refresh": 1}[played.revoke_tokens]
    assert len(life.service.revoked) == (1 if played.no_refresh else wanted)


def synthetic(**fields: Any) -> Preset:
    """A service that deviates as none of those known by name does."""
    return replace(PRESETS["custom"], scopes=("read", "write"), **fields)


ODD = {
    "scope_param": synthetic(scope_param="user_scope"),
    "code_param": synthetic(code_param="auth_code"),
    "userinfo_header": synthetic(userinfo_header="X-Token", userinfo_scheme="none"),
}

EXECUTED = (
    *("authorize_params google", "client_auth_method github", "client_id_param tiktok", "headers notion"),
    *("answer slack", "identity stripe", "lapse_codes x", "nonce linkedin", "pkce slack"),
    *("refresh_params basecamp", "refresh_sends_scope typeform", "refresh_url figma", "revoke_auth calendly"),
    *("revoke_param strava", "revoke_style github", "revoke_style dropbox", "revoke_style zendesk"),
    *("revoke_style notion", "revoke_tokens auth0", "scope_separator slack", "subject asana"),
    *("subject_name asana", "token_body notion", "token_params zendesk", "token_types slack"),
    *("userinfo_form hubspot", "userinfo_json linear", "userinfo_method dropbox", "userinfo_ok tiktok"),
    *("userinfo_scheme mailchimp", "host_from salesforce", "assumed_lifetime snowflake"),
    *(f"{name} custom" for name in ODD),
)
"""Deviations, and a service that has each."""


@pytest.mark.parametrize("deviation", EXECUTED)
async def test_without_a_deviation_the_life_fails(
    monkeypatch: pytest.MonkeyPatch, deviation: str, tls: Path, clock: StepClock
) -> None:
    """What shows that each is executed: the service has it, and our side does not know."""
    field, _, service = deviation.partition(" ")
    known = ODD.get(field, PRESETS[service])
    monkeypatch.setitem(PRESETS, service, known)
    parse.cache_clear()
    account = registered(service)
    played = PlayedService(account, clock)
    plain = Preset(id="plain", name="Plain")
    async with living(account, tls, clock, played) as life:
        monkeypatch.setitem(PRESETS, service, replace(known, **{field: getattr(plain, field)}))
        parse.cache_clear()
        life.account = in_transaction(lambda session: registrations.find(session, "theirs"))
        with pytest.raises((ThirdPartyAccountError, AssertionError, Refused)):
            await _whole_life(life)
    parse.cache_clear()


@pytest.mark.parametrize("service", list(PERSONAL))
async def test_a_life_with_a_credential_of_ones_own(service: str, tls: Path, clock: StepClock) -> None:
    account = registered(service)
    async with living(account, tls, clock) as life:
        login = "alice" if account.kind == "basic" else None
        if account.key_check_url:
            with pytest.raises(AccountMisconfigured, match="is not accepted"):
                await own_credentials.store(life.transport, ALICE, "theirs", login, "bad", clock())
        await own_credentials.store(life.transport, ALICE, "theirs", login, "good-key", clock())
        token = await life.fetch()
        assert (token.value, token.login) == ("good-key", login)
        clock.step(300 * 24 * 3600)
        assert (await life.fetch()).value == "good-key"
        gone = await signing_out.sign_out(life.transport, ALICE, "theirs", clock())
        assert gone == signing_out.IMPOSSIBLE
        assert urlsplit(account.host or "").scheme == "https"
