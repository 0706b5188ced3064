"""The hook's HTTP client authenticates itself, at the account's own origins only.

It has a module of its own because importing the HTTP library takes longer than all else of the hook, and a
task that wants the token alone needs none.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Generator
from functools import cache
from typing import TYPE_CHECKING

import httpx2

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.hooks import placement

if TYPE_CHECKING:
    from airflow_thirdparty.hooks.access import Access
    from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook

TIMEOUT = 30.0
"""Seconds the HTTP client waits for the service: six times its own default, because reports take long."""


@cache
def trusted() -> ssl.SSLContext:
    """The authorities that clients trust, read once in a process.

    Reading them takes tens of milliseconds, in which a triggerer would do nothing else.
    """
    return httpx2.create_ssl_context()


def client(hook: ThirdPartyAccountHook, access: Access) -> httpx2.Client:
    """An HTTP client that acts as the person the run acts for.

    :param hook: says whose token, and asks for a new one
    :param access: says where the account's API is
    :raises AccountMisconfigured: when the account names no host
    :return: to be closed by whoever asked for it
    """
    auth = _AccountAuth(hook)
    hooks = {"request": [auth.keep_from_others]}
    base = _host_of(hook, access)
    return httpx2.Client(base_url=base, auth=auth, timeout=TIMEOUT, verify=trusted(), event_hooks=hooks)


def async_client(hook: ThirdPartyAccountHook, access: Access) -> httpx2.AsyncClient:
    """The same as :func:`client`, for asynchronous code.

    :param hook: says whose token, and asks for a new one
    :param access: says where the account's API is
    :raises AccountMisconfigured: when the account names no host
    :return: to be closed by whoever asked for it
    """
    auth = _AccountAuth(hook)
    hooks = {"request": [auth.akeep_from_others]}
    base = _host_of(hook, access)
    return httpx2.AsyncClient(base_url=base, auth=auth, timeout=TIMEOUT, verify=trusted(), event_hooks=hooks)


def demand_own(client: httpx2.Client | httpx2.AsyncClient, path: str, conn_id: str, access: Access) -> None:
    """Refuse to ask anybody but the account's own service, since no credential could go there.

    :param client: says what the path is relative to
    :param path: what is to be asked for
    :param conn_id: id of the account
    :param access: says where the credential may go
    :raises LeavesAccount: when the path is an address at another origin
    """
    placement.demand_own(_spelled(client.build_request("GET", path).url), conn_id, access)


class _AccountAuth(httpx2.Auth):
    """Puts the credential on requests to the account's own origins; asks for a new one once after a 401."""

    def __init__(self, hook: ThirdPartyAccountHook) -> None:
        self.hook = hook
        self._access: Access | None = None

    def keep_from_others(self, request: httpx2.Request) -> None:
        """Take the credential from a request that leaves the account's origins.

        Redirects are followed below the authentication, and the HTTP library takes ``Authorization`` away by
        itself, but no other header.

        :param request: about to be sent
        """
        if self._access is not None and not placement.is_own(_spelled(request.url), self._access):
            placement.take_away(request.headers, self._access)

    async def akeep_from_others(self, request: httpx2.Request) -> None:
        """The same as :meth:`keep_from_others`, for asynchronous code.

        :param request: about to be sent
        """
        self.keep_from_others(request)

    def sync_auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        access = self._access = self.hook.get_access()
        response = yield _authenticated(request, access)
        if _was_refused(response, request, access):
            self._access = self.hook.get_access(force_refresh=True)
            yield _authenticated(request, self._access)

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        access = self._access = await self.hook.aget_access()
        response = yield _authenticated(request, access)
        if _was_refused(response, request, access):
            self._access = await self.hook.aget_access(force_refresh=True)
            yield _authenticated(request, self._access)


def _host_of(hook: ThirdPartyAccountHook, access: Access) -> str:
    if access.host:
        return access.host
    raise AccountMisconfigured(
        f"The account '{hook.third_party_account_conn_id}' names no host, so there is no service to ask.",
        "An admin enters the API base URL in the connection's host field, or the task uses get_token().",
        field="host",
    )


def _spelled(url: httpx2.URL) -> str:
    """An address as it is called: other letters are spelled in ASCII, a user name is left out."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _was_refused(response: httpx2.Response, request: httpx2.Request, access: Access) -> bool:
    return placement.was_refused(response.status_code, access) and placement.is_own(
        _spelled(request.url), access
    )


def _authenticated(request: httpx2.Request, access: Access) -> httpx2.Request:
    if placement.is_own(_spelled(request.url), access):
        placement.place(request.headers, access)
    else:
        placement.take_away(request.headers, access)
    return request
