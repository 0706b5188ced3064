"""The only way out of the server: guarded, bounded, and one pool of connections per service."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import anyio

from airflow_thirdparty.server.oauth.addresses import AddressRefused, Origin, parse
from airflow_thirdparty.server.oauth.answers import HttpResponse, TooLarge
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.service_rules import Body

if TYPE_CHECKING:
    import httpcore2

    from airflow_thirdparty.server.oauth.connections import Connections
    from airflow_thirdparty.server.oauth.network import Resolver

BODY_CAP = 256 * 1024
"""Most bytes of an answer, decoded: several times the largest description or key set, and little memory."""

_HEADERS = {
    "Accept": "application/json",  # GitHub answers with a form otherwise
    "Accept-Encoding": "identity",
    "User-Agent": "airflow-thirdparty",  # GitHub's API refuses callers without one
}


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


@dataclass(frozen=True)
class Call:
    """One request.

    :param method: of HTTP
    :param origin: whom to call
    :param target: path and query
    :param headers: all of them
    :param body: nothing for a request without one
    :param step: for the error
    """

    method: str
    origin: Origin
    target: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    step: str


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
        resolver: Resolver | None = None,
        sockets: httpcore2.AsyncNetworkBackend | None = None,
    ) -> None:
        self.allow_http = allow_http
        self._timeouts = timeouts
        self._body_cap = body_cap
        self._ssl_context = ssl_context
        self._resolver = resolver
        self._sockets = sockets
        self._made: Connections | None = None

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
        if self._made is not None:
            await self._made.aclose()

    async def _call(
        self, method: str, url: str, step: str, headers: Mapping[str, str], body: bytes | None
    ) -> HttpResponse:
        from airflow_thirdparty.server.oauth.connections import Failed  # see there

        try:
            origin, target = parse(url, allow_http=self.allow_http)
            sent = {"Host": _host_header(origin), **_HEADERS, **headers}
            with anyio.fail_after(self._timeouts.total):
                call = Call(method, origin, target, sent, body, step)
                return await self._connections().exchange(call, self._body_cap)
        except AddressRefused as error:
            kind, text = Kind.REFUSED, str(error)
        except TooLarge:
            kind, text = Kind.REFUSED, f"The answer is larger than {self._body_cap // 1024} KiB"
        except TimeoutError:
            kind, text = Kind.TRANSIENT, f"{origin} did not answer in time"
        except Failed as failed:
            kind, text = Kind.TRANSIENT, str(failed)
        # Raised out here, so that no foreign exception hangs on to it.
        raise OAuthError(kind, step, text)

    def _connections(self) -> Connections:
        from airflow_thirdparty.server.oauth.connections import Connections  # see there

        if self._made is None:
            self._made = Connections(
                allow_http=self.allow_http,
                timeouts=self._timeouts,
                ssl_context=self._ssl_context,
                resolver=self._resolver,
                sockets=self._sockets,
            )
        return self._made


def _host_header(origin: Origin) -> str:
    return str(origin).partition("://")[2]
