"""Which roles find the page, and letting one find it, where roles are Flask-AppBuilder's own.

Airflow shows plugins' pages only to those who may read plugins.  Flask-AppBuilder's stock roles User and
Viewer may not, so their people see neither the entry in the navigation nor the tabs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.server.people.directory import FabDirectory, directory

if TYPE_CHECKING:
    from airflow.providers.fab.auth_manager.models import Action, Permission, Resource

RESOURCE = "Third-Party Accounts"
"""What a role can read that may use the page, as auth managers call it."""

NEEDED = (("can_read", "Plugins"), ("can_read", RESOURCE))
"""Action and resource of the permissions that finding the page takes; nothing else is granted."""

STOCK = frozenset({"Admin", "Op", "User", "Viewer", "Public"})
"""The roles that every Airflow has; what others are called may tell something of an organisation."""

_ENTRANCE = ("can_read", "Website")
"""Without it a role opens no page of Airflow: it only adds something to another one."""


class NoSuchRole(ThirdPartyAccountError):
    """There is no role of this name."""

    code = "no_such_role"


class RolesElsewhere(ThirdPartyAccountError):
    """The auth manager has no roles that could be read or changed here."""

    code = "roles_elsewhere"


@dataclass(frozen=True)
class RoleAccess:
    """A role and what it lacks to find the page.

    :param missing: permissions in words, such as ``can read on Plugins``; none when its people find it
    """

    name: str
    missing: tuple[str, ...]


def are_here() -> bool:
    """Whether roles are Flask-AppBuilder's, in Airflow's own database.

    :return: false for any other auth manager
    """
    return isinstance(directory(), FabDirectory)


def all_of(session: Session) -> list[RoleAccess]:
    """The roles that open Airflow's pages, by name, in two queries.

    :param session: a session
    :return: them, with what each lacks; none where roles are kept elsewhere
    """
    if not are_here():
        return []
    from airflow.providers.fab.auth_manager.models import (
        Action,
        Permission,
        Resource,
        Role,
        assoc_permission_role,
    )

    statement = (
        select(assoc_permission_role.c.role_id, Action.name, Resource.name)
        .join(Permission, Permission.id == assoc_permission_role.c.permission_view_id)
        .join(Action, Action.id == Permission.action_id)
        .join(Resource, Resource.id == Permission.resource_id)
        .where(Resource.name.in_([resource for _, resource in (*NEEDED, _ENTRANCE)]))
    )
    held: dict[int, set[tuple[str, str]]] = {}
    for role_id, action, resource in session.execute(statement):
        held.setdefault(role_id, set()).add((action, resource))
    return [
        RoleAccess(name, _missing(held[role_id]))
        for role_id, name in session.execute(select(Role.id, Role.name).order_by(Role.name))
        if _ENTRANCE in held.get(role_id, ())
    ]


def _missing(held: set[tuple[str, str]]) -> tuple[str, ...]:
    """What is lacking for the page to be found; the page's own permission only where it is required."""
    finds, uses = (needed in held for needed in NEEDED)
    if finds and (uses or not settings.require_permission()):
        return ()
    return tuple(_in_words(needed) for needed in NEEDED if needed not in held)


def grant(session: Session, name: str) -> tuple[str, ...]:
    """Give a role what it lacks to find the page, and nothing else.

    :param session: writes in its transaction
    :param name: of the role
    :raises RolesElsewhere: when the auth manager is not Flask-AppBuilder's
    :raises NoSuchRole: when there is no role of this name
    :return: what it was given, in words; nothing when it had all
    """
    if not are_here():
        raise RolesElsewhere(
            "The auth manager that is configured keeps no roles in Airflow's database.",
            f"Let people read Airflow's plugins, and '{RESOURCE}', in the way that auth manager has for it.",
        )
    from airflow.providers.fab.auth_manager.models import Role

    role = session.scalars(select(Role).where(Role.name == name)).unique().one_or_none()
    if role is None or role.name != name:
        raise NoSuchRole(f"There is no role '{name}'.", "'airflow roles list' names them.")
    given = []
    for needed in NEEDED:
        permission = _permission(session, *needed)
        if permission not in role.permissions:
            role.permissions.append(permission)
            given.append(_in_words(needed))
    session.flush()
    return tuple(given)


def _permission(session: Session, action: str, resource: str) -> Permission:
    """The row of a permission, made where there is none yet."""
    from airflow.providers.fab.auth_manager.models import Action, Permission, Resource

    action_id = _row_id(session, Action, action)
    resource_id = _row_id(session, Resource, resource)
    statement = select(Permission).where(
        Permission.action_id == action_id, Permission.resource_id == resource_id
    )
    permission = session.scalars(statement).unique().one_or_none()
    if permission is None:
        permission = Permission(action_id=action_id, resource_id=resource_id)
        session.add(permission)
        session.flush()
    return permission


def _row_id(session: Session, model: type[Action] | type[Resource], name: str) -> int:
    found = session.scalar(select(model.id).where(model.name == name))
    if found is not None:
        return int(found)
    row = model(name=name)
    session.add(row)
    session.flush()
    return row.id


def _in_words(permission: tuple[str, str]) -> str:
    action, resource = permission
    return f"{action.replace('_', ' ')} on {resource}"
