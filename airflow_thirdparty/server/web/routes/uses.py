"""Where sign-ins were used."""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter
from sqlalchemy.orm import Session

from airflow_thirdparty.server.broker.database import in_database
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.broker.usage import queries as usage_queries
from airflow_thirdparty.server.people.entitlement import has_teams
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.web.dependencies import AdminOnly, PersonDep, administered
from airflow_thirdparty.server.web.paging import Limit, Offset
from airflow_thirdparty.server.web.schemas.uses import CountView, UsesAnswer, UseView

router = APIRouter(prefix="/api/v1", tags=["Uses"])


@router.get("/uses")
async def list_uses(
    person: PersonDep,
    conn_id: str | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> UsesAnswer:
    """Where the caller's sign-ins were used, the latest first."""
    return await in_database(_mine, person=person, conn_id=conn_id, limit=limit, offset=offset)


def _mine(session: Session, person: Person, conn_id: str | None, limit: int, offset: int) -> UsesAnswer:
    rows, total = usage_queries.of_person(session, person, conn_id=conn_id, limit=limit, offset=offset)
    return UsesAnswer(uses=[UseView.model_validate(row) for row in rows], total=total)


@router.get("/admin/uses", dependencies=[AdminOnly])
async def count_uses(user: GetUserDep, limit: Limit = 50, offset: Offset = 0) -> list[CountView]:
    """How much each sign-in was used, without where, a page at a time; for admins."""
    return await in_database(_counts, user=user, limit=limit, offset=offset)


def _counts(session: Session, user: BaseUser, limit: int, offset: int) -> list[CountView]:
    conn_ids = None
    if has_teams():
        is_theirs = administered(session, user)
        ids = (entry.registration.conn_id for entry in registrations.list_all(session))
        conn_ids = [conn_id for conn_id in ids if is_theirs(conn_id)]
    counted = usage_queries.counts(session, limit=limit, offset=offset, conn_ids=conn_ids)
    return [CountView.model_validate(count) for count in counted]
