"""Where sign-ins were used."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from airflow_thirdparty.server.broker.database import in_database
from airflow_thirdparty.server.broker.usage import queries as usage_queries
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.web.dependencies import AdminOnly, PersonDep, administered
from airflow_thirdparty.server.web.schemas.common import LARGEST
from airflow_thirdparty.server.web.schemas.uses import CountView, UsesAnswer, UseView

router = APIRouter(prefix="/api/v1", tags=["Uses"])


@router.get("/uses")
async def list_uses(
    person: PersonDep,
    conn_id: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
) -> UsesAnswer:
    """Where the caller's sign-ins were used, the latest first."""
    return await in_database(_mine, person=person, conn_id=conn_id, limit=limit, offset=offset)


def _mine(session: Session, person: Person, conn_id: str | None, limit: int, offset: int) -> UsesAnswer:
    rows, total = usage_queries.of_person(session, person, conn_id=conn_id, limit=limit, offset=offset)
    return UsesAnswer(uses=[UseView.model_validate(row) for row in rows], total=total)


@router.get("/admin/uses", dependencies=[AdminOnly])
async def count_uses(user: GetUserDep) -> list[CountView]:
    """How much each sign-in was used, without where; for admins."""
    return await in_database(_counts, user=user)


def _counts(session: Session, user: BaseUser) -> list[CountView]:
    is_theirs = administered(session, user)
    return [
        CountView.model_validate(count) for count in usage_queries.counts(session) if is_theirs(count.conn_id)
    ]
