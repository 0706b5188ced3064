"""Says which accounts a task's function uses, where that cannot be read from its code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

__all__ = ["uses_account"]

F = TypeVar("F", bound=Callable[..., Any])

ATTRIBUTE = "__third_party_accounts__"
"""Where the ids stand on the function."""

SCOPES_ATTRIBUTE = "__third_party_account_scopes__"
"""Where the scopes stand on the function, by id."""


def uses_account(*conn_ids: str, scopes: Sequence[str] = ()) -> Callable[[F], F]:
    """Declare the accounts that the decorated function uses, for the DAG policy and the DAG's page.

    :param conn_ids: ids of the accounts
    :param scopes: scopes that the function needs of each of them
    :return: a decorator that gives the function back as it is
    """

    def mark(function: F) -> F:
        before = getattr(function, SCOPES_ATTRIBUTE, {})
        needed = {conn_id: (*before.get(conn_id, ()), *scopes) for conn_id in conn_ids}
        setattr(function, ATTRIBUTE, (*getattr(function, ATTRIBUTE, ()), *conn_ids))
        setattr(function, SCOPES_ATTRIBUTE, {**before, **needed})
        return function

    return mark
