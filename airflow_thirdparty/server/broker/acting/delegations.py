"""Delegation: a user lets a DAG's scheduled runs, or those fired by asset events, act with their account."""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow.models.dag import DagModel
from airflow.models.dag_version import DagVersion
from airflow.models.dagcode import DagCode
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.telemetry import audit
from airflow_thirdparty.server.people.directory import directory, user_state_of
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.people.user_state import UserState
from airflow_thirdparty.server.store.delegations import CodeFingerprint, Delegation


class CannotDelegate(ThirdPartyAccountError):
    """The consent makes no sense as it is."""

    code = "cannot_delegate"


class DelegatedByAnother(ThirdPartyAccountError):
    """There is one delegate per DAG and account."""

    code = "delegated_by_another"


class NotTheDelegate(ThirdPartyAccountError):
    """Only the delegate, or an admin, withdraws a delegation."""

    code = "not_the_delegate"


class NoSuchDelegation(ThirdPartyAccountError):
    """There is no delegation to withdraw."""

    code = "no_such_delegation"


class State(str, enum.Enum):
    """Whether a delegation is in force."""

    ACTIVE = "active"
    EXPIRED = "expired"
    CODE_CHANGED = "code_changed"
    DELEGATE_GONE = "delegate_gone"


@dataclass(frozen=True)
class DelegationRequest:
    """What a user consents to.

    :param pinned: only for the code that the DAG has now
    """

    conn_id: str
    on_schedule: bool
    on_asset_events: bool
    expires_at: datetime | None = None
    pinned: bool = False


@dataclass(frozen=True)
class Consent:
    """A delegation as it stands today."""

    row: Delegation
    state: State

    @property
    def holds_the_place(self) -> bool:
        """Whether nobody else can delegate for this DAG and account."""
        return self.state in (State.ACTIVE, State.CODE_CHANGED)


def of_dag(session: Session, dag_id: str, now: datetime) -> list[Consent]:
    """All delegations to a DAG; for whoever may read it.

    :param session: a session
    :param dag_id: id of the DAG
    :param now: the time, in UTC
    :return: them, by account
    """
    return _consents(session, now, Delegation.dag_id == dag_id)


def everywhere(session: Session, now: datetime) -> list[Consent]:
    """All delegations to any DAG; for admins.

    :param session: a session
    :param now: the time, in UTC
    :return: them, by DAG and account
    """
    return _consents(session, now)


def _consents(session: Session, now: datetime, *chosen: ColumnElement[bool]) -> list[Consent]:
    columns = directory().columns(Delegation.auth_manager.expression, Delegation.user_id.expression)
    statement = select(Delegation, *columns).where(*chosen).order_by(Delegation.dag_id, Delegation.conn_id)
    rows = session.execute(statement).all()
    present = _fingerprints(session, {row[0].dag_id for row in rows if row[0].pinned})
    return [
        Consent(row, _state(row, user_state_of(row.person, values), present.get(row.dag_id), now))
        for row, *values in rows
    ]


def _state(row: Delegation, user_state: UserState, present: CodeFingerprint | None, now: datetime) -> State:
    if user_state is not UserState.PRESENT:
        return State.DELEGATE_GONE
    if row.expires_at is not None and row.expires_at <= now:
        return State.EXPIRED
    if row.pinned and CodeFingerprint(row.pinned_code, row.pinned_bundle) != present:
        return State.CODE_CHANGED
    return State.ACTIVE


def _fingerprints(session: Session, dag_ids: Collection[str]) -> dict[str, CodeFingerprint]:
    """The code that the next run of each of these DAGs will have."""
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


def delegate(
    session: Session, person: Person, dag_id: str, account: Account, request: DelegationRequest, now: datetime
) -> Consent:
    """Make or replace the caller's delegation of an account to a DAG.

    :param session: writes in its transaction
    :param person: the caller, whose account it is
    :param dag_id: id of the DAG
    :param account: the account as it is registered now
    :param request: what they consent to
    :param now: the time, in UTC
    :raises CannotDelegate: when the request makes no sense
    :raises DelegatedByAnother: when somebody else's is in force
    :return: the delegation as it stands
    """
    _check(dag_id, account, request, now)
    for consent in of_dag(session, dag_id, now):
        if consent.row.conn_id == request.conn_id:
            if consent.row.person != person and consent.holds_the_place:
                raise _taken(consent.row)
            session.delete(consent.row)
            session.flush()
    fingerprint = (_fingerprints(session, {dag_id}) if request.pinned else {}).get(
        dag_id, CodeFingerprint("", "")
    )
    if request.pinned and not fingerprint.code:
        raise CannotDelegate(
            f"The code of DAG '{dag_id}' is not known yet, so a delegation cannot be pinned to it.",
            "Wait until the DAG has been parsed, or delegate without pinning.",
            field="pinned",
        )
    row = Delegation(
        dag_id=dag_id,
        conn_id=request.conn_id,
        on_schedule=request.on_schedule,
        on_asset_events=request.on_asset_events,
        expires_at=request.expires_at,
        pinned=request.pinned,
        pinned_code=fingerprint.code,
        pinned_bundle=fingerprint.bundle,
        made_at=now,
        **Delegation.person_values(person),
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        raise _taken(row) from None
    audit.write(
        session, "delegated", conn_id=request.conn_id, person=person, dag_id=dag_id, **_audited(request)
    )
    return Consent(row, State.ACTIVE)


def _check(dag_id: str, account: Account, request: DelegationRequest, now: datetime) -> None:
    if not (request.on_schedule or request.on_asset_events):
        raise CannotDelegate(
            "The delegation is for no runs at all.",
            "Choose scheduled runs, runs fired by asset events, or both.",
            field="scheduled",
        )
    if request.expires_at is not None and request.expires_at <= now:
        raise CannotDelegate(
            "The delegation would end before it begins.", "Choose a later end.", field="expires_at"
        )
    if not account.allows(dag_id):
        raise CannotDelegate(
            f"DAG '{dag_id}' may not use account '{account.conn_id}'.",
            "Ask an admin to add the DAG to the account's allowed_dags.",
            field="conn_id",
        )


def _taken(row: Delegation) -> DelegatedByAnother:
    return DelegatedByAnother(
        f"Somebody else has already delegated account '{row.conn_id}' to DAG '{row.dag_id}'.",
        "There is one delegate per DAG and account: they, or an admin, withdraw theirs first.",
    )


def _audited(request: DelegationRequest) -> dict[str, Any]:
    return {
        "scheduled": request.on_schedule,
        "asset_events": request.on_asset_events,
        "expires_at": request.expires_at.isoformat() if request.expires_at else None,
        "pinned": request.pinned,
    }


def withdraw(session: Session, caller: Person, dag_id: str, conn_id: str, *, is_admin: bool) -> None:
    """Withdraw a delegation.

    :param session: writes in its transaction
    :param caller: who asks for it
    :param dag_id: id of the DAG
    :param conn_id: id of the account
    :param is_admin: whether the caller may withdraw other people's
    :raises NoSuchDelegation: when there is none
    :raises NotTheDelegate: when it is somebody else's and the caller is no admin
    """
    row = session.scalar(select(Delegation).where(Delegation.dag_id == dag_id, Delegation.conn_id == conn_id))
    if row is None:
        raise NoSuchDelegation(
            f"Account '{conn_id}' is not delegated to DAG '{dag_id}'.", "Nothing needs to be done."
        )
    if row.person != caller and not is_admin:
        raise NotTheDelegate(
            f"Account '{conn_id}' was delegated to DAG '{dag_id}' by somebody else.",
            "They, or an admin, withdraw it.",
        )
    of = None if row.person == caller else row.user_name
    session.delete(row)
    audit.write(session, "delegation_withdrawn", conn_id=conn_id, person=caller, dag_id=dag_id, of=of)
