"""Grants for the triggers of deferred tasks, on the server's side: when there are any, and what they say."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone

from airflow import __version__ as airflow_version
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from packaging.version import Version
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.exceptions import AccountNotAllowed, CannotDefer
from airflow_thirdparty.grants import Grant, GrantInvalid, write_grant
from airflow_thirdparty.server.broker.database import utcnow
from airflow_thirdparty.server.people.person import Person

HIDES_ARGUMENTS = (3, 3)
"""From this version on Airflow's REST API keeps the arguments of triggers to itself."""

CLOCKS = timedelta(minutes=5)
"""How much earlier than its grant a deferral may have begun: by so much clocks of API servers may differ."""

ON_ITS_WAY = timedelta(hours=1)
"""How much later: a task defers at once, but its client may have to try again while API servers restart."""


def issue(
    ti_id: str,
    conn_id: str,
    person: Person,
    scopes: tuple[str, ...],
    *,
    waits: bool,
    version: str = airflow_version,
) -> str:
    """Grant a task instance that its trigger asks in its place.

    :param ti_id: the task instance
    :param conn_id: id of the account
    :param person: whom the task instance acts for
    :param scopes: scopes the task needs; empty means those of the account
    :param waits: for a trigger that gets no token
    :param version: of this Airflow
    :raises CannotDefer: where Airflow shows arguments of triggers, or there is no Fernet key
    :return: sealed
    """
    if Version(version).release[:2] < HIDES_ARGUMENTS:
        raise CannotDefer(
            f"Airflow {version} shows the arguments of triggers to whoever may read the task instance, so "
            "nothing is handed to the triggerer.",
            "Airflow 3.3 and newer do not.",
        )
    grant = Grant(ti_id, conn_id, person.key, utcnow().timestamp(), scopes, waits)
    try:
        return write_grant(grant, settings.fernet_key())
    except GrantInvalid as error:
        raise CannotDefer(
            f"Nothing can be handed to the triggerer: {error}.",
            "An admin sets a key.",
            field="[core] fernet_key",
        ) from None


def check(session: Session, grant: Grant, person: Person) -> None:
    """Refuse a grant that was given for somebody else, or for another deferral than the present one.

    It has no end of its own: a task may be deferred for weeks.

    :param session: a session
    :param grant: what is shown, for a task instance that is deferred
    :param person: whom the task instance acts for now
    :raises AccountNotAllowed: in words
    """
    if person.key != grant.person:
        raise AccountNotAllowed(
            "The task instance acts for another person than when it was deferred.", "Trigger a new run."
        )
    began = session.scalar(
        select(Trigger.created_date)
        .join(TaskInstance, TaskInstance.trigger_id == Trigger.id)
        .where(TaskInstance.id == uuid.UUID(grant.ti_id))
    )
    if began is None or not -CLOCKS <= began - _given_at(grant) <= ON_ITS_WAY:
        raise AccountNotAllowed(
            "The task instance was deferred anew since, and its trigger was given another grant then.",
            "Nothing has to be done for the present one.",
        )


def _given_at(grant: Grant) -> datetime:
    return datetime.fromtimestamp(grant.given_at, timezone.utc)
