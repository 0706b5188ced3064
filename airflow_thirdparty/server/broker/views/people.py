"""Who is signed in to an account, for its admins, and all that is kept about one person, for that person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store.delegations import Delegation
from airflow_thirdparty.server.store.models import SignIn
from airflow_thirdparty.server.store.usage import Usage

MOST_USES = 10_000
"""Uses that a person takes with them: what a busy year comes to, and small enough for one answer."""


@dataclass(frozen=True)
class SignedIn:
    """One person's sign-in as an admin sees it; nothing of its tokens.

    :param last_used_at: when a task was last handed its access token
    """

    row: SignIn
    last_used_at: datetime | None


def of_account(
    session: Session, conn_id: str, search: str, limit: int, offset: int
) -> tuple[list[SignedIn], int]:
    """Who is signed in to an account, by name, in three queries.

    :param session: a session
    :param conn_id: id of the account
    :param search: part of their name here or there; empty for all
    :param limit: most rows of a page
    :param offset: how many rows come before the page
    :return: the page, and how many there are in all
    """
    chosen = [SignIn.conn_id == conn_id]
    if search:
        chosen.append(
            or_(
                SignIn.user_name.icontains(search, autoescape=True),
                SignIn.subject_name.icontains(search, autoescape=True),
            )
        )
    total = session.scalar(select(func.count()).select_from(SignIn).where(*chosen)) or 0
    statement = select(SignIn).where(*chosen).order_by(SignIn.user_name, SignIn.id)
    rows = list(session.scalars(statement.limit(limit).offset(offset)))
    used = {
        (row.auth_manager, row.user_id, row.user_created): row.at
        for row in session.execute(
            select(*Usage.person_key(), func.max(Usage.last_at).label("at"))
            .where(Usage.conn_id == conn_id, Usage.user_id.in_([row.user_id for row in rows]))
            .group_by(*Usage.person_key())
        )
    }
    return [SignedIn(row, used.get(row.person.key)) for row in rows], total


def find(session: Session, conn_id: str, row_id: int) -> Person | None:
    """Whose sign-in that is.

    :param session: a session
    :param conn_id: id of the account
    :param row_id: of the sign-in
    :return: ``None`` when there is no such sign-in to that account
    """
    row = session.get(SignIn, row_id)
    return row.person if row is not None and row.conn_id == conn_id else None


def everybody(session: Session, conn_id: str, most: int) -> list[Person]:
    """Some of the people who are signed in to an account.

    :param session: a session
    :param conn_id: id of the account
    :param most: how many at most
    :return: them
    """
    statement = select(SignIn).where(SignIn.conn_id == conn_id).order_by(SignIn.id).limit(most)
    return [row.person for row in session.scalars(statement)]


def kept_about(session: Session, person: Person) -> dict[str, Any]:
    """All that is kept about a person, in plain values; of credentials only that they are there.

    :param session: a session
    :param person: whose
    :return: sign-ins, delegations and uses
    """
    sign_ins = session.scalars(select(SignIn).where(SignIn.belongs_to(person.key)).order_by(SignIn.conn_id))
    delegations = session.scalars(select(Delegation).where(Delegation.belongs_to(person.key)))
    uses = session.scalars(
        select(Usage).where(Usage.belongs_to(person.key)).order_by(Usage.last_at.desc()).limit(MOST_USES)
    )
    return {
        "sign_ins": [_columns(row, _OF_SIGN_IN) for row in sign_ins if row.person == person],
        "delegations": [_columns(row, _OF_DELEGATION) for row in delegations if row.person == person],
        "uses": [_columns(row, _OF_USE) for row in uses if row.person == person],
    }


_OF_SIGN_IN = (
    *("conn_id", "issuer", "subject", "subject_name", "scopes", "signed_in_at", "refreshed_at"),
    *("access_expires_at", "lapsed_at", "lapsed_text", "failed_at", "failed_text"),
)
_OF_DELEGATION = ("dag_id", "conn_id", "on_schedule", "on_asset_events", "expires_at", "made_at")
_OF_USE = (
    *("conn_id", "dag_id", "run_id", "task_id", "map_index", "try_number"),
    *("first_at", "last_at", "times"),
)


def _columns(row: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
