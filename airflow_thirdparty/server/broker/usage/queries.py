"""Reading the usage: people see where their own sign-ins were used, an admin sees how often."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store.usage import Usage


@dataclass(frozen=True)
class Count:
    """How much somebody's sign-in to one account was used."""

    conn_id: str
    user_name: str
    task_instances: int
    times: int
    last_at: datetime


def of_person(
    session: Session, person: Person, *, conn_id: str | None = None, limit: int = 50, offset: int = 0
) -> tuple[list[Usage], int]:
    """Where a person's sign-ins were used, the latest first.

    :param session: a session
    :param person: whose it is
    :param conn_id: only uses of this account; ``None`` for all
    :param limit: most rows of a page
    :param offset: how many rows come before the page
    :return: the page asked for, and how many there are in all
    """
    chosen = Usage.belongs_to(person.key)
    if conn_id is not None:
        chosen = and_(chosen, Usage.conn_id == conn_id)
    total = session.scalar(select(func.count()).select_from(Usage).where(chosen)) or 0
    statement = select(Usage).where(chosen).order_by(Usage.last_at.desc(), Usage.id.desc())
    return list(session.scalars(statement.limit(limit).offset(offset))), total


def counts(
    session: Session, *, limit: int = 50, offset: int = 0, conn_ids: Collection[str] | None = None
) -> list[Count]:
    """How much each sign-in was used; for admins.

    In the order of an index, so that a page reads the uses it counts and those before it, and sorts nothing.

    :param session: a session
    :param limit: most rows of a page
    :param offset: how many rows come before the page
    :param conn_ids: only uses of these accounts; ``None`` for all
    :return: the page asked for, by account and person
    """
    key = (Usage.conn_id, *Usage.person_key())
    statement = (
        select(
            Usage.conn_id,
            func.max(Usage.user_name).label("user_name"),
            func.count().label("task_instances"),
            func.sum(Usage.times).label("times"),
            func.max(Usage.last_at).label("last_at"),
        )
        .group_by(*key)
        .order_by(*key)
        .limit(limit)
        .offset(offset)
    )
    if conn_ids is not None:
        statement = statement.where(Usage.conn_id.in_(conn_ids))
    return [
        Count(row.conn_id, row.user_name, row.task_instances, int(row.times), row.last_at)
        for row in session.execute(statement)
    ]
