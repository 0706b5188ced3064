"""Authentication of PyGithub."""

from __future__ import annotations

from typing import Any

from github import Auth
from github.Requester import Requester, WithRequester

from airflow_thirdparty.hooks import placement
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.sdks.acting import ActsThroughHook, demand_token


class AccountAuth(ActsThroughHook, Auth.Auth, WithRequester[Any]):
    """The acting person's token, for ``github.Github``.

    :param hook: says whose token
    """

    def __init__(self, hook: ThirdPartyAccountHook) -> None:
        ActsThroughHook.__init__(self, hook)
        WithRequester.__init__(self)

    def withRequester(self, requester: Requester) -> AccountAuth:  # noqa: N802  # PyGithub's name
        """Refuse a client of another host, before it sends anything.

        PyGithub keeps a client to its ``base_url`` and to hosts below the same domain.

        :param requester: of the client that is being made
        :raises LeavesAccount: when its ``base_url`` is not at the account's own origin
        :raises ThirdPartyAccountError: when the person's login cannot be used, in words
        :return: itself
        """
        access = self._hook.get_access()
        placement.demand_own(requester.base_url, self._conn_id, access)
        super().withRequester(requester)
        return self

    @property
    def token_type(self) -> str:
        """The word before the token."""
        return "Bearer"

    @property
    def token(self) -> str:
        """The token, a fresh one if it nears its end.

        :raises ThirdPartyAccountError: when the person's login cannot be used, in words
        """
        access = self._hook.get_access()
        demand_token(self._hook, access, "PyGithub")
        return access.value
