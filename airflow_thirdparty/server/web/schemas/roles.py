"""Which roles find the page."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from airflow_thirdparty.server.web.schemas.common import Strict


class RoleView(BaseModel):
    """A role and what it lacks to find the page.

    :param missing: permissions in words; nothing when its people find the page
    """

    model_config = ConfigDict(from_attributes=True)

    name: str
    missing: list[str]


class RolesAnswer(BaseModel):
    """The roles that open Airflow's pages.

    :param known: whether the auth manager's roles can be read here
    :param may_edit: whether the caller may change what roles may do
    """

    roles: list[RoleView]
    known: bool
    may_edit: bool


class RoleBody(Strict):
    """The role that is to find the page."""

    role: str = Field(min_length=1, max_length=64)


class RoleGranted(BaseModel):
    """What the role was given, in words; nothing when it had all."""

    granted: list[str]
