"""How delegations stand today: in force, or why not."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from airflow.models.dag import DagModel
from airflow.models.dag_version import DagVersion
from airflow.models.dagcode import DagCode
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from airflow_thirdparty.server.accounts.account import Account
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


HOLDING = frozenset({State.ACTIVE, State.CODE_CHANGED})
"""States in which nobody else can delegate for the same DAG and account."""


@dataclass(frozen=True)
class Consent:
    """A delegation as it stands today."""

    row: Delegation
    state: State

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
        select(Delegation, SignIn, *columns)
        .outerjoin(SignIn, theirs)
        .where(*chosen)
        .order_by(Delegation.dag_id, Delegation.conn_id)
    )
    rows = session.execute(statement).all()
    present = fingerprints(session, {row[0].dag_id for row in rows if row[0].pinned})
    return [
        Consent(
            row,
            _state(
                row,
                user_state_of(row.person, values),
                _signed_in(row, sign_in, accounts, now),
                present.get(row.dag_id),
                now,
            ),
        )
        for row, sign_in, *values in rows
    ]


def _signed_in(row: Delegation, sign_in: SignIn | None, accounts: Accounts, now: datetime) -> bool:
    account = accounts.get(row.conn_id)
    if account is None:
        return True  # an account that an admin has to mend says nothing about the person
    return (
        sign_in is not None
        and sign_in.person == row.person
        and sign_ins.is_usable(sign_in, account.binding().text(), now)
    )


def _state(
    row: Delegation, user_state: UserState, signed_in: bool, present: CodeFingerprint | None, now: datetime
) -> State:
    if user_state is not UserState.PRESENT:
        return State.DELEGATE_GONE
    if row.expires_at is not None and row.expires_at <= now:
        return State.EXPIRED
    if not signed_in:
        return State.SIGN_IN_NEEDED
    if row.pinned and CodeFingerprint(row.pinned_code, row.pinned_bundle) != present:
        return State.CODE_CHANGED
    return State.ACTIVE


def fingerprints(session: Session, dag_ids: Collection[str]) -> dict[str, CodeFingerprint]:
    """The code that the next run of each of these DAGs will have.

    :param session: a session
    :param dag_ids: ids of the DAGs
    :return: it, by id of the DAG
    """
    if not dag_ids:
        return {}
    latest = (
        select(DagVersion.dag_id, func.max(DagVersion.version_number).label("number"))
        .where(DagVersion.dag_id.in_(dag_ids))
        .group_by(DagVersion.dag_id)
        .subquery()
    )
    rows = session.execute(
        select(DagModel.dag_id, DagCode.source_code, DagModel.bundle_version)
        .outerjoin(latest, latest.c.dag_id == DagModel.dag_id)
        .outerjoin(
            DagVersion,
            and_(
                DagVersion.dag_id == latest.c.dag_id,
                DagVersion.version_number == latest.c.number,
            ),
        )
        .outerjoin(DagCode, DagCode.dag_version_id == DagVersion.id)
        .where(DagModel.dag_id.in_(dag_ids))
    )
    return {dag_id: CodeFingerprint.of(source, bundle) for dag_id, source, bundle in rows}
