"""The only way out of the server: guarded, bounded, and one pool of connections per service."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import anyio
import httpcore2

from airflow_thirdparty.server.oauth.addresses import AddressRefused, Origin, parse
from airflow_thirdparty.server.oauth.answers import BoundedBody, HttpResponse, TooLarge
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.network import GuardedBackend, Resolver, resolve
from airflow_thirdparty.server.service_rules import Body

BODY_CAP = 256 * 1024
"""Most bytes of an answer, decoded: several times the largest description or key set, and little memory."""

_CONNECTIONS_PER_SERVICE = 20
"""At once, of one process: more than its requests to one service, and less than services limit clients to."""

_KEEPALIVE = 15.0
"""Seconds that an idle connection is kept: shorter than servers and firewalls keep theirs, as a rule 60."""

_HEADERS = {
    "Accept": "application/json",  # GitHub answers with a form otherwise
    "Accept-Encoding": "identity",
    "User-Agent": "airflow-thirdparty",  # GitHub's API refuses callers without one
}


# what a service answers may quote what it was sent, and the engine's debug log quotes the answer's headers
logging.getLogger("httpcore2").setLevel(logging.INFO)


@dataclass(frozen=True)
class Timeouts:
    """Seconds a call may take; all in all no longer than leases and an open circuit reckon with (25 s).

    :param connect: until the connection stands, look-up included
    :param read: between two pieces of the answer, and to write the request
    :param total: for the whole call; also ends an answer that never does
    """

    connect: float = 5.0
    read: float = 20.0
    total: float = 25.0


class Transport:
    """Calls services. Safe to share, also between event loops: each loop gets connections of its own.

    Redirects are never followed, cookies never kept, proxy variables of the environment never read.

    :param allow_http: accept unencrypted services outside this machine (a closed test network)
    :param timeouts: for every call
    :param body_cap: most bytes of an answer, decoded
    :param ssl_context: to trust other authorities than the operating system does
    :param resolver: for tests: gives the addresses of a name, which are checked like any others
    :param sockets: for tests: opens the connection to an address that was checked
    """

    def __init__(
        self,
        *,
        allow_http: bool = False,
        timeouts: Timeouts = Timeouts(),
        body_cap: int = BODY_CAP,
        ssl_context: ssl.SSLContext | None = None,
        resolver: Resolver = resolve,
        sockets: httpcore2.AsyncNetworkBackend | None = None,
    ) -> None:
        self.allow_http = allow_http
        self._timeouts = timeouts
        self._body_cap = body_cap
        self._ssl_context = ssl_context
        self._resolver = resolver
        self._sockets = sockets
        self._pools: dict[asyncio.AbstractEventLoop, dict[Origin, httpcore2.AsyncConnectionPool]] = {}

    def check_url(self, url: str, step: str) -> str:
        """Refuse an address that would not be called, without calling it.

        :param url: to look at; names are not resolved here
        :param step: for the error
        :return: the same address
        :raises OAuthError: REFUSED
        """
        try:
            parse(url, allow_http=self.allow_http)
        except AddressRefused as error:
            raise OAuthError(Kind.REFUSED, step, str(error)) from None
        return url

    async def get(
        self, url: str, *, step: str, bearer: str | None = None, headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        """Call with GET.

        :param url: whom to call
        :param step: for the error
        :param bearer: an access token to show (RFC 6750 section 2.1)
        :param headers: to add
        :raises OAuthError: REFUSED by the guards, or TRANSIENT
        :return: the answer, whatever its status
        """
        shown = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return await self._call("GET", url, step, {**shown, **(headers or {})}, None)

    async def send(
        self, method: str, url: str, *, step: str, headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        """Call with a method that has no body, such as DELETE, or with an empty one.

        :param method: of HTTP
        :param url: whom to call
        :param step: for the error
        :param headers: to add, such as ``Authorization``
        :raises OAuthError: REFUSED by the guards, or TRANSIENT
        :return: the answer, whatever its status
        """
        empty = {"Content-Length": "0"} if method == "POST" else {}
        return await self._call(method, url, step, {**empty, **(headers or {})}, None)

    async def post(
        self,
        url: str,
        params: Mapping[str, str],
        *,
        step: str,
        body: Body = "form",
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """Call with parameters in the body.

        :param url: whom to call
        :param params: the parameters
        :param step: for the error
        :param body: how they travel
        :param method: of HTTP; services revoke with DELETE, too
        :param headers: to add, such as ``Authorization``
        :raises OAuthError: REFUSED by the guards, or TRANSIENT
        :return: the answer, whatever its status
        """
        content_type = "application/json" if body == "json" else "application/x-www-form-urlencoded"
        text = json.dumps(dict(params)) if body == "json" else urlencode(params)
        sent = {"Content-Type": content_type, **(headers or {})}
        return await self._call(method, url, step, sent, text.encode("ascii"))

    async def aclose(self) -> None:
        """Close the connections of the running loop, and forget those of loops that have ended."""
        for pool in self._of_this_loop().values():
            await pool.aclose()
        self._pools.pop(asyncio.get_running_loop(), None)

    async def _call(
        self, method: str, url: str, step: str, headers: Mapping[str, str], body: bytes | None
    ) -> HttpResponse:
        try:
            origin, target = parse(url, allow_http=self.allow_http)
            with anyio.fail_after(self._timeouts.total):
                return await self._exchange(method, origin, target, step, headers, body)
        except AddressRefused as error:
            kind, text = Kind.REFUSED, str(error)
        except TooLarge:
            kind, text = Kind.REFUSED, f"The answer is larger than {self._body_cap // 1024} KiB"
        except httpcore2.PoolTimeout:
            kind, text = Kind.TRANSIENT, f"Too many calls wait for {origin}"
        except (TimeoutError, httpcore2.TimeoutException):
            kind, text = Kind.TRANSIENT, f"{origin} did not answer in time"
        except httpcore2.ConnectError:
            kind, text = Kind.TRANSIENT, f"No connection to {origin}"
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError, ValueError):
            kind, text = Kind.TRANSIENT, f"{origin} broke off or answered something that cannot be read"
        # Raised out here, so that no foreign exception hangs on to it.
        raise OAuthError(kind, step, text)

    async def _exchange(
        self,
        method: str,
        origin: Origin,
        target: str,
        step: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> HttpResponse:
        limits = self._timeouts
        timeout = {"connect": limits.connect, "read": limits.read, "write": limits.read, "pool": limits.total}
        url = httpcore2.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=target)
        sent = {"Host": _host_header(origin), **_HEADERS, **headers}
        async with self._pool(origin).stream(
            method,
            url,
            headers=list(sent.items()),
            content=body,
            extensions={"timeout": timeout},
        ) as response:
            found = _headers(response.headers)
            whole = BoundedBody(found.get("content-encoding", "").strip().lower(), self._body_cap)
            async for chunk in response.aiter_stream():
                whole.feed(chunk)
            return HttpResponse(response.status, found, whole.whole(), step)

    def _pool(self, origin: Origin) -> httpcore2.AsyncConnectionPool:
        pools = self._of_this_loop()
        if origin not in pools:
            if self._ssl_context is None and origin.scheme == "https":
                self._ssl_context = httpcore2.default_ssl_context()
            pools[origin] = httpcore2.AsyncConnectionPool(
                ssl_context=self._ssl_context,
                max_connections=_CONNECTIONS_PER_SERVICE,
                max_keepalive_connections=_CONNECTIONS_PER_SERVICE // 2,
                keepalive_expiry=_KEEPALIVE,
                network_backend=GuardedBackend(
                    origin,
                    allow_http=self.allow_http,
                    resolver=self._resolver,
                    sockets=self._sockets,
                ),
            )
        return pools[origin]

    def _of_this_loop(self) -> dict[Origin, httpcore2.AsyncConnectionPool]:
        loop = asyncio.get_running_loop()
        if loop not in self._pools:
            # A pool refers to its loop, so a weak dictionary would never let go of it.
            for ended in [known for known in list(self._pools) if known.is_closed()]:
                del self._pools[ended]
            self._pools[loop] = {}
        return self._pools[loop]


def _host_header(origin: Origin) -> str:
    return str(origin).partition("://")[2]


def _headers(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return found
