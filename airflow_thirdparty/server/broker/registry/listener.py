"""Keeps client secrets out of the connection row, in every process that has a database.

Airflow loads this module through the ``airflow.policy`` entry point, before logging is set up and also where
plugins are not loaded (``airflow connections add``), so nothing heavy is imported until an account is saved.

* Saving an account checks its registration and moves the client secret into our sealed table in the same
  transaction, whoever saves it.
* Loading an account never shows a secret that got into the row some other way.
* Asking for an account where nobody acts is refused, see :mod:`.guard`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Mapper, Session

from airflow_thirdparty.server.broker.registry import guard
from airflow_thirdparty.wire import CONN_TYPE

if TYPE_CHECKING:
    from sqlalchemy.orm import UOWTransaction


def _holds_a_connection(obj: Any) -> bool:
    # by name: importing the classes here would import Airflow's models while Airflow itself is starting
    cls = type(obj)
    return cls.__name__ in ("Connection", "ConnectionTestRequest") and cls.__module__.startswith(
        "airflow.models."
    )


@event.listens_for(Session, "before_flush")
def _before_flush(session: Session, _context: UOWTransaction, _instances: object) -> None:
    for obj in (*session.deleted, *session.new, *session.dirty):
        if _holds_a_connection(obj) and (obj.conn_type == CONN_TYPE or _was_account(obj)):
            from airflow_thirdparty.server.broker.registry import saving

            try:
                saving.on_save(session, obj)
            except saving.RegistrationRefused as refused:
                if _is_connections_command():
                    raise SystemExit(str(refused)) from None
                raise


@event.listens_for(Session, "after_attach")
def _after_attach(_session: Session, obj: Any) -> None:
    """Refuse an account before ``airflow connections add`` says that it was added, which is too early."""
    if _is_connections_command() and _holds_a_connection(obj) and obj.conn_type == CONN_TYPE and _is_new(obj):
        from airflow_thirdparty.server.broker.registry import saving

        try:
            saving.check(obj)
        except saving.RegistrationRefused as refused:
            raise SystemExit(str(refused)) from None


def _is_connections_command() -> bool:
    """Whether this process is ``airflow connections …``, where an exception would become a traceback."""
    return sys.argv[1:2] == ["connections"]


def _is_new(obj: Any) -> bool:
    state: Any = inspect(obj)
    return bool(state.pending)


def _was_account(obj: Any) -> bool:
    return CONN_TYPE in (inspect(obj).attrs.conn_type.history.deleted or ())


@event.listens_for(Mapper, "mapper_configured")
def _mapper_configured(_mapper: Mapper[Any], cls: type) -> None:
    if cls.__name__ == "Connection" and cls.__module__ == "airflow.models.connection":
        event.listen(cls, "load", _on_load)
        event.listen(cls, "refresh", _on_refresh)


def _on_load(connection: Any, context: object) -> None:
    if context is not None:  # else a new object that Session.merge made, as `connections import` does
        _hide(connection)


def _on_refresh(connection: Any, _context: object, _attributes: object) -> None:
    _hide(connection)


def _hide(connection: Any) -> None:
    if connection.__dict__.get("conn_type") == CONN_TYPE and connection.__dict__.get("_password"):
        from sqlalchemy.orm.attributes import set_committed_value

        set_committed_value(connection, "_password", None)
        set_committed_value(connection, "is_encrypted", False)


guard.install()
