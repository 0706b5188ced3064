"""What all objects for SDKs have in common: they ask a hook, and hold no credential of their own."""

from __future__ import annotations

from typing import Any

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.hooks.access import Access
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook

_SHOWN_AS_WANTED = "Use the hook, requests_auth() or httpx_auth(), which show it as the service wants it."


class ActsThroughHook:
    """Asks a hook whenever the SDK wants a credential.

    What is copied or pickled is whom to ask and for what, never the answer: a copy acts for whomever
    its own task acts for.

    :param hook: says whose token
    :param options: what else the object is made of, by name
    """

    def __init__(self, hook: ThirdPartyAccountHook, **options: Any) -> None:
        self._hook = hook
        self._options = options

    @property
    def _conn_id(self) -> str:
        return self._hook.third_party_account_conn_id

    def __reduce__(self) -> tuple[Any, ...]:
        hook = self._hook
        if type(hook) is not ThirdPartyAccountHook:
            raise TypeError(f"{type(self).__name__} of a trigger cannot be pickled: its grant is its own")
        question = (hook.third_party_account_conn_id, hook.scopes, hook.min_lifetime)
        return (_made_again, (type(self), question, self._options))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} for {self._conn_id!r}>"

    __str__ = __repr__


def _made_again(cls: type[Any], question: tuple[str, tuple[str, ...], int], options: dict[str, Any]) -> Any:
    conn_id, scopes, min_lifetime = question
    return cls(ThirdPartyAccountHook(conn_id, scopes=scopes, min_lifetime=min_lifetime), **options)


def demand_token(hook: ThirdPartyAccountHook, access: Access, sdk: str) -> None:
    """Refuse what an SDK would show as a token although the service takes none.

    :param hook: which account
    :param access: what the sign-in yields
    :param sdk: for the words
    :raises AccountMisconfigured: for keys and passwords, and where the API takes no ``Authorization: Bearer``
    """
    conn_id = hook.third_party_account_conn_id
    if access.kind != "oauth2":
        raise AccountMisconfigured(
            f"People sign in to the third-party account '{conn_id}' with a credential of kind "
            f"'{access.kind}', and {sdk} takes access tokens only.",
            _SHOWN_AS_WANTED,
            field="kind",
        )
    if (access.auth_header, access.auth_scheme) != ("Authorization", "Bearer"):
        raise AccountMisconfigured(
            f"The service of the third-party account '{conn_id}' does not take its token as a Bearer token, "
            f"as {sdk} sends it.",
            _SHOWN_AS_WANTED,
            field="service",
        )
