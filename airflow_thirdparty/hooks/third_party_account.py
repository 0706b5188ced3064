"""The hook: one line yields the access token of the person the run acts for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook, Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.sdk.log import mask_secret

from airflow_thirdparty.exceptions import (
    AccountMisconfigured,
    AccountNotAllowed,
    CannotDefer,
    ThirdPartyAccountError,
    from_dict,
)
from airflow_thirdparty.hooks import development, paging
from airflow_thirdparty.hooks.access import Access
from airflow_thirdparty.wire import CONN_TYPE, PROJECTION_KEY, TokenRequest, moment

if TYPE_CHECKING:
    import httpx2

    from airflow_thirdparty.hooks.paging import NextPage

__all__ = ["Access", "ThirdPartyAccountHook"]

MARGIN = timedelta(seconds=30)
"""A token that lives no longer than this is asked for anew before it is used: a request may last so long."""


class ThirdPartyAccountHook(BaseHook):
    """Acts in a third-party service as the person who triggered the run.

    .. code-block:: python

        @task
        def my_repositories():
            return ThirdPartyAccountHook("github").run("GET", "/user/repos").json()

    :param third_party_account_conn_id: id of the account, a connection of type ``third_party_account``
    :param scopes: scopes this task needs; those of the account by default
    :param min_lifetime: seconds for which the token must at least still be good
    :param kwargs: what Airflow's ``BaseHook`` takes
    """

    conn_name_attr = "third_party_account_conn_id"
    default_conn_name = "third_party_account_default"
    conn_type = CONN_TYPE
    hook_name = "Third-Party Account"

    def __init__(
        self,
        third_party_account_conn_id: str = default_conn_name,
        *,
        scopes: Sequence[str] = (),
        min_lifetime: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.third_party_account_conn_id = third_party_account_conn_id
        self.scopes = tuple(scopes)
        self.min_lifetime = min_lifetime
        self._access: Access | None = None
        self._said: set[object] = set()

    def __getstate__(self) -> dict[str, Any]:
        """What is copied or pickled: whom to ask and for what, never the answer."""
        return {**self.__dict__, "_access": None}

    def get_access(self, *, force_refresh: bool = False) -> Access:
        """The acting person's access token, with what is known about it.

        :param force_refresh: the service refused the last one
        :raises ThirdPartyAccountError: one of the errors in ``airflow_thirdparty.exceptions``, in words
        :return: good for at least ``min_lifetime`` seconds
        """
        if force_refresh or not self._has_good_access():
            asked_id = self._request(force_refresh)
            try:
                connection = Connection.get(asked_id)
            except (AirflowNotFoundException, PermissionError) as error:
                self._access = self._without_server(error)
            else:
                self._access = self._accept(connection)
        assert self._access is not None  # noqa: S101  # set just above
        return self._access

    async def aget_access(self, *, force_refresh: bool = False) -> Access:
        """The same as :meth:`get_access`, for asynchronous code.

        :param force_refresh: the service refused the last one
        :raises ThirdPartyAccountError: as :meth:`get_access`
        :return: good for at least ``min_lifetime`` seconds
        """
        if force_refresh or not self._has_good_access():
            asked_id = self._request(force_refresh)
            try:
                connection = await Connection.async_get(asked_id)
            except (AirflowNotFoundException, PermissionError) as error:
                self._access = self._without_server(error)
            else:
                self._access = self._accept(connection)
        assert self._access is not None  # noqa: S101  # set just above
        return self._access

    def get_token(self, *, force_refresh: bool = False) -> str:
        """The acting person's access token.

        :param force_refresh: the service refused the last one
        :raises ThirdPartyAccountError: as :meth:`get_access`
        :return: the token alone
        """
        return self.get_access(force_refresh=force_refresh).value

    async def aget_token(self, *, force_refresh: bool = False) -> str:
        """The acting person's access token, for asynchronous code.

        :param force_refresh: the service refused the last one
        :raises ThirdPartyAccountError: as :meth:`get_access`
        :return: the token alone
        """
        return (await self.aget_access(force_refresh=force_refresh)).value

    def demand_sign_in(self, *, lasting: timedelta | None = None) -> None:
        """Raise unless the acting person is signed in; asks for no token.

        :param lasting: for how long that should hold; the log says when it cannot
        :raises ThirdPartyAccountError: as :meth:`get_access`
        """
        answer = self._ask_for_no_token(waits=True)
        self._warn(answer.get("warning"))
        ends = answer.get("ends_at") and moment(answer["ends_at"])
        if lasting and ends and ends < datetime.now(timezone.utc) + lasting:
            self._warn(
                f"The sign-in cannot be refreshed and ends at {ends:%Y-%m-%d %H:%M} UTC, before the "
                f"{lasting} are over that this task may wait, so it will not outlive this run."
            )

    def get_grant(self, *, waits: bool = False) -> str:
        """A grant with which a trigger acts as the same person, while this task is deferred.

        :param waits: for a trigger that waits until the person is signed in, and gets no token
        :raises CannotDefer: when nothing can be handed to the triggerer here
        :raises ThirdPartyAccountError: as :meth:`get_access`
        :return: sealed, so that it may stand among the arguments of a trigger
        """
        answer = self._ask_for_no_token(waits=waits, grant=True)
        if not isinstance(answer.get("grant"), str):
            raise CannotDefer("The API server's version of this package hands out no grants.")
        return str(answer["grant"])

    def _ask_for_no_token(self, **flags: bool) -> dict[str, Any]:
        asked_id = self._request(**flags)
        try:
            connection = Connection.get(asked_id)
        except (AirflowNotFoundException, PermissionError) as error:
            self._without_server(error)
            if "grant" in flags:
                raise CannotDefer("This is dag.test(), where nothing is handed to a triggerer.") from None
            return {}
        return self._answer_in(connection)

    def get_conn(self) -> httpx2.Client:
        """An HTTP client that authenticates itself, at the account's host only."""
        from airflow_thirdparty.hooks import http_client

        return http_client.client(self, self.get_access())

    async def aget_conn(self) -> httpx2.AsyncClient:
        """The same as :meth:`get_conn`, for asynchronous code."""
        from airflow_thirdparty.hooks import http_client

        return http_client.async_client(self, await self.aget_access())

    def run(self, method: str, path: str, **kwargs: Any) -> httpx2.Response:
        """Send one request to the account's host.

        :param method: of HTTP, such as ``GET``
        :param path: below the account's host
        :param kwargs: what the HTTP client's ``request`` takes
        :raises LeavesAccount: when the path is an address at another origin
        :raises httpx2.HTTPStatusError: when the service answers with an error
        :return: the response, read to its end
        """
        with self.get_conn() as client:
            self._demand_own(client, path)
            return client.request(method, path, **kwargs).raise_for_status()

    async def arun(self, method: str, path: str, **kwargs: Any) -> httpx2.Response:
        """The same as :meth:`run`, for asynchronous code.

        :param method: of HTTP, such as ``GET``
        :param path: below the account's host
        :param kwargs: what the HTTP client's ``request`` takes
        :raises LeavesAccount: when the path is an address at another origin
        :raises httpx2.HTTPStatusError: when the service answers with an error
        :return: the response, read to its end
        """
        async with await self.aget_conn() as client:
            self._demand_own(client, path)
            response = await client.request(method, path, **kwargs)
            return response.raise_for_status()

    def paginate(
        self, method: str, path: str, *, next_page: NextPage | None = None, **kwargs: Any
    ) -> Iterator[httpx2.Response]:
        """Send one request after the other, as long as there is a next page.

        :param method: of HTTP, such as ``GET``
        :param path: below the account's host
        :param next_page: is given a response and answers the next page's address, or what changes in the
            request (``path``, ``params``, ``json`` …), or ``None``; by default the ``Link`` header tells
        :param kwargs: what the HTTP client's ``request`` takes
        :raises LeavesAccount: when a page is at another origin
        :raises httpx2.HTTPStatusError: when the service answers with an error
        :yields: the responses, each read to its end
        """
        walk = paging.Walk(path, kwargs, next_page or paging.linked)
        with self.get_conn() as client:
            while True:
                self._demand_own(client, walk.path)
                response = client.request(method, walk.path, **walk.options).raise_for_status()
                yield response
                if not walk.goes_on(response):
                    return

    async def apaginate(
        self, method: str, path: str, *, next_page: NextPage | None = None, **kwargs: Any
    ) -> AsyncIterator[httpx2.Response]:
        """The same as :meth:`paginate`, for asynchronous code.

        :param method: of HTTP, such as ``GET``
        :param path: below the account's host
        :param next_page: as in :meth:`paginate`
        :param kwargs: what the HTTP client's ``request`` takes
        :raises LeavesAccount: when a page is at another origin
        :raises httpx2.HTTPStatusError: when the service answers with an error
        :yields: the responses, each read to its end
        """
        walk = paging.Walk(path, kwargs, next_page or paging.linked)
        async with await self.aget_conn() as client:
            while True:
                self._demand_own(client, walk.path)
                response = await client.request(method, walk.path, **walk.options)
                yield response.raise_for_status()
                if not walk.goes_on(response):
                    return

    def test_connection(self) -> tuple[bool, str]:
        """Say what can be said about an account from here.

        Inside a task that is whether the acting person is signed in; elsewhere there is no person to act for.
        """
        if development.is_shadowed(self.third_party_account_conn_id):
            return True, (
                "The registration can be read. Whether its service accepts it is told by Check, on the page "
                "Accounts under Administration: an account has nothing to log in with by itself."
            )
        try:
            access = self.get_access()
        except Exception as error:
            return False, str(error)
        return True, f"Signed in as {access.subject_name}."

    def _has_good_access(self) -> bool:
        lifetime = max(MARGIN, timedelta(seconds=self.min_lifetime))
        return self._access is not None and self._access.is_good_for(lifetime)

    def _demand_own(self, client: httpx2.Client | httpx2.AsyncClient, path: str) -> None:
        from airflow_thirdparty.hooks import http_client

        assert self._access is not None  # noqa: S101  # the client was made with it
        http_client.demand_own(client, path, self.third_party_account_conn_id, self._access)

    def _request(self, force_refresh: bool = False, *, waits: bool = False, grant: bool = False) -> str:
        conn_id = self.third_party_account_conn_id
        development.refuse_shadow(conn_id)
        request = TokenRequest(conn_id, self.scopes, self.min_lifetime, force_refresh, waits, grant)
        try:
            asked_id = request.encode()
            TokenRequest.decode(asked_id)
        except ValueError as error:
            raise AccountMisconfigured(
                f"The account '{conn_id}' cannot be asked for: {error}.", "Check the hook's parameters."
            ) from None
        return asked_id

    def _accept(self, connection: Any) -> Access:
        try:
            answer = self._answer_in(connection)
        except ThirdPartyAccountError as refusal:
            self._announce(refusal)
            raise
        self._warn(answer.get("warning"))
        try:
            # Airflow's SDK has told the secrets masker about the password, here and in the supervisor
            return Access.read(str(connection.password or ""), connection.host, connection.login, answer)
        except (ValueError, KeyError, TypeError):
            raise development.not_projected(self.third_party_account_conn_id) from None

    def _announce(self, refusal: ThirdPartyAccountError) -> None:
        """Say it once in the task's log, where Airflow shows its address as a link."""
        from airflow_thirdparty.links.announcing import announce

        if str(refusal) not in self._said:
            self._said.add(str(refusal))
            announce(self.log, refusal)

    def _warn(self, text: object) -> None:
        """Say it once in the task's log."""
        if text and text not in self._said:
            self._said.add(text)
            self.log.warning("%s: %s", self.third_party_account_conn_id, text)

    def _answer_in(self, connection: Any) -> dict[str, Any]:
        """The server's answer to our own question, as it stands in a connection."""
        refusal = None
        try:
            answer = json.loads(connection.extra or "{}")[PROJECTION_KEY]
            if "refusal" in answer:
                refusal = from_dict(answer["refusal"])
                if person := answer.get("person"):
                    refusal.acting_user = (str(person["id"]), str(person["name"]))
            answer = dict(answer)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise development.not_projected(self.third_party_account_conn_id) from None
        if refusal is not None:
            raise refusal
        return answer

    def _without_server(self, error: Exception) -> Access:
        conn_id = self.third_party_account_conn_id
        if isinstance(error, PermissionError):
            raise AccountNotAllowed(
                f"The API server refused to answer this task about the account '{conn_id}'.",
                "The reason stands in the audit log of the run.",
            ) from None
        if development.is_shadowed(conn_id):
            own = development.own_connection(conn_id, self.log)
            mask_secret(own.password)
            return Access(own.password, "oauth2", own.host, own.login, None, own.scopes, "", "", own.origins)
        raise development.not_projected(conn_id) from None
