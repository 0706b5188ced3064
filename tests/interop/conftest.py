"""A real identity provider, and our side of the conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from airflow_thirdparty.demo.identity_provider import install, running
from airflow_thirdparty.server.oauth.authorization import begin, check_answer
from airflow_thirdparty.server.oauth.grants import exchange_code, refresh
from airflow_thirdparty.server.oauth.metadata import discover
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import AuthorizationRequest, Client, Endpoints, TokenSet
from tests.support.identity_provider_login import sign_in

CALLBACK = "http://localhost:8080/third-party-accounts/callback/demo"
CLIENT = Client("air flow", "s:c/r+t&%=~ecret")
SCOPES = ("openid", "profile", "email", "offline_access", "files:read")
REGISTRATION = {
    "client_id": CLIENT.client_id,
    "client_secret": CLIENT.client_secret,
    "client_name": "Airflow",
    "redirect_uris": [CALLBACK],
}


@dataclass
class Peer:
    """Everything our side says to one provider."""

    transport: Transport
    endpoints: Endpoints
    client: Client = field(default=CLIENT)

    @property
    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    def begin(self, scopes: Sequence[str] = SCOPES) -> AuthorizationRequest:
        return begin(self.client, self.endpoints, CALLBACK, scopes)

    async def answer(
        self, request: AuthorizationRequest, name: str, answer: str = "allow"
    ) -> list[tuple[str, str]]:
        """What the browser would bring back."""
        callback = await asyncio.to_thread(sign_in, request.url, name, answer=answer)
        assert callback.startswith(CALLBACK)
        return parse_qsl(urlsplit(callback).query)

    async def code(self, request: AuthorizationRequest, name: str) -> str:
        return check_answer(self.endpoints, await self.answer(request, name), request.state)

    async def exchange(self, code: str, verifier: str) -> TokenSet:
        return await exchange_code(
            self.transport, self.client, self.endpoints, code, CALLBACK, verifier, SCOPES, self.now
        )

    async def tokens(self, name: str, scopes: Sequence[str] = SCOPES) -> TokenSet:
        request = self.begin(scopes)
        return await self.exchange(await self.code(request, name), request.verifier)

    async def refresh(self, token: str | None) -> TokenSet:
        return await refresh(self.transport, self.client, self.endpoints, str(token), SCOPES, self.now)


@pytest.fixture(scope="session")
def provider_folder(request: pytest.FixtureRequest) -> Path:
    """Where the provider's packages lie, kept between runs."""
    cache = request.config.cache
    assert cache is not None
    return install(cache.mkdir("identity-provider"))


@pytest.fixture(scope="session")
def issuer(provider_folder: Path) -> Iterator[str]:
    with running(provider_folder, [REGISTRATION]) as found:
        yield found


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    found = Transport()
    yield found
    await found.aclose()


@pytest.fixture
async def peer(transport: Transport, issuer: str) -> Peer:
    return Peer(transport, await discover(transport, issuer))
