"""How an account's service fares: the circuit breaker, shared by all processes, that spares a service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from airflow_thirdparty.server.store.base import changed_rows
from airflow_thirdparty.server.store.models import AccountHealth


def of(session: Session, conn_id: str) -> AccountHealth | None:
    """What is known of this account.

    :param session: a session
    :param conn_id: id of the account
    :return: ``None`` when nothing is wrong with its service
    """
    return session.get(AccountHealth, conn_id)


def all_of(session: Session) -> dict[str, AccountHealth]:
    """What is known of every account, in one query.

    :param session: a session
    :return: those with whose service something is wrong, by id
    """
    return {row.conn_id: row for row in session.scalars(select(AccountHealth))}


@dataclass(frozen=True)
class OpenCircuit:
    """Why the service may not be called now.

    :param until: when to ask again
    :param text: what went wrong
    :param flagged_text: the same, when an admin has to mend the account
    """

    until: datetime
    text: str | None
    flagged_text: str | None


def find_open_circuit(
    session: Session, conn_id: str, now: datetime, reserve_until: datetime
) -> OpenCircuit | None:
    """Ask whether the service may be called now; when it is in trouble, one caller at a time gets a try.

    :param session: writes in its transaction
    :param conn_id: id of the account
    :param now: the time, in UTC
    :param reserve_until: until when the others wait if this caller gets the try
    :return: ``None`` when it may be called
    """
    row = session.get(AccountHealth, conn_id)
    if row is None or row.next_call_at is None:
        return None
    until = row.next_call_at
    if until <= now:
        statement = (
            update(AccountHealth)
            .where(AccountHealth.conn_id == conn_id, AccountHealth.next_call_at == until)
            .values(next_call_at=reserve_until)
        )
        if changed_rows(session, statement) == 1:
            return None
        until = reserve_until
    return OpenCircuit(until, row.failed_text, row.flagged_text if row.flagged_at else None)


@dataclass(frozen=True)
class Failure:
    """How the service failed.

    :param sign_in: id of the sign-in it was asked for
    :param flag: whether an admin has to mend the account
    """

    sign_in: int
    at: datetime
    code: str
    text: str
    flag: bool


def note_failure(session: Session, conn_id: str, failure: Failure, next_call_at: datetime) -> bool:
    """Write down that the service failed, and open the circuit.

    When only one sign-in has failed so far, one other may try at once: the trouble may be that sign-in's own.

    :param session: writes in its transaction
    :param conn_id: id of the account
    :param failure: how it failed
    :param next_call_at: when the service may be called again
    :return: whether an admin has to be told what was not known before
    """
    before = session.get(AccountHealth, conn_id)
    several = failure.flag or (before is not None and before.failed_sign_in != failure.sign_in)
    values: dict[str, Any] = {
        "failed_at": failure.at,
        "failed_code": failure.code[:60],
        "failed_text": failure.text[:500],
        "failed_sign_in": None if several else failure.sign_in,
        "next_call_at": next_call_at if several else failure.at,
    }
    if failure.flag:
        values |= {
            "flagged_at": failure.at,
            "flagged_code": failure.code[:60],
            "flagged_text": failure.text[:500],
        }
    again = update(AccountHealth).where(AccountHealth.conn_id == conn_id)
    again = again.values(**values, failures=AccountHealth.failures + 1)
    for _ in range(3):
        if changed_rows(session, again) == 1 or _inserted(session, conn_id, values):
            break
    return failure.flag and (before is None or before.flagged_code != failure.code[:60])


def note_success(session: Session, conn_id: str) -> None:
    """Write down that the service answered as it should, which closes the circuit.

    :param session: writes in its transaction
    :param conn_id: id of the account
    """
    changed_rows(session, delete(AccountHealth).where(AccountHealth.conn_id == conn_id))


def _inserted(session: Session, conn_id: str, values: dict[str, Any]) -> bool:
    try:
        with session.begin_nested():
            session.execute(insert(AccountHealth).values(conn_id=conn_id, failures=1, **values))
    except IntegrityError:
        return False  # another process noted the first failure at the same moment
    return True
