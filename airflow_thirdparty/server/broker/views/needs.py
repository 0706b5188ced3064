"""Which accounts matter to a person now, why, and what ends when they sign out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from airflow.models.dag import DagModel, DagTag
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from airflow_thirdparty import dag_tags
from airflow_thirdparty.server.broker.views.accounts import View
from airflow_thirdparty.server.broker.views.status import Status
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store.attributions import RUN, Attribution
from airflow_thirdparty.server.store.delegations import Delegation

LATELY = timedelta(days=30)
"""A DAG counts as a person's own for so long after they triggered it: enough for what runs once a month."""


class Group(str, Enum):
    """Where an account stands on a person's page."""

    NEEDS_YOU = "needs_you"
    CONNECTED = "connected"
    AVAILABLE = "available"


@dataclass
class Needs:
    """What of a person's needs one account.

    :param delegated: ids of DAGs that they let act with it
    :param triggered: ids of DAGs that use it and that they triggered lately
    """

    delegated: set[str] = field(default_factory=set)
    triggered: set[str] = field(default_factory=set)

    @property
    def dags(self) -> list[str]:
        """All of them, by id."""
        return sorted(self.delegated | self.triggered)


def of_person(session: Session, person: Person, conn_ids: Collection[str], now: datetime) -> dict[str, Needs]:
    """What of a person's needs which account, in two queries.

    :param session: a session
    :param person: whose
    :param conn_ids: ids of the accounts that may be told
    :param now: the time, in UTC
    :return: by id of the account; those that nothing needs are left out
    """
    by_tag = {dag_tags.account_tag(conn_id): conn_id for conn_id in conn_ids}
    found: dict[str, Needs] = {}
    for row in session.execute(_delegated(person, now)):
        if row.conn_id in conn_ids:
            found.setdefault(row.conn_id, Needs()).delegated.add(row.dag_id)
    for row in session.execute(_triggered(person, now)):
        if row.name in by_tag:
            found.setdefault(by_tag[row.name], Needs()).triggered.add(row.dag_id)
    return found


def _delegated(person: Person, now: datetime) -> Select[str, str]:
    return select(Delegation.conn_id, Delegation.dag_id).where(
        Delegation.belongs_to(person.key), Delegation.not_ended(now)
    )


def _triggered(person: Person, now: datetime) -> Select[str, str]:
    theirs = (
        select(Attribution.dag_id)
        .where(Attribution.belongs_to(person.key), Attribution.kind == RUN, Attribution.at > now - LATELY)
        .distinct()
        .subquery()
    )
    return (
        select(DagTag.name, DagTag.dag_id)
        .join(theirs, theirs.c.dag_id == DagTag.dag_id)
        .join(DagModel, DagModel.dag_id == DagTag.dag_id)
        .where(DagModel.is_stale.is_(False), DagTag.name.startswith(dag_tags.ACCOUNT_PREFIX, autoescape=True))
    )


def group_of(view: View, needs: Needs | None) -> Group:
    """Where an account stands on a person's page: what needs them first.

    :param view: the account as they see it
    :param needs: what of theirs needs it
    :return: its group; not being signed in to what nothing of theirs needs is no need
    """
    if view.standing is None:
        return Group.CONNECTED if view.sign_in is not None else Group.AVAILABLE
    if view.standing.status in (Status.SIGNED_IN, Status.SERVICE_UNREACHABLE):
        return Group.CONNECTED
    return Group.NEEDS_YOU if view.sign_in is not None or needs is not None else Group.AVAILABLE
