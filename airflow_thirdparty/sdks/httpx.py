"""Authentication of ``httpx``, at the account's own origins only."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

import httpx

from airflow_thirdparty.hooks import placement
from airflow_thirdparty.hooks.access import Access
from airflow_thirdparty.sdks.acting import ActsThroughHook

ABOUT_TO_SEND = "send_request_headers.started"
"""How the events of httpx's ``trace`` extension end that come before a request's headers leave."""


class AccountAuth(ActsThroughHook, httpx.Auth):
    """The acting person's credential, as the account's service wants it.

    Redirects are followed below the authentication.  The library takes ``Authorization`` away from those that
    lead elsewhere, but no other header: a request that would carry the credential away is not sent.

    :param hook: says whose credential
    """

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Put the credential on a request; a new one after a 401.

        :param request: about to be sent
        :raises LeavesAccount: when it goes to another origin than the account's
        :raises ThirdPartyAccountError: when the person's login cannot be used, in words
        :yields: the request
        """
        access = self._hook.get_access()
        response = yield self._authenticated(request, access, _Guard)
        if self._was_refused(response, access):
            access = self._hook.get_access(force_refresh=True)
            yield self._authenticated(request, access, _Guard)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """The same as :meth:`sync_auth_flow`, for asynchronous code.

        :param request: about to be sent
        :raises LeavesAccount: when it goes to another origin than the account's
        :raises ThirdPartyAccountError: when the person's login cannot be used, in words
        :yields: the request
        """
        access = await self._hook.aget_access()
        response = yield self._authenticated(request, access, _AsyncGuard)
        if self._was_refused(response, access):
            access = await self._hook.aget_access(force_refresh=True)
            yield self._authenticated(request, access, _AsyncGuard)

    def _authenticated(self, request: httpx.Request, access: Access, guard: type[_Guard]) -> httpx.Request:
        placement.demand_own(_spelled(request.url), self._conn_id, access)
        placement.place(request.headers, access)
        given = request.extensions.get("trace")
        further = given.further if isinstance(given, _Guard) else given
        request.extensions = {**request.extensions, "trace": guard(self._conn_id, access, further)}
        return request

    @staticmethod
    def _was_refused(response: httpx.Response, access: Access) -> bool:
        own = placement.is_own(_spelled(response.request.url), access)
        return own and placement.was_refused(response.status_code, access)


class _Guard:
    """Sees each request, redirected or not, before its headers leave.

    :param conn_id: id of the account
    :param access: the credential, and where it may go
    :param further: who else wants to see it
    """

    def __init__(self, conn_id: str, access: Access, further: Callable[..., Any] | None) -> None:
        self.further = further
        self._conn_id = conn_id
        self._access = access

    def __call__(self, event: str, info: dict[str, Any]) -> Any:
        self._look(event, info)
        return self.further(event, info) if self.further else None

    def _look(self, event: str, info: dict[str, Any]) -> None:
        if event.endswith(ABOUT_TO_SEND) and self._shows_credential(info["request"].headers):
            placement.demand_own(_address_of(info["request"]), self._conn_id, self._access)

    def _shows_credential(self, headers: list[tuple[bytes, bytes]]) -> bool:
        shown = {(name.lower(), value) for name, value in placement.shown_in(self._access).items()}
        sent = {(name.decode("latin-1").lower(), value.decode("utf-8", "replace")) for name, value in headers}
        return not shown.isdisjoint(sent)


class _AsyncGuard(_Guard):
    """The same for asynchronous clients."""

    async def __call__(self, event: str, info: dict[str, Any]) -> Any:
        self._look(event, info)
        return await self.further(event, info) if self.further else None


def _address_of(request: Any) -> str:
    """Where a request of httpcore's goes; a proxy is told the whole address."""
    url = request.url
    target = url.target.decode("ascii", "replace")
    if target.startswith(("http://", "https://")):
        return str(target)
    host = url.host.decode("ascii")
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme.decode('ascii')}://{f'[{host}]' if ':' in host else host}{port}"


def _spelled(url: httpx.URL) -> str:
    """An address as it is called: other letters are spelled in ASCII, a user name is left out."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"
