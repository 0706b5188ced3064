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

from airflow_thirdparty.exceptions import LeavesAccount
from airflow_thirdparty.urls import origin_of

if TYPE_CHECKING:
    from airflow_thirdparty.hooks.third_party_account import Access, ThirdPartyAccountHook

TIMEOUT = 30.0
"""Seconds the HTTP client waits for the service: six times its own default, because reports take long."""


@cache
def trusted() -> ssl.SSLContext:
    """The authorities that clients trust, read once in a process.

    Reading them takes tens of milliseconds, in which a triggerer would do nothing else.
    """
    return httpx2.create_ssl_context()


def client(hook: ThirdPartyAccountHook, host: str) -> httpx2.Client:
    """An HTTP client that acts as the person the run acts for.

    :param hook: says whose token, and asks for a new one
    :param host: address of the account's API
    :return: to be closed by whoever asked for it
    """
    return httpx2.Client(base_url=host, auth=_AccountAuth(hook), timeout=TIMEOUT, verify=trusted())


def async_client(hook: ThirdPartyAccountHook, host: str) -> httpx2.AsyncClient:
    """The same as :func:`client`, for asynchronous code.

    :param hook: says whose token, and asks for a new one
    :param host: address of the account's API
    :return: to be closed by whoever asked for it
    """
    return httpx2.AsyncClient(base_url=host, auth=_AccountAuth(hook), timeout=TIMEOUT, verify=trusted())


def demand_own(client: httpx2.Client | httpx2.AsyncClient, path: str, conn_id: str, access: Access) -> None:
    """Refuse to ask anybody but the account's own service, since no credential could go there.

    :param client: says what the path is relative to
    :param path: what is to be asked for
    :param conn_id: id of the account
    :param access: says where the credential may go
    :raises LeavesAccount: when the path is an address at another origin
    """
    url = client.build_request("GET", path).url
    if not _is_own(url, access):
        raise LeavesAccount(
            f"The address leads to {url.scheme}://{url.netloc.decode('ascii')}, which is not the service of "
            f"the third-party account '{conn_id}', so the person's login is not sent there.",
            f"Ask for a path below {access.host}, or register the other service as an account of its own.",
        )


class _AccountAuth(httpx2.Auth):
    """Puts the credential on requests to the account's own origins; asks for a new one once after a 401."""

    def __init__(self, hook: ThirdPartyAccountHook) -> None:
        self.hook = hook

    def sync_auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        access = self.hook.get_access()
        response = yield _authenticated(request, access)
        if _was_refused(response, request, access):
            yield _authenticated(request, self.hook.get_access(force_refresh=True))

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        access = await self.hook.aget_access()
        response = yield _authenticated(request, access)
        if _was_refused(response, request, access):
            yield _authenticated(request, await self.hook.aget_access(force_refresh=True))


def _is_own(url: httpx2.URL, access: Access) -> bool:
    try:
        # the host as it is called: other letters are spelled in ASCII, a user name is left out
        return origin_of(f"{url.scheme}://{url.netloc.decode('ascii')}") in access.origins
    except ValueError:
        return False


def _was_refused(response: httpx2.Response, request: httpx2.Request, access: Access) -> bool:
    return response.status_code == 401 and access.kind == "oauth2" and _is_own(request.url, access)


def _authenticated(request: httpx2.Request, access: Access) -> httpx2.Request:
    if not _is_own(request.url, access):
        request.headers.pop("Authorization", None)
    elif access.kind == "basic":
        basic = httpx2.BasicAuth(access.login or "", access.value)
        request = next(basic.sync_auth_flow(request))
    else:
        request.headers["Authorization"] = f"Bearer {access.value}"
    return request
