"""Delegations of a DAG: see them, make one's own, withdraw it."""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session

from airflow_thirdparty.server.broker.acting import consents, dag_records, delegations, rights
from airflow_thirdparty.server.broker.acting.delegations import DelegationRequest
from airflow_thirdparty.server.broker.database import in_database, utcnow
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.people import entitlement
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.web.dependencies import (
    AdminOnly,
    LeavingPersonDep,
    PersonDep,
    SameOrigin,
    administered,
    check_team,
)
from airflow_thirdparty.server.web.paging import Limit, Offset
from airflow_thirdparty.server.web.schemas.delegations import (
    DelegationBody,
    DelegationOfDag,
    DelegationsAnswer,
    DelegationsPage,
    DelegationView,
)

router = APIRouter(prefix="/api/v1", tags=["Delegations"])


def well_formed(dag_id: str) -> None:
    """Refuse what cannot be the id of a DAG before anything else reads it.

    :param dag_id: as the path has it
    :raises NoSuchDag: when Airflow would take no DAG of this id
    """
    if not dag_id.isprintable():
        raise delegations.no_such_dag(dag_id)


WellFormed = Depends(well_formed)


@router.get(
    "/dags/{dag_id}/delegations", dependencies=[WellFormed, Depends(requires_access_dag(method="GET"))]
)
async def list_delegations(dag_id: str, user: GetUserDep, person: PersonDep) -> DelegationsAnswer:
    """Who lets this DAG's runs act with their account."""
    return await in_database(_answer, dag_id=dag_id, user=user, person=person)


def _answer(session: Session, dag_id: str, user: BaseUser, person: Person) -> DelegationsAnswer:
    delegations.check_dag(session, dag_id)
    rights.keep_own(session, person, user, utcnow())
    found = consents.of_dag(session, dag_id, registrations.usable(session), utcnow())
    dag = dag_records.records(session, {dag_id})[dag_id]
    return DelegationsAnswer(
        delegations=[DelegationView.of(consent, person) for consent in found],
        allowed=rights.may_trigger(session, dag_id, user),
        bundle=dag.bundle,
        file=dag.file,
        imports_known=bool(dag.fingerprint.version or dag.fingerprint.imports),
        unknown_imports=[*dag.unknown_imports],
    )


@router.post(
    "/dags/{dag_id}/delegations",
    dependencies=[
        WellFormed,
        Depends(requires_access_dag(method="POST", access_entity=DagAccessEntity.RUN)),
        SameOrigin,
    ],
)
async def make_delegation(
    dag_id: str, body: DelegationBody, user: GetUserDep, person: PersonDep
) -> DelegationView:
    """Let this DAG's scheduled runs, or those fired by asset events, act with the caller's account."""
    return await in_database(_make, dag_id=dag_id, body=body, user=user, person=person)


def _make(
    session: Session, dag_id: str, body: DelegationBody, user: BaseUser, person: Person
) -> DelegationView:
    check_team(session, user, body.conn_id)
    request = DelegationRequest(
        body.conn_id,
        body.scheduled,
        body.asset_events,
        body.expires_at,
        body.pinned,
    )
    accounts = {**registrations.usable(session), body.conn_id: registrations.find(session, body.conn_id)}
    made = delegations.delegate(session, person, dag_id, request, accounts, utcnow())
    return DelegationView.of(made, person)


@router.delete("/dags/{dag_id}/delegations", dependencies=[WellFormed, SameOrigin], status_code=204)
async def withdraw_delegation(dag_id: str, conn_id: str, user: GetUserDep, person: LeavingPersonDep) -> None:
    """Withdraw the caller's delegation, also without the right to trigger; an admin withdraws anybody's."""
    await in_database(_withdraw, dag_id=dag_id, conn_id=conn_id, user=user, person=person)


def _withdraw(session: Session, dag_id: str, conn_id: str, user: BaseUser, person: Person) -> None:
    is_admin = entitlement.may_administer(user) and administered(session, user)(conn_id)
    delegations.withdraw(session, person, dag_id, conn_id, is_admin=is_admin)


@router.get("/admin/delegations", dependencies=[AdminOnly])
async def list_all_delegations(
    user: GetUserDep, person: PersonDep, limit: Limit = 50, offset: Offset = 0
) -> DelegationsPage:
    """Who lets any DAG's runs act with their account, a page at a time; for admins, who may withdraw each."""
    return await in_database(_all, user=user, person=person, limit=limit, offset=offset)


def _all(session: Session, user: BaseUser, person: Person, limit: int, offset: int) -> DelegationsPage:
    is_theirs = administered(session, user)
    everywhere = consents.everywhere(session, registrations.usable(session), utcnow())
    shown = [consent for consent in everywhere if is_theirs(consent.row.conn_id)]
    delegations_shown = [
        DelegationOfDag(dag_id=consent.row.dag_id, **DelegationView.of(consent, person).model_dump())
        for consent in shown[offset : offset + limit]
    ]
    return DelegationsPage(delegations=delegations_shown, total=len(shown))
