"""The HTTP engine below the transport: connections to checked addresses, one pool of them per service.

It is imported at the first call, since many a process of an API server never makes one.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING

import httpcore2

from airflow_thirdparty.server.oauth.answers import BoundedBody, HttpResponse
from airflow_thirdparty.server.oauth.network import GuardedBackend, Resolver, resolve

if TYPE_CHECKING:
    from airflow_thirdparty.server.oauth.addresses import Origin
    from airflow_thirdparty.server.oauth.transport import Call, Timeouts

_PER_SERVICE = 20
"""At once, of one process: more than its requests to one service, and less than services limit clients to."""

_KEEPALIVE = 15.0
"""Seconds that an idle connection is kept: shorter than servers and firewalls keep theirs, as a rule 60."""

# what a service answers may quote what it was sent, and the engine's debug log quotes the answer's headers
logging.getLogger("httpcore2").setLevel(logging.INFO)


class Failed(Exception):
    """A call got no answer that can be read; its text says why."""


class Connections:
    """Makes calls. Each event loop gets connections of its own.

    :param allow_http: see :class:`~airflow_thirdparty.server.oauth.transport.Transport`, as all others
    :param timeouts: for every call
    :param ssl_context: to trust other authorities than the operating system does
    :param resolver: gives the addresses of a name
    :param sockets: opens the connection to an address that was checked
    """

    def __init__(
        self,
        *,
        allow_http: bool,
        timeouts: Timeouts,
        ssl_context: ssl.SSLContext | None,
        resolver: Resolver | None,
        sockets: httpcore2.AsyncNetworkBackend | None,
    ) -> None:
        self._allow_http = allow_http
        self._timeouts = timeouts
        self._ssl_context = ssl_context
        self._resolver = resolver or resolve
        self._sockets = sockets
        self._pools: dict[asyncio.AbstractEventLoop, dict[Origin, httpcore2.AsyncConnectionPool]] = {}

    async def exchange(self, call: Call, body_cap: int) -> HttpResponse:
        """Send a request and read its answer.

        :param call: what to send, and where
        :param body_cap: most bytes of the answer, decoded
        :raises Failed: when there is no answer that can be read
        :return: the answer, whatever its status
        """
        try:
            return await self._exchange(call, body_cap)
        except httpcore2.PoolTimeout:
            text = f"Too many calls wait for {call.origin}"
        except (TimeoutError, httpcore2.TimeoutException):
            text = f"{call.origin} did not answer in time"
        except httpcore2.ConnectError:
            text = f"No connection to {call.origin}"
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError, ValueError):
            text = f"{call.origin} broke off or answered something that cannot be read"
        # Raised out here, so that no foreign exception hangs on to it.
        raise Failed(text)

    async def aclose(self) -> None:
        """Close the connections of the running loop, and forget those of loops that have ended."""
        for pool in self._of_this_loop().values():
            await pool.aclose()
        self._pools.pop(asyncio.get_running_loop(), None)

    async def _exchange(self, call: Call, body_cap: int) -> HttpResponse:
        limits = self._timeouts
        timeout = {"connect": limits.connect, "read": limits.read, "write": limits.read, "pool": limits.total}
        origin = call.origin
        url = httpcore2.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=call.target)
        async with self._pool(origin).stream(
            call.method,
            url,
            headers=list(call.headers.items()),
            content=call.body,
            extensions={"timeout": timeout},
        ) as response:
            found = _headers(response.headers)
            whole = BoundedBody(found.get("content-encoding", "").strip().lower(), body_cap)
            async for chunk in response.aiter_stream():
                whole.feed(chunk)
            return HttpResponse(response.status, found, whole.whole(), call.step)

    def _pool(self, origin: Origin) -> httpcore2.AsyncConnectionPool:
        pools = self._of_this_loop()
        if origin not in pools:
            if self._ssl_context is None and origin.scheme == "https":
                self._ssl_context = httpcore2.default_ssl_context()
            pools[origin] = httpcore2.AsyncConnectionPool(
                ssl_context=self._ssl_context,
                max_connections=_PER_SERVICE,
                max_keepalive_connections=_PER_SERVICE // 2,
                keepalive_expiry=_KEEPALIVE,
                network_backend=GuardedBackend(
                    origin,
                    allow_http=self._allow_http,
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


def _headers(pairs: list[tuple[bytes, bytes]]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return found
