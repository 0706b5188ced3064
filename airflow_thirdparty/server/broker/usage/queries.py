"""Reading the ledger: people see where their own sign-ins were used, an admin sees how often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.orm import Session

from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store.uses import Use


@dataclass(frozen=True)
class Count:
    """How much somebody's sign-in to one account was used."""

    conn_id: str
    user_name: str
    task_instances: int
    times: int
    last_at: datetime


def _of(person: Person) -> ColumnElement[bool]:
    return and_(
        Use.auth_manager == person.auth_manager,
        Use.user_id == person.user_id,
        Use.user_created == person.created,
    )


def of_person(
    session: Session, person: Person, *, conn_id: str | None = None, limit: int = 50, offset: int = 0
) -> tuple[list[Use], int]:
    """Where a person's sign-ins were used, the latest first.

    :return: the page asked for, and how many there are in all
    """
    chosen = _of(person) if conn_id is None else and_(_of(person), Use.conn_id == conn_id)
    total = session.scalar(select(func.count()).select_from(Use).where(chosen)) or 0
    statement = select(Use).where(chosen).order_by(Use.last_at.desc(), Use.id.desc())
    return list(session.scalars(statement.limit(limit).offset(offset))), total


def counts(session: Session) -> list[Count]:
    """How much each sign-in was used; for admins."""
    statement = (
        select(
            Use.conn_id,
            func.max(Use.user_name).label("user_name"),
            func.count().label("task_instances"),
            func.sum(Use.times).label("times"),
            func.max(Use.last_at).label("last_at"),
        )
        .group_by(Use.conn_id, Use.auth_manager, Use.user_id, Use.user_created)
        .order_by(Use.conn_id, func.max(Use.user_name))
    )
    return [
        Count(row.conn_id, row.user_name, row.task_instances, int(row.times), row.last_at)
        for row in session.execute(statement)
    ]


def prune(session: Session, before: datetime) -> int:
    """Forget uses that ended before then."""
    result = session.execute(
        delete(Use).where(Use.last_at < before).execution_options(synchronize_session=False)
    )
    return int(getattr(result, "rowcount", 0))
