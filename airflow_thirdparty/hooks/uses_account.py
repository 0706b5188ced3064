"""Says which accounts a task's function uses, where that cannot be read from its code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["uses_account"]

F = TypeVar("F", bound=Callable[..., Any])

ATTRIBUTE = "__third_party_accounts__"
"""Where the ids stand on the function."""


def uses_account(*conn_ids: str) -> Callable[[F], F]:
    """Declare the accounts that the decorated function uses, for the DAG policy and the DAG's page.

    :param conn_ids: ids of the accounts
    :return: a decorator that gives the function back as it is
    """

    def mark(function: F) -> F:
        setattr(function, ATTRIBUTE, (*getattr(function, ATTRIBUTE, ()), *conn_ids))
        return function

    return mark
