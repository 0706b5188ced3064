"""How an account's service fares: the circuit breaker, shared by all processes, that spares a service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from airflow_thirdparty.server.store.base import changed_rows
from airflow_thirdparty.server.store.models import AccountHealth, SignIn

OTHERS_FIRST = timedelta(seconds=10)
"""How long the try of a half-open circuit is kept for others than the sign-in that failed last: two tries of
a client that asks every four seconds, and short enough for all to be back within a minute."""


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
    """

    until: datetime
    text: str | None


def find_open_circuit(
    session: Session, conn_id: str, sign_in: int, now: datetime, reserve_until: datetime
) -> OpenCircuit | None:
    """Ask whether the service may be called now; when it is in trouble, one caller at a time gets a try.

    The try goes to another sign-in than the one that failed last, and to one that has not failed itself, if
    such a one asks in time: what fails may be those alone.

    :param session: writes in its transaction
    :param conn_id: id of the account
    :param sign_in: id of the sign-in it would be called for
    :param now: the time, in UTC
    :param reserve_until: until when the others wait if this caller gets the try
    :return: ``None`` when it may be called
    """
    row = session.get(AccountHealth, conn_id)
    if row is None or row.next_call_at is None:
        return None
    until = row.next_call_at
    if now < until + OTHERS_FIRST and _others_come_first(session, row, sign_in):
        return OpenCircuit(until + OTHERS_FIRST, row.failed_text)
    if until <= now:
        statement = (
            update(AccountHealth)
            .where(AccountHealth.conn_id == conn_id, AccountHealth.next_call_at == until)
            .values(next_call_at=reserve_until)
        )
        if changed_rows(session, statement) == 1:
            return None
        until = reserve_until
    return OpenCircuit(until, row.failed_text)


def _others_come_first(session: Session, health: AccountHealth, sign_in: int) -> bool:
    if health.failed_sign_in == sign_in:
        return _has_others(session, health.conn_id, sign_in)
    row = session.get(SignIn, sign_in)
    has_failed = row is not None and bool(row.failures)
    return has_failed and _has_others(session, health.conn_id, sign_in, well=True)


def _has_others(session: Session, conn_id: str, sign_in: int, *, well: bool = False) -> bool:
    others = select(SignIn.id).where(
        SignIn.conn_id == conn_id, SignIn.id != sign_in, SignIn.lapsed_at.is_(None)
    )
    if well:
        others = others.where(SignIn.failures == 0)
    return session.scalar(others.limit(1)) is not None


@dataclass(frozen=True)
class Failure:
    """How a call for a sign-in failed.

    :param sign_in: id of the sign-in the service was asked for
    :param at: when, in UTC
    :param code: the service's error code, or the kind of the failure
    :param text: what happened, in words
    """

    sign_in: int
    at: datetime
    code: str
    text: str


def note_silence(session: Session, conn_id: str, failure: Failure, next_call_at: datetime) -> None:
    """Write down that the service did not answer, or asked to be left alone, and open the circuit.

    When only one sign-in has failed so far, one other may try at once: the trouble may be that sign-in's own.

    :param session: writes in its transaction
    :param conn_id: id of the account
    :param failure: how it failed
    :param next_call_at: when the service may be called again
    """
    before = session.get(AccountHealth, conn_id)
    known = before.failed_sign_in if before is not None else None
    several = known is not None and (known != failure.sign_in or bool(before and before.several_failed))
    _write(
        session,
        conn_id,
        {
            "failed_at": failure.at,
            "failed_text": failure.text[:500],
            "failed_sign_in": failure.sign_in,
            "several_failed": several,
            "next_call_at": next_call_at if several else failure.at,
        },
    )


def note_answer(session: Session, conn_id: str) -> None:
    """Write down that the service answers, whatever it says of one sign-in, which closes the circuit.

    :param session: writes in its transaction
    :param conn_id: id of the account
    """
    row = session.get(AccountHealth, conn_id)
    if row is not None and row.failed_at is not None:
        values = dict.fromkeys(("failed_at", "failed_text", "failed_sign_in", "next_call_at"))
        _write(session, conn_id, {**values, "several_failed": False})


def note_client_refused(session: Session, conn_id: str, failure: Failure) -> tuple[bool, bool]:
    """Write down that the service does not accept the client; which flags the account when it seems true.

    One sign-in's word is not enough, since services say so of single tokens, too: it takes two sign-ins, or
    twice the same where the account has no other.

    :param session: writes in its transaction
    :param conn_id: id of the account
    :param failure: what the service said
    :return: whether the account is flagged, and whether that is news for the admin
    """
    before = session.get(AccountHealth, conn_id)
    refused = before.refused_sign_in if before is not None else None
    known = before.flagged_code if before is not None else None
    flagged = known is not None or (
        refused is not None
        and (refused != failure.sign_in or not _has_others(session, conn_id, failure.sign_in))
    )
    values: dict[str, Any] = {"refused_sign_in": failure.sign_in}
    if flagged:
        values |= {
            "flagged_at": failure.at,
            "flagged_code": failure.code[:60],
            "flagged_text": failure.text[:500],
        }
    _write(session, conn_id, values)
    return flagged, flagged and known != failure.code[:60]


def note_success(session: Session, conn_id: str) -> None:
    """Write down that the service did what it was asked: closes the circuit and takes the flag away.

    :param session: writes in its transaction
    :param conn_id: id of the account
    """
    changed_rows(session, delete(AccountHealth).where(AccountHealth.conn_id == conn_id))


def _write(session: Session, conn_id: str, values: dict[str, Any]) -> None:
    again = update(AccountHealth).where(AccountHealth.conn_id == conn_id).values(**values)
    for _ in range(3):
        if changed_rows(session, again) == 1 or _inserted(session, conn_id, values):
            return


def _inserted(session: Session, conn_id: str, values: dict[str, Any]) -> bool:
    try:
        with session.begin_nested():
            session.execute(insert(AccountHealth).values(conn_id=conn_id, **values))
    except IntegrityError:
        return False  # another process noted the first failure at the same moment
    return True
