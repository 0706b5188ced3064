"""Refuses every look-up of an account whose answer nobody turns into a person's connection.

Triggerer and DAG processor answer their own questions for connections, and so does an API server without
plugins: what they find is the registration.  A hook that gets it goes on without a credential, or with the
machine's.  So the two functions with which Airflow's server processes read a connection for somebody refuse
accounts.  Only those may read them who replace the registration, or show it to an admin.

Refused is with 403, the one answer after which no SDK and no hook looks for another identity.
"""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from airflow.sdk.exceptions import AirflowNotFoundException

from airflow_thirdparty.wire import CONN_TYPE, split_entry

log = logging.getLogger(__name__)

ROUTE = "airflow.api_fastapi.execution_api.routes.connections"
"""The module that answers tasks; what it reads of an account is replaced where :func:`reading` holds."""

READERS = (
    "airflow.cli.commands.connection_command",
    "airflow.api_fastapi.core_api.routes.public.connections",
)
"""The modules of Airflow that show or try a registration on behalf of an admin."""

OURS = "airflow_thirdparty.server."
"""How the names of our own readers begin."""

_MARK = "__refuses_third_party_accounts__"

_reading: ContextVar[bool] = ContextVar("third_party_accounts_reading", default=False)
_permitted: ContextVar[bool] = ContextVar("third_party_accounts_permitted", default=False)


@contextmanager
def reading() -> Iterator[None]:
    """Let Airflow read accounts in order to answer the request that is served meanwhile.

    Whoever enters replaces the answer.
    """
    before = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(before)


def install() -> None:
    """Put the guard in front of Airflow's two functions, once in a process.

    Both classes are there before any policy module is: Airflow makes its secrets backends first.
    """
    from airflow.models.connection import Connection
    from airflow.secrets.metastore import MetastoreBackend

    read = Connection.__dict__["get_connection_from_secrets"].__func__
    if not is_installed(read):
        setattr(Connection, read.__name__, classmethod(_marked(_guarded(read))))
        look_up = MetastoreBackend.get_connection
        setattr(MetastoreBackend, look_up.__name__, _marked(_checked(look_up)))


def is_installed(function: Callable[..., Any]) -> bool:
    """Whether the guard stands in front of a function.

    :param function: what Airflow calls
    :return: whether :func:`install` put it there
    """
    return getattr(function, _MARK, False)


def _marked(function: Callable[..., Any]) -> Callable[..., Any]:
    setattr(function, _MARK, True)
    return function


def _guarded(read: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(read)
    def get_connection_from_secrets(cls: Any, conn_id: str, *args: Any, **kwargs: Any) -> Any:
        caller = sys._getframe(1).f_globals.get("__name__", "")
        permitted = _may_read(caller)
        before = _permitted.set(permitted)
        try:
            found = read(cls, conn_id, *args, **kwargs)
        except AirflowNotFoundException:
            if permitted and caller != ROUTE:
                raise
            found = _account_behind(conn_id, lambda account: read(cls, account, *args, **kwargs))
            if found is None:
                raise
        finally:
            _permitted.reset(before)
        # what the SDK answers in a task is no row
        return found if permitted or not isinstance(found, cls) else _unless_account(found)

    return get_connection_from_secrets


def _checked(read: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(read)
    def get_connection(self: Any, conn_id: str, *args: Any, **kwargs: Any) -> Any:
        found = read(self, conn_id, *args, **kwargs)
        if _permitted.get():
            return found
        if found is None:
            found = _account_behind(conn_id, lambda account: read(self, account, *args, **kwargs))
        return _unless_account(found)

    return get_connection


def _account_behind(conn_id: str, read: Callable[[str], Any]) -> Any:
    """The account that an id such as ``github--as--http`` names, where no connection has that very id."""
    account, entry = split_entry(conn_id)
    if not entry:
        return None
    try:
        found = read(account)
    except AirflowNotFoundException:
        return None
    return found if getattr(found, "conn_type", None) == CONN_TYPE else None


def _may_read(caller: str) -> bool:
    return caller in READERS or caller.startswith(OURS) or (caller == ROUTE and _reading.get())


def _unless_account(found: Any) -> Any:
    if found is None or found.conn_type != CONN_TYPE:
        return found
    from airflow_thirdparty.server.broker.registry.not_projected import NotProjectedHere

    refusal = NotProjectedHere(found.conn_id)
    log.warning("%s", refusal)
    raise refusal
