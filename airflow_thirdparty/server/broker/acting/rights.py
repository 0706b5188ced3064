"""Whether a delegate may still trigger the DAG: asked where there is an auth manager, kept with the row.

Servers that hand out tokens need no auth manager: they read the answer, and how old it is.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.models.dag import DagModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.server.people.directory import directory
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store.delegations import Delegation

log = logging.getLogger(__name__)

LASTING = timedelta(minutes=10)
"""How old an answer may be: it is asked for once a minute, so this outlasts restarts, and a right that
was taken away is not used for long whatever fails."""

INTERVAL = timedelta(minutes=1)
"""Pause between two answers kept from a delegate's own requests, so that reading pages rarely writes."""


def has_auth_manager() -> bool:
    """Whether this process can ask an auth manager: an API server that serves tasks alone has none.

    :return: whether Airflow has made one
    """
    try:
        get_auth_manager()
    except RuntimeError:
        return False
    return True


def lasting() -> timedelta:
    """How old an answer may be, with the auth manager that is configured.

    :return: longer where it can answer only for a person who is present
    """
    if directory().can_ask_for_absent:
        return LASTING
    return timedelta(days=settings.delegation_rights_days())


def may_trigger(session: Session, dag_id: str, user: BaseUser) -> bool:
    """Whether the user may trigger the DAG, which is what delegating takes.

    :param session: a session, for the team that owns the DAG
    :param dag_id: id of the DAG
    :param user: as Airflow authenticated them, or as the auth manager knows them
    :return: what the auth manager says
    """
    details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id, session=session))
    return bool(
        get_auth_manager().is_authorized_dag(
            method="POST", access_entity=DagAccessEntity.RUN, details=details, user=user
        )
    )


def ask_for_all(session: Session, now: datetime) -> int:
    """Ask the auth manager for every delegation, and keep the answers.

    :param session: writes in its transaction
    :param now: the time, in UTC
    :return: for how many it answered; none where it answers only for people who are present
    """
    users = directory()
    if not users.can_ask_for_absent:
        return 0
    answered = 0
    for row in session.scalars(select(Delegation)):
        try:
            user = users.load(session, row.person)
            entitled = user is not None and may_trigger(session, row.dag_id, user)
        except Exception as error:  # the kept answer grows old, and then lends nothing
            log.warning("Rights of a delegate could not be asked for: %s", type(error).__name__)
            log.debug("How it failed", exc_info=True)
            continue
        row.entitled, row.asked_at = entitled, now
        answered += 1
    return answered


def keep_own(session: Session, person: Person, user: BaseUser, now: datetime) -> None:
    """Keep what the auth manager says at a delegate's own request, where it answers only then.

    :param session: writes in its transaction
    :param person: the caller
    :param user: the same, as Airflow authenticated them
    :param now: the time, in UTC
    """
    if directory().can_ask_for_absent:
        return
    for row in session.scalars(select(Delegation).where(Delegation.belongs_to(person.key))):
        if row.person == person and row.asked_at < now - INTERVAL:
            row.entitled, row.asked_at = may_trigger(session, row.dag_id, user), now
