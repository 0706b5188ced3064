"""Sign-ins that should go: of people who left, that nobody uses, to accounts that are gone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow.models.connection import Connection
from sqlalchemy import Select, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.server.broker.database import in_database
from airflow_thirdparty.server.broker.sign_in import signing_out
from airflow_thirdparty.server.broker.telemetry import audit
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.people.directory import directory, user_state_of
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.people.user_state import UserState
from airflow_thirdparty.server.store.delegations import Delegation
from airflow_thirdparty.server.store.models import SignIn
from airflow_thirdparty.server.store.usage import Usage
from airflow_thirdparty.wire import CONN_TYPE

WORDS = {
    UserState.GONE: "the user is gone",
    UserState.DEACTIVATED: "the user has been deactivated",
    UserState.RECREATED: "the user has been deleted and created anew",
    UserState.SHARED: "the identity is shared",
}


PAGE = 5000
"""How many ids one query looks at, so that it takes the same memory and time whatever there is."""

InTransaction = Callable[..., Any]
"""Runs work in a session of its own: called with the work and what it takes beside the session."""


@dataclass(frozen=True)
class Candidate:
    """A sign-in that should go.

    :param row_id: its id
    :param reason: why, in words
    """

    row_id: int
    person: Person
    conn_id: str
    reason: str


Page = tuple[list[Candidate], int | None]
"""Those found among some sign-ins, and the id after which to look next; ``None`` when all were looked at."""

Find = Callable[[Session, int], Page]
"""Looks at the sign-ins whose ids come after one."""


def walk(in_transaction: InTransaction, find: Find) -> Iterator[Candidate]:
    """Go through all sign-ins page by page, each in a transaction of its own.

    :param in_transaction: runs work in a session of its own
    :param find: one of the searches below
    :yields: what it finds, in the order of ids
    """
    after: int | None = 0
    while after is not None:
        found, after = in_transaction(find, after)
        yield from found


def departed(session: Session, after: int) -> Page:
    """Sign-ins of people who are gone or shut out, as far as the auth manager can be asked.

    :param session: a session
    :param after: look at those whose ids come after
    :return: them
    """
    columns = directory().columns(SignIn.auth_manager.expression, SignIn.user_id.expression)
    rows = session.execute(_page(after, *columns)).all()
    found = []
    for row in rows:
        user_state = user_state_of(_person(row), row[len(_COLUMNS) :])
        if user_state is not UserState.PRESENT:
            found.append(_candidate(row, WORDS[user_state]))
    return found, _next(session, after)


def idle(session: Session, after: int, *, before: datetime) -> Page:
    """Sign-ins that were neither made, refreshed nor used since.

    :param session: a session
    :param after: look at those whose ids come after
    :param before: a sign-in that was last used before then is idle
    :return: them
    """
    its_uses = (Usage.belongs_to(SignIn.person_key()), Usage.conn_id == SignIn.conn_id)
    used_at = select(func.max(Usage.last_at)).where(*its_uses).scalar_subquery()
    statement = _page(after, SignIn.signed_in_at, SignIn.refreshed_at, used_at.label("used_at")).where(
        SignIn.signed_in_at < before,
        or_(SignIn.refreshed_at.is_(None), SignIn.refreshed_at < before),
        ~exists().where(*its_uses, Usage.last_at >= before),
    )
    rows = session.execute(statement).all()
    found = []
    for row in rows:
        last = max(at for at in (row.signed_in_at, row.refreshed_at, row.used_at) if at is not None)
        found.append(_candidate(row, f"not used since {last:%Y-%m-%d}"))
    return found, _next(session, after)


def orphaned(session: Session, after: int) -> Page:
    """Sign-ins to accounts that do not exist any more.

    :param session: a session
    :param after: look at those whose ids come after
    :return: them
    """
    registered = exists().where(Connection.conn_id == SignIn.conn_id, Connection.conn_type == CONN_TYPE)
    elsewhere = settings.accounts_in_secrets_backend()
    rows = session.execute(_page(after).where(~registered, SignIn.conn_id.not_in(elsewhere))).all()
    return [_candidate(row, "the account does not exist any more") for row in rows], _next(session, after)


def everybody(session: Session, after: int, *, conn_id: str | None = None) -> Page:
    """All sign-ins.

    :param session: a session
    :param after: look at those whose ids come after
    :param conn_id: only those to this account; ``None`` for all
    :return: them
    """
    rows = session.execute(_page(after)).all()
    found = [_candidate(row, "asked for") for row in rows if conn_id in (None, row.conn_id)]
    return found, _next(session, after)


_COLUMNS = (
    SignIn.id,
    SignIn.conn_id,
    SignIn.auth_manager,
    SignIn.user_id,
    SignIn.user_created,
    SignIn.user_name,
)


def _page(after: int, *columns: Any) -> Select[Any]:
    return select(*_COLUMNS, *columns).where(SignIn.id.between(after + 1, after + PAGE)).order_by(SignIn.id)


def _next(session: Session, after: int) -> int | None:
    last = session.scalar(select(func.max(SignIn.id))) or 0
    return after + PAGE if after + PAGE < last else None


def _person(row: Any) -> Person:
    return Person(row.auth_manager, row.user_id, row.user_created, row.user_name)


def _candidate(row: Any, reason: str) -> Candidate:
    return Candidate(row.id, _person(row), row.conn_id, reason)


def of_user(session: Session, name: str, conn_id: str | None = None) -> list[Candidate]:
    """Sign-ins of everybody who has, or had, this name.

    :param session: a session
    :param name: the name, to the letter
    :param conn_id: only the sign-in to this account; ``None`` for all
    :return: them, by id and account
    """
    rows = session.execute(
        select(*_COLUMNS).where(SignIn.user_name == name).order_by(SignIn.user_id, SignIn.conn_id)
    )
    return [
        _candidate(row, "asked for")
        for row in rows
        if row.user_name == name and conn_id in (None, row.conn_id)
    ]


async def sign_out(
    transport: Transport, candidate: Candidate, now: datetime, by: Person
) -> signing_out.SignedOut:
    """Remove a sign-in and revoke its tokens.

    :param transport: the way to services
    :param candidate: what should go
    :param now: the time, in UTC
    :param by: who asked for it
    :return: what became of it
    """
    return await signing_out.sign_out(transport, candidate.person, candidate.conn_id, now, by=by)


async def withdraw_delegations(people: Collection[Person], by: Person) -> int:
    """Forget what people who left have delegated.

    :param people: those who left
    :param by: who asked for it
    :return: how many there were
    """
    return await in_database(_withdraw, people=people, by=by) if people else 0


def _withdraw(session: Session, people: Collection[Person], by: Person) -> int:
    rows = [row for row in session.scalars(select(Delegation)) if row.person in people]
    for row in rows:
        audit.write(
            session,
            "delegation_withdrawn",
            conn_id=row.conn_id,
            person=by,
            dag_id=row.dag_id,
            of=row.user_name,
        )
        session.execute(delete(Delegation).where(Delegation.id == row.id))
    return len(rows)
