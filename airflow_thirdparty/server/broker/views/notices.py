"""What people should be told before it hurts: accounts that fail, sign-ins that end, runs to be refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from airflow.models.dag import DagModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.broker.tokens import keep_alive
from airflow_thirdparty.server.broker.views import admin
from airflow_thirdparty.server.broker.views.status import Status, standing
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import account_health, sign_ins
from airflow_thirdparty.server.store.delegations import Delegation
from airflow_thirdparty.server.store.models import AccountHealth, SignIn

ASKS_ANEW = {Status.SIGN_IN_NEEDED, Status.LAPSED, Status.ACCOUNT_CHANGED, Status.SCOPES_MISSING}
"""How a sign-in stands when only its person can mend it."""


@dataclass(frozen=True)
class Notice:
    """One thing to tell.

    :param kind: ``account_flagged``, ``sign_in_again``, ``sign_in_ends`` or ``delegation_ends``
    :param user: name of the person it is about; ``None`` for an account
    :param dag_id: the DAG that is delegated to; ``None`` for an account
    :param at: since when it is so, when it ends, or when the next run is due
    :param text: the same in words
    :param about: what tells this thing from a later one of its kind
    """

    kind: str
    conn_id: str
    user: str | None
    dag_id: str | None
    at: datetime | None
    text: str
    about: tuple[str, ...]

    @property
    def key(self) -> str:
        """A digest of what it is about."""
        parts = (self.kind, self.conn_id, self.dag_id or "", *self.about)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def find(session: Session, now: datetime, within: timedelta) -> list[Notice]:
    """All there is to tell, whether or not it was told before.

    :param session: a session
    :param now: the time, in UTC
    :param within: how long before its end a thing is told
    :return: it, accounts first
    """
    return [*_of_accounts(session), *_of_delegations(session, now, within)]


def _of_accounts(session: Session) -> Iterator[Notice]:
    for seen in admin.of_accounts(session):
        if seen.problem is not None:
            conn_id, since = seen.entry.registration.conn_id, seen.problem_at
            about = (since.isoformat() if since else str(seen.problem),)
            yield Notice("account_flagged", conn_id, None, None, since, str(seen.problem), about)


def _of_delegations(session: Session, now: datetime, within: timedelta) -> Iterator[Notice]:
    accounts, health = registrations.usable(session), account_health.all_of(session)

    @cache
    def of(person: Person) -> Mapping[str, SignIn]:
        return sign_ins.of_person(session, person)

    statement = (
        select(Delegation, DagModel.next_dagrun_create_after)
        .join(DagModel, DagModel.dag_id == Delegation.dag_id)
        .where(Delegation.not_ended(now), DagModel.is_paused.is_(False), DagModel.is_stale.is_(False))
        .order_by(Delegation.id)
    )
    for row, next_run in session.execute(statement):
        account = accounts.get(row.conn_id)
        if account is not None:
            sign_in = of(row.person).get(row.conn_id)
            next_run_at = next_run if row.on_schedule else None
            yield from _of_one(row, account, sign_in, health.get(row.conn_id), next_run_at, now, within)


def _of_one(
    row: Delegation,
    account: Account,
    sign_in: SignIn | None,
    health: AccountHealth | None,
    next_run: datetime | None,
    now: datetime,
    within: timedelta,
) -> Iterator[Notice]:
    person, lent = row.person, f"'{account.conn_id}', which DAG '{row.dag_id}' acts with"
    whose = (*person.key, row.made_at.isoformat())

    def notice(kind: str, at: datetime | None, text: str, *about: str) -> Notice:
        return Notice(kind, row.conn_id, person.name, row.dag_id, at, text, (*whose, *about))

    stands = standing(account, sign_in, health, now, row.made_at)
    if stands.status in ASKS_ANEW:
        before = f" before its next run, {next_run:%Y-%m-%d %H:%M} UTC" if next_run else ""
        version = str(sign_in.version) if sign_in else ""
        text = f"'{person.name}' has to sign in again to {lent}{before}."
        yield notice("sign_in_again", next_run, text, stands.status.value, version)
        return
    if row.expires_at is not None and row.expires_at <= now + within:
        lends = f"'{person.name}' let DAG '{row.dag_id}' act with '{account.conn_id}'"
        text = f"{lends} until {row.expires_at:%Y-%m-%d}."
        yield notice("delegation_ends", row.expires_at, text, row.expires_at.isoformat())
    end = keep_alive.ends_at(account, sign_in) if sign_in else None
    kept = keep_alive.can_be_kept(account, row.made_at, now, settings.keep_alive_days())
    if end is not None and not kept and end <= now + within:
        text = f"The sign-in of '{person.name}' to {lent}, ends on {end:%Y-%m-%d}: they sign in again."
        yield notice("sign_in_ends", end, text, end.isoformat())
