"""Sign-ins as an admin sees them: whose, how they stand, never what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.broker.views.status import Status, standing
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import account_health
from airflow_thirdparty.server.store.models import SignIn
from airflow_thirdparty.server.store.usage import Usage

PAGE = 500
"""How many sign-ins are read at once."""


@dataclass(frozen=True)
class Seen:
    """One sign-in.

    :param row_id: its id
    :param status: how it stands; ``None`` where its account is gone or cannot be used
    :param since: since when it has lapsed, failed or stood like that, where that is known
    :param subject_name: who the person is at the service
    """

    row_id: int
    person: Person
    conn_id: str
    status: Status | None
    since: datetime | None
    subject_name: str
    signed_in_at: datetime
    refreshed_at: datetime | None
    used_at: datetime | None


def page(
    session: Session,
    after: int,
    now: datetime,
    *,
    conn_id: str | None = None,
    user_name: str | None = None,
) -> Sequence[Seen]:
    """Some sign-ins, in the order in which they were first made.

    :param session: a session
    :param after: id of the last one of the page before; 0 for the first page
    :param now: the time, in UTC
    :param conn_id: only those to this account; ``None`` for all
    :param user_name: only those of people of this name; ``None`` for all
    :return: at most :data:`PAGE` of them
    """
    used_at = (
        select(func.max(Usage.last_at))
        .where(Usage.belongs_to(SignIn.person_key()), Usage.conn_id == SignIn.conn_id)
        .scalar_subquery()
    )
    statement = (
        select(SignIn, used_at)
        .options(defer(SignIn.sealed_access))
        .where(SignIn.id > after)
        .order_by(SignIn.id)
        .limit(PAGE)
    )
    if conn_id is not None:
        statement = statement.where(SignIn.conn_id == conn_id)
    if user_name is not None:
        statement = statement.where(SignIn.user_name == user_name)
    accounts, health = registrations.usable(session), account_health.all_of(session)
    found = []
    for row, used in session.execute(statement):
        account = accounts.get(row.conn_id)
        stands = standing(account, row, health.get(row.conn_id), now, used) if account else None
        found.append(
            Seen(
                row.id,
                row.person,
                row.conn_id,
                stands.status if stands else None,
                stands.at if stands else None,
                row.subject_name,
                row.signed_in_at,
                row.refreshed_at,
                used,
            )
        )
    return found
