"""Whether a DAG is public: may people run or edit it who are not among its few owners?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

READING = frozenset({"can_read", "can_dag_read", "menu_access"})
"""Permissions with which nobody can run or edit a DAG; any other one can."""


@dataclass(frozen=True)
class PublicAccess:
    """Why a DAG is public; false when it is not.

    :param tags: tags it carries that stand for *public*
    :param roles: public roles that its ``access_control`` lets run or edit it
    """

    tags: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tags or self.roles)


def public_access(
    tags: Iterable[str], access_control: object, *, public_tags: Iterable[str], public_roles: Iterable[str]
) -> PublicAccess:
    """Judge a DAG by its tags and its ``access_control``; upper and lower case are the same.

    :param tags: the DAG's tags
    :param access_control: the DAG's ``access_control``, by role; old forms are understood
    :param public_tags: tags that stand for *public*
    :param public_roles: roles that everybody or nearly everybody has
    :return: the tags and roles that make it public, none if it is not
    """
    marks = {tag.casefold() for tag in public_tags}
    names = {role.casefold() for role in public_roles}
    grants = access_control if isinstance(access_control, Mapping) else {}
    return PublicAccess(
        tags=tuple(sorted(tag for tag in tags if tag.casefold() in marks)),
        roles=tuple(
            sorted(
                str(role)
                for role, granted in grants.items()
                if str(role).casefold() in names and _more_than_reading(granted)
            )
        ),
    )


def _more_than_reading(granted: Any) -> bool:
    # {"DAGs": {"can_edit"}, "DAG Runs": {"can_create"}}, or before Airflow 2.10 just {"can_edit"}
    if isinstance(granted, Mapping):
        return any(_more_than_reading(permissions) for permissions in granted.values())
    if isinstance(granted, str):
        return granted not in READING
    return isinstance(granted, Collection) and any(permission not in READING for permission in granted)
