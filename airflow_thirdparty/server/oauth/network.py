"""Connecting to exactly the addresses that were checked."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Awaitable, Callable, Iterable

import httpcore2

from airflow_thirdparty.server.oauth.addresses import Origin, check_resolved

Resolver = Callable[[str, int], Awaitable[list[str]]]
"""Gives the addresses of a name, best first; raises :class:`OSError` when there is none."""

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]

_MOST_ADDRESSES = 4
"""Addresses of one name that are tried: one of each family at two places."""

_SHORTEST_TRY = 0.5
"""Seconds for one address, whatever is left: a handshake around the world takes 0.3."""


async def resolve(host: str, port: int) -> list[str]:
    """Ask the operating system.

    :param host: a name or an address
    :param port: only to satisfy the call
    :return: the addresses, each once
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Opens the connections of one service: resolves, checks, and connects to what was checked.

    Name, SNI and Host header stay the service's own; only the socket goes to the checked address, so a
    second look-up with another answer (DNS rebinding) cannot happen.

    :param origin: the service
    :param allow_http: see :func:`~airflow_thirdparty.server.oauth.addresses.check_resolved`
    :param resolver: gives the addresses of the service's name
    :param sockets: opens a connection to an address that was checked
    """

    def __init__(
        self,
        origin: Origin,
        *,
        allow_http: bool,
        resolver: Resolver,
        sockets: httpcore2.AsyncNetworkBackend | None = None,
    ) -> None:
        self._origin = origin
        self._allow_http = allow_http
        self._resolver = resolver
        self._sockets = sockets or httpcore2.AnyIOBackend()
        self._lookup: asyncio.Future[list[str]] | None = None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the service. See :class:`httpcore2.AsyncNetworkBackend`."""
        ends = time.monotonic() + (10.0 if timeout is None else timeout)
        addresses = check_resolved(self._origin, await self._addresses(ends), allow_http=self._allow_http)
        addresses = addresses[:_MOST_ADDRESSES]
        failure: Exception = httpcore2.ConnectError("no address")
        for number, address in enumerate(addresses):
            # Each address gets its share of what is left, so that one black hole does not cost them all.
            share = (ends - time.monotonic()) / (len(addresses) - number)
            try:
                return await self._sockets.connect_tcp(
                    address, port, max(share, _SHORTEST_TRY), local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Refuse: no service is a file."""
        raise httpcore2.ConnectError("no unix sockets")

    async def sleep(self, seconds: float) -> None:
        """Wait. See :class:`httpcore2.AsyncNetworkBackend`."""
        await asyncio.sleep(seconds)

    async def _addresses(self, ends: float) -> list[str]:
        """Look the name up, at most one look-up of a service at a time.

        A look-up holds a thread until the resolver gives up, also when nobody waits for it any more.
        Sharing it keeps a service with a hung name server from taking all of the process's threads.
        """
        try:
            return [str(ipaddress.ip_address(self._origin.host))]
        except ValueError:
            pass
        if self._lookup is None or self._lookup.done():
            self._lookup = asyncio.ensure_future(self._resolver(self._origin.host, self._origin.port))
            self._lookup.add_done_callback(_mark_as_seen)
        done, _ = await asyncio.wait({self._lookup}, timeout=max(ends - time.monotonic(), 0))
        if not done:
            raise httpcore2.ConnectTimeout("look-up")
        try:
            return self._lookup.result()
        except (OSError, UnicodeError):
            raise httpcore2.ConnectError("look-up") from None


def _mark_as_seen(lookup: asyncio.Future[list[str]]) -> None:
    """Keep asyncio from complaining about a failed look-up that everybody has given up on."""
    if not lookup.cancelled():
        lookup.exception()
