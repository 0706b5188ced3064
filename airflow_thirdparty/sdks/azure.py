"""Credentials for the Azure SDK: the token of one resource, and never that of another."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from azure.core.credentials import AccessToken, AccessTokenInfo

from airflow_thirdparty.exceptions import ScopesMissing
from airflow_thirdparty.hooks.access import Access
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.sdks.acting import ActsThroughHook, demand_token
from airflow_thirdparty.sdks.netrc import demand_no_login_of_the_machine

UNTOLD = 300
"""Seconds for which the SDK keeps a token whose end the service does not tell: from so many on it asks before
every request, and the hook knows the answer."""

GRAPH = "https://graph.microsoft.com"
"""The resource of scopes that name none (Microsoft identity platform, *Scopes and permissions*)."""

_ALIASES = {
    "00000003-0000-0000-c000-000000000000": GRAPH,
    "https://management.core.windows.net": "https://management.azure.com",
}
"""Resources that have two names."""

_OF_NO_RESOURCE = frozenset({"openid", "profile", "email", "offline_access"})
"""Scopes of OpenID Connect, which come with any resource."""


class _Credential(ActsThroughHook):
    """What both credentials have in common."""

    def __init__(self, hook: ThirdPartyAccountHook) -> None:
        super().__init__(hook)
        self._narrower: dict[tuple[str, ...], ThirdPartyAccountHook] = {}

    def _demand_covered(self, access: Access, scopes: Iterable[str]) -> tuple[str, ...]:
        """Refuse scopes of other resources.

        :return: those of the token's own resource that it is not known to have
        """
        demand_token(self._hook, access, "the Azure SDK")
        held = {_parts(scope) for scope in access.scopes if scope not in _OF_NO_RESOURCE}
        resources = {resource for resource, _ in held}
        for scope in scopes:
            if _parts(scope)[0] not in resources:
                raise _other_resource(self._conn_id, scope, resources)
        return tuple(
            scope for scope in scopes if not scope.endswith("/.default") and _parts(scope) not in held
        )

    def _asking_for(self, scopes: tuple[str, ...]) -> ThirdPartyAccountHook:
        """A hook with which the server decides whether the sign-in covers these scopes, in words if not."""
        if not scopes:
            return self._hook
        if scopes not in self._narrower:
            hook = self._hook
            self._narrower[scopes] = ThirdPartyAccountHook(
                hook.third_party_account_conn_id,
                scopes=(*hook.scopes, *scopes),
                min_lifetime=hook.min_lifetime,
            )
        return self._narrower[scopes]


class AccountCredential(_Credential):
    """A ``TokenCredential`` of the acting person's.

    :param hook: says whose token
    """

    def get_token(self, *scopes: str, claims: str | None = None, **kwargs: Any) -> AccessToken:
        """The acting person's token.

        :param scopes: of one resource
        :param claims: what a service that refused the last token wants; a new one is asked for
        :param kwargs: ``tenant_id`` and ``enable_cae``, which the account's registration settles
        :raises ScopesMissing: when the account's sign-in does not cover the scopes
        :raises ThirdPartyAccountError: when the person's login cannot be used, in words
        :return: the token, and when it ends
        """
        access = self._access(scopes, claims)
        return AccessToken(access.value, _ends(access))

    def get_token_info(self, *scopes: str, options: Mapping[str, Any] | None = None) -> AccessTokenInfo:
        """The same as :meth:`get_token`, as newer clients ask.

        :param scopes: of one resource
        :param options: ``claims``, ``tenant_id``, ``enable_cae``
        :raises ScopesMissing: when the account's sign-in does not cover the scopes
        :raises ThirdPartyAccountError: when the person's login cannot be used, in words
        :return: the token, and when it ends
        """
        access = self._access(scopes, (options or {}).get("claims"))
        return AccessTokenInfo(access.value, _ends(access))

    def _access(self, scopes: tuple[str, ...], claims: str | None) -> Access:
        access = self._hook.get_access()
        if access.host:  # synchronous clients send by requests; where to, they do not tell
            demand_no_login_of_the_machine(access.host, self._conn_id)
        further = self._demand_covered(access, _demanded(scopes))
        if not further and not claims:
            return access
        access = self._asking_for(further).get_access(force_refresh=bool(claims))
        self._demand_covered(access, scopes)
        return access

    def close(self) -> None:
        """Nothing to close."""

    def __enter__(self) -> AccountCredential:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class AsyncAccountCredential(_Credential):
    """An ``AsyncTokenCredential`` of the acting person's.

    :param hook: says whose token
    """

    async def get_token(self, *scopes: str, claims: str | None = None, **kwargs: Any) -> AccessToken:
        """The acting person's token.

        :param scopes: of one resource
        :param claims: what a service that refused the last token wants; a new one is asked for
        :param kwargs: ``tenant_id`` and ``enable_cae``, which the account's registration settles
        :raises ScopesMissing: when the account's sign-in does not cover the scopes
        :raises ThirdPartyAccountError: when the person's login cannot be used, in words
        :return: the token, and when it ends
        """
        access = await self._access(scopes, claims)
        return AccessToken(access.value, _ends(access))

    async def get_token_info(self, *scopes: str, options: Mapping[str, Any] | None = None) -> AccessTokenInfo:
        """The same as :meth:`get_token`, as newer clients ask.

        :param scopes: of one resource
        :param options: ``claims``, ``tenant_id``, ``enable_cae``
        :raises ScopesMissing: when the account's sign-in does not cover the scopes
        :raises ThirdPartyAccountError: when the person's login cannot be used, in words
        :return: the token, and when it ends
        """
        access = await self._access(scopes, (options or {}).get("claims"))
        return AccessTokenInfo(access.value, _ends(access))

    async def _access(self, scopes: tuple[str, ...], claims: str | None) -> Access:
        access = await self._hook.aget_access()
        further = self._demand_covered(access, _demanded(scopes))
        if not further and not claims:
            return access
        access = await self._asking_for(further).aget_access(force_refresh=bool(claims))
        self._demand_covered(access, scopes)
        return access

    async def close(self) -> None:
        """Nothing to close."""

    async def __aenter__(self) -> AsyncAccountCredential:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()


def _demanded(scopes: tuple[str, ...]) -> tuple[str, ...]:
    if not scopes:
        raise ValueError("An Azure SDK that wants a token has to say for which scope.")
    return scopes


def _ends(access: Access) -> int:
    return int(access.expires_at.timestamp()) if access.expires_at else int(time.time()) + UNTOLD


def _parts(scope: str) -> tuple[str, str]:
    """Resource and permission of a scope, as they are compared."""
    resource, has_resource, permission = scope.casefold().rpartition("/")
    named = resource.rstrip("/") if has_resource else GRAPH
    return _ALIASES.get(named, named), permission


def _other_resource(conn_id: str, scope: str, resources: set[str]) -> ScopesMissing:
    held = ", ".join(sorted(resources)) or "no resource that it names"
    return ScopesMissing(
        f"The Azure SDK wants a token for {scope}, and people sign in to the third-party account "
        f"'{conn_id}' for {held}.",
        "Use an account whose registration asks for a scope of that resource: a token is for one alone.",
        field="scopes",
    )
