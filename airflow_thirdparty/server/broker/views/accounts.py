"""What a person sees of the accounts: a constant number of queries, and nothing is opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.broker.registry.registrations import AccountEntry
from airflow_thirdparty.server.broker.views.status import AccountStatus, standing
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import account_health, sign_ins
from airflow_thirdparty.server.store.delegations import Delegation
from airflow_thirdparty.server.store.models import AccountHealth, SignIn
from airflow_thirdparty.server.store.usage import Usage


@dataclass(frozen=True)
class View:
    """One account as one person sees it.

    :param standing: absent when the account cannot be used at all
    """

    entry: AccountEntry
    sign_in: SignIn | None
    health: AccountHealth | None
    standing: AccountStatus | None
    last_used_at: datetime | None


def of_person(session: Session, person: Person, now: datetime) -> list[View]:
    """All accounts as this person sees them.

    :param session: a session
    :param person: who looks
    :param now: the time, in UTC
    :return: them, by id
    """
    rows = sign_ins.of_person(session, person)
    health = account_health.all_of(session)
    used, delegated = _last_uses(session, person), _last_delegations(session, person, now)
    return [
        _view(entry, rows.get(conn_id), health.get(conn_id), used.get(conn_id), delegated.get(conn_id), now)
        for entry in registrations.list_all(session)
        for conn_id in (entry.registration.conn_id,)
    ]


def _view(
    entry: AccountEntry,
    row: SignIn | None,
    health: AccountHealth | None,
    used: datetime | None,
    delegated: datetime | None,
    now: datetime,
) -> View:
    last = max((at for at in (used, delegated) if at is not None), default=None)
    stands = standing(entry.account, row, health, now, last) if entry.account else None
    return View(entry, row, health, stands, used)


def _last_uses(session: Session, person: Person) -> dict[str, datetime]:
    statement = (
        select(Usage.conn_id, func.max(Usage.last_at).label("last_at"))
        .where(Usage.belongs_to(person.key))
        .group_by(Usage.conn_id)
    )
    return {row.conn_id: row.last_at for row in session.execute(statement)}


def _last_delegations(session: Session, person: Person, now: datetime) -> dict[str, datetime]:
    statement = (
        select(Delegation.conn_id, func.max(Delegation.made_at).label("made_at"))
        .where(
            Delegation.belongs_to(person.key),
            Delegation.not_ended(now),
        )
        .group_by(Delegation.conn_id)
    )
    return {row.conn_id: row.made_at for row in session.execute(statement)}
