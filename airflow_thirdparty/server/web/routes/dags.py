"""What a DAG's tab shows: the accounts it uses, the caller's status with them, and the warning."""

from __future__ import annotations

from datetime import timedelta

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session

from airflow_thirdparty.policies import messages
from airflow_thirdparty.policies.rules import Configured
from airflow_thirdparty.server.broker.acting import delegations
from airflow_thirdparty.server.broker.database import in_database, utcnow
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.broker.tokens import horizon
from airflow_thirdparty.server.broker.views import accounts as account_views
from airflow_thirdparty.server.broker.views import dag_tasks
from airflow_thirdparty.server.broker.views import dags as dag_views
from airflow_thirdparty.server.broker.views.dags import DagAccounts, RiskLevel
from airflow_thirdparty.server.broker.views.status import Status
from airflow_thirdparty.server.people import entitlement
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.web.dependencies import AdminOnly, PersonDep
from airflow_thirdparty.server.web.paging import Limit, Offset
from airflow_thirdparty.server.web.schemas.account_view import AccountView
from airflow_thirdparty.server.web.schemas.dags import (
    DagAccount,
    DagAnswer,
    DagAtRisk,
    DagsAtRiskPage,
    DagWarning,
)

router = APIRouter(prefix="/api/v1", tags=["DAGs"])


@router.get("/dags/{dag_id}/accounts", dependencies=[Depends(requires_access_dag(method="GET"))])
async def get_dag_accounts(dag_id: str, user: GetUserDep, person: PersonDep) -> DagAnswer:
    """The accounts a DAG uses, for whoever may read it."""
    return await in_database(_dag, dag_id=dag_id, user=user, person=person)


def _dag(session: Session, dag_id: str, user: BaseUser, person: Person) -> DagAnswer:
    found = dag_views.accounts_of(session, dag_id, _account_ids(session))
    if found is None:
        raise delegations.no_such_dag(dag_id)
    sees = entitlement.sees(user)
    seen = {
        view.entry.registration.conn_id: AccountView.of(view)
        for view in account_views.of_person(session, person, utcnow())
        if sees(view.entry.registration.team)
    }
    usual = horizon.usual_duration(session, dag_id)
    starters = dag_views.starters_of(session, dag_id)
    places = dag_tasks.tasks_by_account(session, dag_id, found.accounts) if found.accounts else {}
    return DagAnswer(
        accounts=[
            DagAccount(account=_with_horizon(seen[conn_id], usual), found_in=places.get(conn_id, []))
            for conn_id in found.accounts
            if conn_id in seen
        ],
        missing=list(found.missing),
        unknown=found.unknown,
        scheduled=starters.schedule,
        asset_events=starters.asset_events,
        warning=_warning(found),
    )


def _with_horizon(account: AccountView, usual: timedelta | None) -> AccountView:
    """The account, with a word on a sign-in that ends before a run that began now."""
    if account.refreshable or account.expires_at is None or account.status is not Status.SIGNED_IN:
        return account
    said = horizon.will_not_outlive(account.expires_at, utcnow(), usual)
    return account.model_copy(update={"status_text": f"{account.status_text} {said}".strip()})


def _warning(found: DagAccounts) -> DagWarning | None:
    if found.risk is not RiskLevel.AT_RISK:
        return None
    accounts = ", ".join(f"'{conn_id}'" for conn_id in found.accounts)
    return DagWarning(
        code="public_dag" if accounts else "public_dag_at_run",
        values={"accounts": accounts} if accounts else {},
        message=messages.warning(accounts),
        why=messages.why(),
    )


@router.get("/admin/dags-at-risk", dependencies=[AdminOnly])
async def list_dags_at_risk(
    user: GetUserDep, acknowledged: bool = False, limit: Limit = 50, offset: Offset = 0
) -> DagsAtRiskPage:
    """Public DAGs that use accounts, those acknowledged or the others, a page at a time; for admins."""
    risk = RiskLevel.ACKNOWLEDGED if acknowledged else RiskLevel.AT_RISK
    return await in_database(_at_risk, user=user, risk=risk, limit=limit, offset=offset)


def _at_risk(session: Session, user: BaseUser, risk: RiskLevel, limit: int, offset: int) -> DagsAtRiskPage:
    reads = entitlement.reads_dags(session, user)
    rules = Configured()
    all_of_them = dag_views.dags_with_accounts(session, _account_ids(session), risk)
    shown = [found for found in all_of_them if reads(found.dag_id)]
    dags = [
        DagAtRisk(
            dag_id=found.dag_id,
            file=found.file,
            bundle=found.bundle,
            accounts=list(found.accounts),
            unknown=found.unknown,
            acknowledged=found.risk is RiskLevel.ACKNOWLEDGED,
            how_to_acknowledge=messages.how_to_acknowledge(rules),
            acknowledgement_tag=rules.acknowledgement_tag,
            acknowledgement_param=rules.acknowledgement_param,
        )
        for found in shown[offset : offset + limit]
    ]
    return DagsAtRiskPage(dags=dags, total=len(shown))


def _account_ids(session: Session) -> list[str]:
    return [entry.registration.conn_id for entry in registrations.list_all(session)]
