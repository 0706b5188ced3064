"""Delegation: a user lets a DAG's scheduled runs, or those fired by asset events, act with their account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow.models.dag import DagModel
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountNotAllowed, ThirdPartyAccountError
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker import bundles
from airflow_thirdparty.server.broker.acting import dag_records, sightings
from airflow_thirdparty.server.broker.acting.consents import Accounts, Consent, State, of_dag
from airflow_thirdparty.server.broker.acting.dag_records import DagRecord
from airflow_thirdparty.server.broker.acting.resolver import AFTER_MOVE, check_allowed
from airflow_thirdparty.server.broker.telemetry import audit
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import sign_ins
from airflow_thirdparty.server.store.delegations import NOT_PINNED, CodeFingerprint, Delegation


class NoSuchDag(ThirdPartyAccountError):
    """There is no DAG of this id."""

    code = "no_such_dag"


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


def delegate(
    session: Session,
    person: Person,
    dag_id: str,
    request: DelegationRequest,
    accounts: Accounts,
    now: datetime,
) -> Consent:
    """Make or replace the caller's delegation of an account to a DAG.

    :param session: writes in its transaction
    :param person: the caller, whose account it is; they may trigger the DAG
    :param dag_id: id of the DAG
    :param request: what they consent to; for one of ``accounts``
    :param accounts: the accounts that can be used
    :param now: the time, in UTC
    :raises NoSuchDag: when there is no DAG of this id, to the letter
    :raises CannotDelegate: when the request makes no sense
    :raises DelegatedByAnother: when somebody else's is in force
    :return: the delegation as it stands
    """
    check_dag(session, dag_id)
    dag = _dag(session, dag_id, now)
    _check(request, now)
    _check_account(session, person, dag_id, dag, accounts[request.conn_id], now)
    _make_room(session, person, dag_id, request, accounts, now)
    fingerprint = _fingerprint(dag_id, dag) if request.pinned else NOT_PINNED
    row = Delegation(
        dag_id=dag_id,
        bundle_name=dag.bundle,
        relative_fileloc=dag.file,
        conn_id=request.conn_id,
        on_schedule=request.on_schedule,
        on_asset_events=request.on_asset_events,
        expires_at=request.expires_at,
        pinned=request.pinned,
        pinned_code=fingerprint.code,
        pinned_version=fingerprint.version,
        pinned_imports=fingerprint.imports,
        made_at=now,
        entitled=True,
        asked_at=now,
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


def check_dag(session: Session, dag_id: str) -> None:
    """Refuse an id that no DAG has.

    :param session: a session
    :param dag_id: the id, compared to the letter
    :raises NoSuchDag: when there is no DAG of this id, or none any more
    """
    # compared in Python, since databases fold case in places
    known = session.scalars(
        select(DagModel.dag_id).where(DagModel.dag_id == dag_id, DagModel.is_stale.is_(False))
    )
    if dag_id not in set(known):
        raise no_such_dag(dag_id)


def no_such_dag(dag_id: str) -> NoSuchDag:
    """The refusal for an id that no DAG has, to the letter.

    :param dag_id: the id that was asked for
    :return: the refusal, to be raised
    """
    return NoSuchDag(f"There is no DAG {dag_id[:250]!r}.", "Check the id, upper and lower case included.")


def _dag(session: Session, dag_id: str, now: datetime) -> DagRecord:
    """The DAG that is delegated to; it is looked at here if its latest parse was not seen."""
    dag = dag_records.records(session, {dag_id})[dag_id]
    if not dag.bundle or dag.bundle != dag.version_bundle:
        raise CannotDelegate(
            f"It cannot be told which bundle DAG '{dag_id}' is from: two of them may claim the id.",
            "Wait until the DAG has been parsed, and see to it that one bundle only has a DAG of this id.",
            field="dag_id",
        )
    if dag.parsed_at is not None and not (dag.seen and (dag.version or dag.fingerprint.imports)):
        parse = sightings.Parse(
            dag_id, dag.bundle, dag.file, dag.fileloc, dag.version, at=dag.parsed_at, before=dag.parsed_at
        )
        sightings.keep(session.connection(), parse, now)
        dag = dag_records.records(session, {dag_id})[dag_id]
    if dag.moved_at is not None and now - dag.moved_at < AFTER_MOVE:
        raise CannotDelegate(
            f"DAG '{dag_id}' came from another file or another bundle a moment ago.",
            "Wait a minute, and see to it that one file of one bundle only has a DAG of this id.",
            field="dag_id",
        )
    return dag


def _check_account(
    session: Session, person: Person, dag_id: str, dag: DagRecord, account: Account, now: datetime
) -> None:
    try:
        check_allowed(
            account.conn_id, account.allowed_dags, dag_id, {dag.bundle}, bundles.only_bundle(session)
        )
    except AccountNotAllowed as refusal:
        raise CannotDelegate(refusal.message, refusal.remedy, field="conn_id") from None
    row = sign_ins.find(session, person, account.conn_id)
    if row is None or not sign_ins.is_usable(row, account.binding(), now):
        raise CannotDelegate(
            f"You are not signed in to account '{account.conn_id}', so there is nothing to act with.",
            "Sign in to the account first.",
            field="conn_id",
        )


def _make_room(
    session: Session,
    person: Person,
    dag_id: str,
    request: DelegationRequest,
    accounts: Accounts,
    now: datetime,
) -> None:
    """Remove the caller's earlier delegation, or one of somebody else that holds no place any more."""
    for consent in of_dag(session, dag_id, accounts, now):
        row = consent.row
        if row.conn_id != request.conn_id:
            continue
        if row.person != person:
            if consent.holds_the_place:
                raise _taken(row)
            audit.write(
                session,
                "delegation_replaced",
                conn_id=row.conn_id,
                person=person,
                dag_id=dag_id,
                of=row.user_name,
                state=consent.state.value,
            )
        session.delete(row)
        session.flush()


def _fingerprint(dag_id: str, dag: DagRecord) -> CodeFingerprint:
    if not dag.fingerprint.code:
        raise CannotDelegate(
            f"The code of DAG '{dag_id}' is not known yet, so a delegation cannot be pinned to it.",
            "Wait until the DAG has been parsed, or delegate without pinning.",
            field="pinned",
        )
    if not dag.fingerprint.is_whole:
        raise CannotDelegate(
            f"It is not known yet what DAG '{dag_id}' imports, so a delegation cannot be pinned to it.",
            "Delegate without pinning now, and with it once the DAG processor has parsed the DAG again; this "
            "package has to be installed there.",
            field="pinned",
        )
    return dag.fingerprint


def _check(request: DelegationRequest, now: datetime) -> None:
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
    rows = session.scalars(
        select(Delegation).where(Delegation.dag_id == dag_id, Delegation.conn_id == conn_id)
    )
    row = next((row for row in rows if (row.dag_id, row.conn_id) == (dag_id, conn_id)), None)
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
