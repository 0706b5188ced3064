"""What was last seen of an account: when it worked, and what a check of it found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from airflow_thirdparty.server.store.base import changed_rows
from airflow_thirdparty.server.store.models import AccountSeen

INTERVAL = timedelta(minutes=1)
"""How often a service is checked, and a success is written down, at most: both are told in minutes."""

_noted: dict[tuple[str, str], datetime] = {}
"""When this process last wrote down a success, so that a busy account costs one write a minute."""


def all_of(session: Session) -> dict[str, AccountSeen]:
    """What was seen of every account, in one query.

    :param session: a session
    :return: rows by id of the account; what was seen under another binding counts for nothing
    """
    return {row.conn_id: row for row in session.scalars(select(AccountSeen))}


def of(session: Session, conn_id: str) -> AccountSeen | None:
    """What was seen of one account.

    :param session: a session
    :param conn_id: id of the account
    :return: ``None`` when it has never been tried
    """
    return session.get(AccountSeen, conn_id)


def note_worked(session: Session, conn_id: str, binding: str, now: datetime) -> None:
    """Write down that the service did what it was asked.

    :param session: writes in its transaction
    :param conn_id: id of the account
    :param binding: of the account as it is registered now
    :param now: the time, in UTC
    """
    last = _noted.get((conn_id, binding))
    if last is not None and now - last < INTERVAL:
        return
    _noted[conn_id, binding] = now
    _write(session, conn_id, binding, {"worked_at": now})


def reserve_check(session: Session, conn_id: str, binding: str, now: datetime) -> bool:
    """Ask whether the service may be checked now; who gets it checks, and no other process does.

    :param session: writes in its transaction
    :param conn_id: id of the account
    :param binding: of the account as it is registered now
    :param now: the time, in UTC
    :return: whether it may
    """
    row = session.get(AccountSeen, conn_id)
    if row is None or row.binding != binding or row.checked_at is None:
        _write(session, conn_id, binding, {"checked_at": now, "report": "[]"})
        return True
    due = or_(AccountSeen.checked_at.is_(None), AccountSeen.checked_at <= now - INTERVAL)
    statement = (
        update(AccountSeen).where(AccountSeen.conn_id == conn_id, due).values(checked_at=now, report="[]")
    )
    return changed_rows(session, statement) == 1


def allow_check(session: Session, conn_id: str) -> None:
    """Let the service be checked at once: what a check found before holds no longer.

    :param session: writes in its transaction
    :param conn_id: id of the account
    """
    mine = update(AccountSeen).where(AccountSeen.conn_id == conn_id)
    session.execute(mine.values(checked_at=None, report="[]"))


def store_report(
    session: Session, conn_id: str, binding: str, now: datetime, report: Sequence[dict[str, Any]]
) -> None:
    """Keep what a check found.

    :param session: writes in its transaction
    :param conn_id: id of the account
    :param binding: of the account as it was checked
    :param now: the time, in UTC
    :param report: what was found, step by step; no secret
    """
    _write(session, conn_id, binding, {"checked_at": now, "report": json.dumps(list(report))})


def _write(session: Session, conn_id: str, binding: str, values: dict[str, Any]) -> None:
    row = session.get(AccountSeen, conn_id)
    known = row is not None and row.binding == binding
    # what was seen of another service, or of another client there, is no evidence
    fresh = {} if known else {"worked_at": None, "checked_at": None, "report": "[]"}
    values = {**fresh, "binding": binding, **values}
    again = update(AccountSeen).where(AccountSeen.conn_id == conn_id).values(**values)
    if changed_rows(session, again) == 1:
        return
    try:
        with session.begin_nested():
            session.execute(insert(AccountSeen).values(conn_id=conn_id, **values))
    except IntegrityError:  # another process saw it first
        changed_rows(session, again)
