"""What Airflow's auth manager lets somebody do here, asked by the methods that every auth manager has."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import ConnectionDetails, TeamDetails
from airflow.configuration import conf
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.server.people.roles import RESOURCE


def may_administer(user: BaseUser) -> bool:
    """Whether the user may edit connections, which is what registering accounts takes.

    :param user: as Airflow authenticated them
    :return: what the auth manager says
    """
    return bool(get_auth_manager().is_authorized_connection(method="PUT", user=user))


def may_administer_account(user: BaseUser, conn_id: str, team: str | None) -> bool:
    """Whether the user may edit the connection of one account.

    :param user: as Airflow authenticated them
    :param conn_id: id of the account
    :param team: the team that owns it; ``None`` when none does
    :return: what the auth manager says
    """
    details = ConnectionDetails(conn_id=conn_id, team_name=team)
    return bool(get_auth_manager().is_authorized_connection(method="PUT", details=details, user=user))


def may_with_connections(user: BaseUser, method: Literal["POST", "DELETE"], conn_id: str) -> bool:
    """Whether the user may create or delete a connection.

    :param user: as Airflow authenticated them
    :param method: what they want to do
    :param conn_id: id of the connection
    :return: what the auth manager says
    """
    details = ConnectionDetails(conn_id=conn_id)
    return bool(get_auth_manager().is_authorized_connection(method=method, details=details, user=user))


def may_edit_roles(user: BaseUser) -> bool:
    """Whether the user may change what roles may do, as Flask-AppBuilder's own REST API asks it.

    :param user: as Airflow authenticated them
    :return: what the auth manager says
    """
    return bool(get_auth_manager().is_authorized_custom_view(method="PUT", resource_name="Roles", user=user))


def may_use_page(user: BaseUser) -> bool:
    """Whether the user may have accounts at all: everybody, unless ``require_permission`` narrows it.

    :param user: as Airflow authenticated them
    :return: what the auth manager says
    """
    if not settings.require_permission():
        return True
    reads = get_auth_manager().is_authorized_custom_view(method="GET", resource_name=RESOURCE, user=user)
    return bool(reads) or may_administer(user)


def has_teams() -> bool:
    """Whether Airflow is shared by teams.

    :return: ``[core] multi_team``
    """
    return bool(conf.getboolean("core", "multi_team", fallback=False))


def sees(user: BaseUser) -> Callable[[str | None], bool]:
    """Which accounts are there for the user: those of nobody's team, and those of a team of theirs.

    :param user: as Airflow authenticated them
    :return: tells it by the team that owns an account; asks the auth manager once for each team
    """
    if not has_teams():
        return lambda team: True

    @cache
    def is_theirs(team: str | None) -> bool:
        if team is None:
            return True
        details = TeamDetails(name=team)
        return bool(get_auth_manager().is_authorized_team(method="GET", details=details, user=user))

    return is_theirs


def reads_dags(session: Session, user: BaseUser) -> Callable[[str], bool]:
    """Which DAGs the user may read, where teams keep theirs to themselves.

    :param session: a session
    :param user: as Airflow authenticated them
    :return: tells it by the id of a DAG; true for all where there are no teams
    """
    if not has_teams():
        return lambda dag_id: True
    return get_auth_manager().get_authorized_dag_ids(user=user, session=session).__contains__
