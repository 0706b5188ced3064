"""A service with OAuth that does as it is told, also when it is told to do wrong.

Right by itself: PKCE is verified, codes are good once, refresh tokens rotate (with a grace time, if set),
tokens can be revoked, ID tokens are signed.  ``POST /control`` changes that, ``GET /control`` tells what has
arrived.  Use it in the test's own event loop with :func:`serving`, or from any process with
:func:`tests.support.faulty_service_client.running`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import secrets
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.support.faulty_answers import Fault, Reply, merged, send, send_badly

ENDPOINTS = {
    "/.well-known/openid-configuration": "discovery",
    "/authorize": "authorize",
    "/token": "token",
    "/userinfo": "userinfo",
    "/revoke": "revoke",
    "/keys": "keys",
}
MOST_REMEMBERED = 2000


@cache
def _signing_key() -> RSAKey:
    """One for all services of a process: they are slow to make."""
    return RSAKey.generate_key(2048, {"use": "sig", "kid": "k"}, auto_kid=False)


@dataclass
class Settings:
    """How the service behaves while no fault is set."""

    client_id: str = "client"
    client_secret: str = "client-secret-canary"
    subject: str = "alice"
    rotate: bool = True
    grace: float = 0.0
    reuse_kills: bool = True
    access_token_ttl: int = 3600
    id_token: dict[str, Any] = field(default_factory=dict)  # claims put over the right ones
    descriptions: dict[str, dict[str, Any]] = field(default_factory=dict)  # by path of a further issuer


@dataclass
class Family:
    """A sign-in: one refresh token that is current, and those it has replaced."""

    subject: str
    scope: str
    current: str = ""
    retired: dict[str, float] = field(default_factory=dict)
    revoked: bool = False


class FaultyService:
    """The service. Everything it knows is public, for tests to look at."""

    def __init__(self) -> None:
        self.base_url = ""
        self.settings = Settings()
        self.faults: dict[str, Fault] = {}
        self.calls: Counter[str] = Counter()
        self.requests: list[dict[str, str]] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.families: dict[str, Family] = {}
        self.access_tokens: dict[str, Family] = {}

    @property
    def key(self) -> RSAKey:
        return _signing_key()

    def fault(self, endpoint: str, kind: str, **details: Any) -> None:
        """Let an endpoint answer badly from now on."""
        self.faults[endpoint] = Fault(kind, **details)

    def describe(self, path: str, **fields: Any) -> None:
        """Be a further issuer, at this path, whose description has these fields of its own."""
        self.settings.descriptions[path] = fields

    def heal(self) -> None:
        """Take every fault away."""
        self.faults.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while await self._one(reader, writer):
                pass
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, _ = head.split("\r\n", 1)[0].split(" ", 2)
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        headers = {name.lower(): value for name, value in headers.items()}
        body = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
        path = urlsplit(target).path
        if path == "/control":
            await send(writer, self._control(method, body))
            return True
        endpoint = ENDPOINTS.get(path, path)
        issuer_path = path.removesuffix("/.well-known/openid-configuration")
        if issuer_path in self.settings.descriptions:
            endpoint = "discovery"
        self.calls[endpoint] += 1
        if len(self.requests) < MOST_REMEMBERED:
            self.requests.append({"endpoint": endpoint, "head": head, "body": body})
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        form = {name: values[0] for name, values in parse_qs(body).items()}
        return await self._answer(writer, endpoint, {"": issuer_path, **query, **form}, headers)

    async def _answer(
        self, writer: asyncio.StreamWriter, endpoint: str, given: dict[str, str], headers: dict[str, str]
    ) -> bool:
        fault = self._next_fault(endpoint)
        if fault is None or fault.kind == "answer":
            await asyncio.sleep(fault.delay if fault else 0)
            if fault and fault.until:
                await fault.until.wait()
            await send(writer, merged(self._reply(endpoint, given, headers), fault.fields if fault else {}))
            return True
        reply = self._reply(endpoint, given, headers) if fault.after_effect else Reply(200, {"some": "text"})
        await asyncio.sleep(fault.delay)
        await send_badly(writer, fault, reply)
        return fault.kind == "status"

    def _next_fault(self, endpoint: str) -> Fault | None:
        fault = self.faults.get(endpoint)
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                del self.faults[endpoint]
        return fault

    def _control(self, method: str, body: str) -> Reply:
        wishes = json.loads(body) if method == "POST" else {}
        for name, value in wishes.get("settings", {}).items():
            setattr(self.settings, name, value)
        if wishes.get("heal"):
            self.heal()
        if wishes.get("forget"):
            self.calls.clear()
            self.requests.clear()
        for endpoint, details in wishes.get("faults", {}).items():
            self.fault(endpoint, **details)
        known = {"calls": dict(self.calls), "requests": self.requests, "settings": asdict(self.settings)}
        return Reply(200, known)

    def _reply(self, endpoint: str, given: dict[str, str], headers: dict[str, str]) -> Reply:
        answers = {
            "discovery": lambda: self._discovery(given[""]),
            "keys": lambda: Reply(200, dict(KeySet([self.key]).as_dict(private=False))),
            "authorize": lambda: self._authorize(given),
            "token": lambda: self._token(given, headers),
            "userinfo": lambda: self._userinfo(headers),
            "revoke": lambda: self._revoke(given, headers),
        }
        return answers.get(endpoint, lambda: Reply(404, {"error": "not_found"}))()

    def _discovery(self, issuer_path: str) -> Reply:
        base = self.base_url
        return Reply(
            200,
            {
                "issuer": base,
                "authorization_endpoint": f"{base}/authorize",
                "token_endpoint": f"{base}/token",
                "userinfo_endpoint": f"{base}/userinfo",
                "revocation_endpoint": f"{base}/revoke",
                "jwks_uri": f"{base}/keys",
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
                **self.settings.descriptions.get(issuer_path, {}),
            },
        )

    def _authorize(self, given: dict[str, str]) -> Reply:
        """Nobody is asked: the answer is yes. A lie told here stands in the query of the callback."""
        code = secrets.token_urlsafe(12)
        self.codes[code] = {**given, "subject": given.get("login_hint", self.settings.subject)}
        answer = {"code": code, "state": given.get("state", ""), "iss": self.base_url}
        return Reply(302, {}, {"Location": f"{given['redirect_uri']}?{urlencode(answer)}"})

    def _token(self, given: dict[str, str], headers: dict[str, str]) -> Reply:
        if not self._knows_client(given, headers):
            return Reply(401, {"error": "invalid_client"})
        if given.get("grant_type") == "authorization_code":
            return self._exchange(given)
        return self._refresh(given.get("refresh_token", ""))

    def _knows_client(self, given: dict[str, str], headers: dict[str, str]) -> bool:
        scheme, _, text = headers.get("authorization", "").partition(" ")
        shown = (given.get("client_id", ""), given.get("client_secret", ""))
        if scheme == "Basic":
            name, _, secret = base64.b64decode(text).decode().partition(":")
            shown = (unquote_plus(name), unquote_plus(secret))
        return shown == (self.settings.client_id, self.settings.client_secret)

    def _exchange(self, given: dict[str, str]) -> Reply:
        asked = self.codes.pop(given.get("code", ""), None)
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked.get("code_challenge") != challenge:
            return Reply(400, {"error": "invalid_grant", "error_description": "code-canary"})
        if asked.get("redirect_uri") != given.get("redirect_uri"):
            return Reply(400, {"error": "invalid_grant"})
        family = Family(asked["subject"], asked.get("scope", ""))
        return self._hand_out(family, new=True, nonce=asked.get("nonce"))

    def _refresh(self, token: str) -> Reply:
        family = self.families.get(token)
        if family is None or family.revoked:
            return Reply(400, {"error": "invalid_grant", "error_description": "refresh-canary"})
        if token != family.current and time.monotonic() > family.retired[token] + self.settings.grace:
            family.revoked = self.settings.reuse_kills
            return Reply(400, {"error": "invalid_grant"})
        return self._hand_out(family, new=self.settings.rotate and token == family.current)

    def _hand_out(self, family: Family, *, new: bool, nonce: str | None = None) -> Reply:
        access_token = f"access-{secrets.token_urlsafe(12)}"
        self.access_tokens[access_token] = family
        if new:
            if family.current:
                family.retired[family.current] = time.monotonic()
            family.current = f"refresh-{secrets.token_urlsafe(12)}"
            self.families[family.current] = family
        answer = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": self.settings.access_token_ttl,
            "refresh_token": family.current,
            "scope": family.scope,
        }
        if "openid" in family.scope.split():
            answer["id_token"] = self.id_token(family.subject, nonce)
        return Reply(200, answer)

    def id_token(self, subject: str, nonce: str | None) -> str:
        now = int(time.time())
        claims = {
            "iss": self.base_url,
            "sub": subject,
            "aud": self.settings.client_id,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **self.settings.id_token,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": "k"}, kept, self.key)

    def _userinfo(self, headers: dict[str, str]) -> Reply:
        family = self.access_tokens.get(headers.get("authorization", "").removeprefix("Bearer "))
        if family is None or family.revoked:
            return Reply(401, {"error": "invalid_token"})
        return Reply(200, {"sub": family.subject, "name": family.subject.title()})

    def _revoke(self, given: dict[str, str], headers: dict[str, str]) -> Reply:
        if not self._knows_client(given, headers):
            return Reply(401, {"error": "invalid_client"})
        token = given.get("token", "")
        if family := self.families.get(token) or self.access_tokens.get(token):
            family.revoked = True
        return Reply(200, {})


@contextlib.asynccontextmanager
async def serving(port: int = 0) -> AsyncIterator[FaultyService]:
    """Run the service in this event loop."""
    service = FaultyService()
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(service.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", port, backlog=1024)
    service.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield service
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def main() -> None:
    """Run the service until standard input is closed; its address is a line of JSON on standard output."""
    async with serving() as service:
        print(json.dumps({"base_url": service.base_url}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
