"""How delegations stand today: in force, or why not."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.acting import dag_records, rights
from airflow_thirdparty.server.broker.acting.dag_records import DagRecord
from airflow_thirdparty.server.people.directory import directory, user_state_of
from airflow_thirdparty.server.people.user_state import UserState
from airflow_thirdparty.server.store import sign_ins
from airflow_thirdparty.server.store.delegations import CodeFingerprint, Delegation
from airflow_thirdparty.server.store.models import SignIn

Accounts = Mapping[str, Account]
"""The accounts that can be used, by id, as they are registered now."""


class State(str, enum.Enum):
    """Whether a delegation is in force."""

    ACTIVE = "active"
    EXPIRED = "expired"
    CODE_CHANGED = "code_changed"
    DELEGATE_GONE = "delegate_gone"
    SIGN_IN_NEEDED = "sign_in_needed"
    BUNDLE_UNKNOWN = "bundle_unknown"
    DAG_MOVED = "dag_moved"
    DAG_UNSEEN = "dag_unseen"
    NOT_ENTITLED = "not_entitled"
    RIGHTS_UNKNOWN = "rights_unknown"


HOLDING = frozenset(
    {State.ACTIVE, State.CODE_CHANGED, State.DAG_MOVED, State.DAG_UNSEEN, State.RIGHTS_UNKNOWN}
)
"""States in which nobody else can delegate for the same DAG and account."""


@dataclass(frozen=True)
class Consent:
    """A delegation as it stands today."""

    row: Delegation
    state: State

    @property
    def rights_until(self) -> datetime | None:
        """Until when the delegate's last own request counts; ``None`` where that does not matter."""
        return None if directory().can_ask_for_absent else self.row.asked_at + rights.lasting()

    @property
    def holds_the_place(self) -> bool:
        """Whether nobody else can delegate for this DAG and account."""
        return self.state in HOLDING


def of_dag(session: Session, dag_id: str, accounts: Accounts, now: datetime) -> list[Consent]:
    """All delegations to a DAG; for whoever may read it.

    :param session: a session
    :param dag_id: id of the DAG, compared to the letter
    :param accounts: the accounts that can be used
    :param now: the time, in UTC
    :return: them, by account
    """
    found = _consents(session, accounts, now, Delegation.dag_id == dag_id)
    return [consent for consent in found if consent.row.dag_id == dag_id]


def everywhere(session: Session, accounts: Accounts, now: datetime) -> list[Consent]:
    """All delegations to any DAG; for admins.

    :param session: a session
    :param accounts: the accounts that can be used
    :param now: the time, in UTC
    :return: them, by DAG and account
    """
    return _consents(session, accounts, now)


def _consents(
    session: Session, accounts: Accounts, now: datetime, *chosen: ColumnElement[bool]
) -> list[Consent]:
    columns = directory().columns(Delegation.auth_manager.expression, Delegation.user_id.expression)
    theirs = and_(SignIn.belongs_to(Delegation.person_key()), SignIn.conn_id == Delegation.conn_id)
    statement = (
        select(Delegation, SignIn, dag_records.other_version(), *columns)
        .outerjoin(SignIn, theirs)
        .where(*chosen)
        .order_by(Delegation.dag_id, Delegation.conn_id)
    )
    rows = session.execute(statement).all()
    present = dag_records.records(session, {row[0].dag_id for row in rows})
    found = []
    for row, sign_in, other_version, *values in rows:
        seen = _Seen(
            user_state=user_state_of(row.person, values),
            signed_in=_signed_in(row, sign_in, accounts, now),
            other_version=other_version,
            dag=present.get(row.dag_id),
        )
        found.append(Consent(row, _state(row, seen, now)))
    return found


@dataclass(frozen=True)
class _Seen:
    """What decides how a delegation stands, apart from its row."""

    user_state: UserState
    signed_in: bool
    other_version: bool
    dag: DagRecord | None


def _signed_in(row: Delegation, sign_in: SignIn | None, accounts: Accounts, now: datetime) -> bool:
    account = accounts.get(row.conn_id)
    if account is None:
        return True  # an account that an admin has to mend says nothing about the person
    return (
        sign_in is not None
        and sign_in.person == row.person
        and sign_ins.is_usable(sign_in, account.binding(), now)
    )


def _state(row: Delegation, seen: _Seen, now: datetime) -> State:
    contested = row.contested_at is not None or seen.other_version
    found = {
        State.DELEGATE_GONE: seen.user_state is not UserState.PRESENT,
        State.EXPIRED: row.expires_at is not None and row.expires_at <= now,
        State.NOT_ENTITLED: not row.entitled,
        State.BUNDLE_UNKNOWN: not row.bundle_name,
        State.SIGN_IN_NEEDED: not seen.signed_in,
        State.RIGHTS_UNKNOWN: now - row.asked_at > rights.lasting(),
        State.DAG_MOVED: contested or not _is_the_dag(row, seen.dag),
        State.DAG_UNSEEN: seen.dag is None or not seen.dag.seen,
        State.CODE_CHANGED: not _has_the_code(row, seen.dag),
    }
    return next((state for state, holds in found.items() if holds), State.ACTIVE)


def _is_the_dag(row: Delegation, dag: DagRecord | None) -> bool:
    return dag is not None and (dag.bundle, dag.file) == (row.bundle_name, row.relative_fileloc)


def _has_the_code(row: Delegation, dag: DagRecord | None) -> bool:
    pinned = CodeFingerprint(row.pinned_code, row.pinned_version, row.pinned_imports)
    return not row.pinned or (dag is not None and pinned.is_whole and dag.fingerprint == pinned)
