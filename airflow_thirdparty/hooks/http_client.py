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
    auth = _AccountAuth(hook)
    hooks = {"request": [auth.keep_from_others]}
    return httpx2.Client(base_url=host, auth=auth, timeout=TIMEOUT, verify=trusted(), event_hooks=hooks)


def async_client(hook: ThirdPartyAccountHook, host: str) -> httpx2.AsyncClient:
    """The same as :func:`client`, for asynchronous code.

    :param hook: says whose token, and asks for a new one
    :param host: address of the account's API
    :return: to be closed by whoever asked for it
    """
    auth = _AccountAuth(hook)
    hooks = {"request": [auth.akeep_from_others]}
    return httpx2.AsyncClient(base_url=host, auth=auth, timeout=TIMEOUT, verify=trusted(), event_hooks=hooks)


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
        self._access: Access | None = None

    def keep_from_others(self, request: httpx2.Request) -> None:
        """Take the credential from a request that leaves the account's origins.

        Redirects are followed below the authentication, and the HTTP library takes ``Authorization`` away by
        itself, but no other header.

        :param request: about to be sent
        """
        if self._access is not None and not _is_own(request.url, self._access):
            _take_away(request, self._access)

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
        _take_away(request, access)
        return request
    for name, text in access.headers.items():
        value = text.replace("{login}", access.login or "").replace("{key}", access.value)
        if value != text or request.headers.get(name, _OF_HTTPX[0]).startswith(_OF_HTTPX):
            request.headers[name] = value  # a header that the task set itself stays
    if access.auth_scheme == "none" and access.auth_header == "Authorization":
        return request  # the credential stands in the further headers
    if access.kind == "basic":
        basic = httpx2.BasicAuth(access.login or "", access.value)
        return next(basic.sync_auth_flow(request))
    scheme = "" if access.auth_scheme == "none" else f"{access.auth_scheme} "
    request.headers[access.auth_header] = f"{scheme}{access.value}"
    return request


def _take_away(request: httpx2.Request, access: Access) -> None:
    of_credential = [name for name, text in access.headers.items() if "{key}" in text or "{login}" in text]
    for name in ("Authorization", access.auth_header, *of_credential):
        request.headers.pop(name, None)


_OF_HTTPX = ("*/*", "python-httpx")
"""How the values of headers begin that the client sets by itself: Accept and User-Agent."""
