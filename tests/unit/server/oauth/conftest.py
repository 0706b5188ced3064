"""A service in the test's own event loop, and our side of the conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import parse_qsl, urlsplit

import pytest

from airflow_thirdparty.server.oauth.authorization import begin, check_answer
from airflow_thirdparty.server.oauth.grants import exchange_code
from airflow_thirdparty.server.oauth.transport import Timeouts, Transport
from airflow_thirdparty.server.oauth.types import Client, Endpoints, TokenSet
from tests.support import loopback
from tests.support.faulty_service import FaultyService, serving

CALLBACK = "https://airflow.example.org/third-party-accounts/callback/demo"


@pytest.fixture
def now() -> datetime:
    return datetime.now(timezone.utc)


@pytest.fixture
def client() -> Client:
    return Client("client", "client-secret-canary")


@pytest.fixture
async def service() -> AsyncIterator[FaultyService]:
    async with serving() as found:
        yield found


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    found = Transport(timeouts=Timeouts(connect=5, read=10, total=20))
    yield found
    await found.aclose()


@pytest.fixture
async def hasty() -> AsyncIterator[Transport]:
    """For services that would never answer."""
    found = Transport(timeouts=Timeouts(connect=1, read=0.5, total=1))
    yield found
    await found.aclose()


@pytest.fixture
def endpoints(service: FaultyService) -> Endpoints:
    base = service.base_url
    paths = ("authorize", "token", "userinfo", "revoke", "keys")
    return Endpoints(base, *(f"{base}/{path}" for path in paths), iss_in_answer=True, offers_pkce=True)


@dataclass
class Conversation:
    """Somebody signs in: every step with what it left behind."""

    transport: Transport
    client: Client
    endpoints: Endpoints
    now: datetime

    async def code(self, scopes: list[str]) -> tuple[str, str, str | None]:
        """Authorize; the code, the PKCE verifier and the nonce."""
        request = begin(self.client, self.endpoints, CALLBACK, scopes)
        async with loopback.async_client() as browser:
            answer = await browser.get(request.url)
        params = parse_qsl(urlsplit(answer.headers["location"]).query)
        return check_answer(self.endpoints, params, request.state), request.verifier, request.nonce

    async def sign_in(self, *scopes: str) -> tuple[TokenSet, str | None]:
        """The tokens, and the nonce they answer."""
        code, verifier, nonce = await self.code(list(scopes))
        tokens = await exchange_code(
            self.transport, self.client, self.endpoints, code, CALLBACK, verifier, scopes, self.now
        )
        return tokens, nonce


@pytest.fixture
def conversation(transport: Transport, client: Client, endpoints: Endpoints, now: datetime) -> Conversation:
    return Conversation(transport, client, endpoints, now)
