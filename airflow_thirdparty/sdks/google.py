"""Credentials of ``google.auth``, for Google's client libraries."""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import timezone
from typing import Any

from google.auth import credentials
from google.auth.transport import requests

from airflow_thirdparty.hooks import placement
from airflow_thirdparty.hooks.access import Access
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.sdks.acting import ActsThroughHook, demand_token
from airflow_thirdparty.sdks.netrc import demand_no_login_of_the_machine

OF_GOOGLE = "googleapis.com"
"""Whose hosts all take the same tokens: an account at one of them may be used at the others, such as
``storage.googleapis.com``."""


class AccountCredentials(
    ActsThroughHook, credentials.CredentialsWithQuotaProject, credentials.ReadOnlyScoped
):
    """The acting person's token, for Google's client libraries.

    :param hook: says whose token
    :param quota_project: project that is billed, where it is another one than the resource's
    """

    def __init__(self, hook: ThirdPartyAccountHook, quota_project: str | None = None) -> None:
        ActsThroughHook.__init__(self, hook, quota_project=quota_project)
        credentials.Credentials.__init__(self)
        self._quota_project_id = quota_project
        self._scopes: tuple[str, ...] = hook.scopes
        self._default_scopes = None

    @property
    def requires_scopes(self) -> bool:
        """Nothing to add: scopes are asked for when the person signs in."""
        return False

    def with_quota_project(self, quota_project_id: str | None) -> AccountCredentials:
        """The same person's credentials, billed to another project.

        :param quota_project_id: id of the project
        :return: credentials that ask the same hook
        """
        return AccountCredentials(self._hook, quota_project_id)

    def refresh(self, request: Any) -> None:
        """Take a token; a new one when there was one already, as the service has refused that one.

        :param request: not used: the API server is asked, not Google
        :raises ThirdPartyAccountError: when the person's login cannot be used, in words
        """
        self._take(self._hook.get_access(force_refresh=self.token is not None))

    def before_request(self, request: Any, method: str, url: str, headers: MutableMapping[str, str]) -> None:
        """Put the token on a request, a fresh one if it nears its end.

        :param request: says how the library sends
        :param method: of the request
        :param url: of the request
        :param headers: of the request
        :raises LeavesAccount: when it goes neither to the account's own host nor to another one of Google's
        :raises ThirdPartyAccountError: when the person's login cannot be used, in words
        """
        access = self._hook.get_access()
        if not (_is_googles(url) and any(_is_googles(origin) for origin in access.origins)):
            placement.demand_own(url, self._conn_id, access)
        if isinstance(getattr(request, "func", request), requests.Request):  # with a timeout it is a partial
            demand_no_login_of_the_machine(url, self._conn_id)
        self._take(access)
        self.apply(headers)

    def _take(self, access: Access) -> None:
        demand_token(self._hook, access, "google.auth")
        self.token = access.value
        self._scopes = access.scopes
        # the library compares with a time of UTC that does not say so
        ends = access.expires_at
        self.expiry = ends.astimezone(timezone.utc).replace(tzinfo=None) if ends else None


def _is_googles(url: str) -> bool:
    origin = placement.plain_origin(url) or ""
    return origin == f"https://{OF_GOOGLE}" or (
        origin.startswith("https://") and origin.endswith(f".{OF_GOOGLE}")
    )
