"""Sign-ins that should go: of people who left, that nobody uses, to accounts that are gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from airflow.models.connection import Connection
from sqlalchemy import and_, delete, func, select
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


@dataclass(frozen=True)
class Candidate:
    """A sign-in that should go.

    :param reason: why, in words
    """

    person: Person
    conn_id: str
    reason: str


def departed(session: Session) -> list[Candidate]:
    """Sign-ins of people who are gone or shut out, as far as the auth manager can be asked.

    :param session: a session
    :return: them, by name and account
    """
    columns = directory().columns(SignIn.auth_manager.expression, SignIn.user_id.expression)
    statement = select(SignIn, *columns).order_by(SignIn.user_name, SignIn.conn_id)
    found = [(row, user_state_of(row.person, values)) for row, *values in session.execute(statement)]
    return [
        Candidate(row.person, row.conn_id, WORDS[user_state])
        for row, user_state in found
        if user_state is not UserState.PRESENT
    ]


def idle(session: Session, before: datetime) -> list[Candidate]:
    """Sign-ins that were neither made, refreshed nor used since.

    :param session: a session
    :param before: a sign-in that was last used before then is idle
    :return: them, by name and account
    """
    used = (
        select(*Usage.person_key(), Usage.conn_id, func.max(Usage.last_at).label("at"))
        .group_by(*Usage.person_key(), Usage.conn_id)
        .subquery()
    )
    key = (used.c[str(column.key)] for column in Usage.person_key())
    same = and_(SignIn.belongs_to(key), used.c.conn_id == SignIn.conn_id)
    rows = session.execute(
        select(SignIn, used.c.at)
        .outerjoin(used, same)
        .where(SignIn.signed_in_at < before)
        .order_by(SignIn.user_name, SignIn.conn_id)
    )
    found = []
    for row, used_at in rows:
        last = max(at for at in (row.signed_in_at, row.refreshed_at, used_at) if at is not None)
        if last < before:
            found.append(Candidate(row.person, row.conn_id, f"not used since {last:%Y-%m-%d}"))
    return found


def orphaned(session: Session) -> list[Candidate]:
    """Sign-ins to accounts that do not exist any more.

    :param session: a session
    :return: them, by name and account
    """
    known = set(session.scalars(select(Connection.conn_id).where(Connection.conn_type == CONN_TYPE)))
    known |= set(settings.accounts_in_secrets_backend())
    rows = session.scalars(select(SignIn).order_by(SignIn.user_name, SignIn.conn_id))
    return [
        Candidate(row.person, row.conn_id, "the account does not exist any more")
        for row in rows
        if row.conn_id not in known
    ]


def of_user(session: Session, name: str, conn_id: str | None = None) -> list[Candidate]:
    """Sign-ins of everybody who has, or had, this name.

    :param session: a session
    :param name: the name, to the letter
    :param conn_id: only the sign-in to this account; ``None`` for all
    :return: them, by id and account
    """
    rows = session.scalars(
        select(SignIn).where(SignIn.user_name == name).order_by(SignIn.user_id, SignIn.conn_id)
    )
    return [
        Candidate(row.person, row.conn_id, "asked for")
        for row in rows
        if row.user_name == name and conn_id in (None, row.conn_id)
    ]


async def sign_out(
    transport: Transport, candidates: Sequence[Candidate], now: datetime, by: Person
) -> list[tuple[Candidate, signing_out.SignedOut]]:
    """Remove sign-ins and revoke their tokens, one after the other.

    :param transport: the way to services
    :param candidates: what should go
    :param now: the time, in UTC
    :param by: who asked for it
    :return: what became of each
    """
    return [
        (each, await signing_out.sign_out(transport, each.person, each.conn_id, now, by=by))
        for each in candidates
    ]


async def withdraw_delegations(candidates: Sequence[Candidate], by: Person) -> int:
    """Forget what people who left have delegated.

    :param candidates: sign-ins of the people who left
    :param by: who asked for it
    :return: how many there were
    """
    people = {each.person for each in candidates}
    return await in_database(_withdraw, people=people, by=by) if people else 0


def _withdraw(session: Session, people: set[Person], by: Person) -> int:
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
