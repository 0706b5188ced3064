"""Which roles find the page: for admins; and letting one find it, for those who may edit roles in Airflow."""

from __future__ import annotations

import shlex

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter
from sqlalchemy.orm import Session

from airflow_thirdparty.server.broker.database import in_database
from airflow_thirdparty.server.broker.registry import page_roles
from airflow_thirdparty.server.people import entitlement, roles
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.web.dependencies import AdminOnly, NotAdmin, PersonDep, SameOrigin
from airflow_thirdparty.server.web.schemas.roles import RoleBody, RoleGranted, RolesAnswer, RoleView

router = APIRouter(prefix="/api/v1", tags=["Roles"])


@router.get("/admin/roles", dependencies=[AdminOnly])
async def list_roles(user: GetUserDep) -> RolesAnswer:
    """Which of Flask-AppBuilder's roles find the page; who edits no roles is told of stock ones alone."""
    return await in_database(_answer, user=user)


def _answer(session: Session, user: BaseUser) -> RolesAnswer:
    known = roles.are_here()
    may_edit = known and entitlement.may_edit_roles(user)
    shown = [role for role in roles.all_of(session) if may_edit or role.name in roles.STOCK]
    return RolesAnswer(
        roles=[RoleView.model_validate(role) for role in shown], known=known, may_edit=may_edit
    )


@router.post("/admin/roles", dependencies=[AdminOnly, SameOrigin])
async def grant_role(body: RoleBody, user: GetUserDep, person: PersonDep) -> RoleGranted:
    """Let a role find the page; for admins who may edit roles in Airflow."""
    if not entitlement.may_edit_roles(user):
        raise NotAdmin(
            "Only who may edit roles in Airflow may do this.",
            f"Ask them, or run: airflow third-party-accounts grant-role {shlex.quote(body.role)}",
        )
    return await in_database(_grant, role=body.role, by=person)


def _grant(session: Session, role: str, by: Person) -> RoleGranted:
    return RoleGranted(granted=list(page_roles.grant(session, role, by)))
