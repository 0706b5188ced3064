"""How an account's service fares: the gate, shared by all processes, that spares a service in trouble."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from airflow_thirdparty.server.store.models import AccountHealth


def of(session: Session, conn_id: str) -> AccountHealth | None:
    """What is known of this account."""
    return session.get(AccountHealth, conn_id)


def all_of(session: Session) -> dict[str, AccountHealth]:
    """What is known of every account, in one query."""
    return {row.conn_id: row for row in session.scalars(select(AccountHealth))}


def may_call(session: Session, conn_id: str, now: datetime, reserve_until: datetime) -> datetime | None:
    """Ask whether the service may be called now; when it is in trouble, one caller at a time gets a try.

    :param reserve_until: until when the others wait if this caller gets the try
    :return: ``None`` when it may be called, else when to ask again
    """
    row = session.get(AccountHealth, conn_id)
    if row is None or row.next_call_at is None:
        return None
    if row.next_call_at > now:
        return row.next_call_at
    statement = (
        update(AccountHealth)
        .where(AccountHealth.conn_id == conn_id, AccountHealth.next_call_at == row.next_call_at)
        .values(next_call_at=reserve_until)
    )
    result = session.execute(statement.execution_options(synchronize_session=False))
    return None if cast("CursorResult[Any]", result).rowcount == 1 else reserve_until


def note_failure(
    session: Session, conn_id: str, now: datetime, next_call_at: datetime, code: str, text: str, flag: bool
) -> None:
    """Write down that the service failed.

    :param flag: whether an admin has to mend the account
    """
    row = _row(session, conn_id)
    row.failures = (row.failures or 0) + 1
    row.failed_at, row.failed_code, row.failed_text = now, code[:60], text[:500]
    row.next_call_at = next_call_at
    if flag:
        row.flagged_at, row.flagged_code, row.flagged_text = now, code[:60], text[:500]


def note_success(session: Session, conn_id: str) -> None:
    """Write down that the service answered as it should; costs nothing when nothing was wrong."""
    row = session.get(AccountHealth, conn_id)
    if row is not None and (row.next_call_at is not None or row.flagged_at is not None):
        session.delete(row)


def _row(session: Session, conn_id: str) -> AccountHealth:
    row = session.get(AccountHealth, conn_id)
    if row is None:
        row = AccountHealth(conn_id=conn_id, failures=0)
        # two processes may note the first failure at once: the second insert yields to the first
        with session.begin_nested():
            session.add(row)
            session.flush()
    return row
