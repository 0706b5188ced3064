"""Grants for the triggers of deferred tasks, on the server's side: when there are any, and what they say."""

from __future__ import annotations

from airflow import __version__ as airflow_version
from packaging.version import Version

from airflow_thirdparty import settings
from airflow_thirdparty.exceptions import AccountNotAllowed, CannotDefer
from airflow_thirdparty.grants import LIFETIME, Grant, GrantInvalid, write_grant
from airflow_thirdparty.server.broker.database import utcnow
from airflow_thirdparty.server.people.person import Person

HIDES_ARGUMENTS = (3, 3)
"""From this version on Airflow's REST API keeps the arguments of triggers to itself."""


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
    ends_at = utcnow().timestamp() + LIFETIME
    grant = Grant(ti_id, conn_id, person.key, ends_at, scopes, waits)
    try:
        return write_grant(grant, settings.fernet_key())
    except GrantInvalid as error:
        raise CannotDefer(
            f"Nothing can be handed to the triggerer: {error}.",
            "An admin sets a key.",
            field="[core] fernet_key",
        ) from None


def check_person(grant: Grant, person: Person) -> None:
    """Refuse a grant that was given for somebody else than whom the task instance acts for now.

    :param grant: what is shown
    :param person: whom the task instance acts for now
    :raises AccountNotAllowed: in words
    """
    if person.key != grant.person:
        raise AccountNotAllowed(
            "The task instance acts for another person than when it was deferred.", "Trigger a new run."
        )
