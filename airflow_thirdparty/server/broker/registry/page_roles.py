"""Letting a role find the page, put on record."""

from __future__ import annotations

from sqlalchemy.orm import Session

from airflow_thirdparty.server.broker.telemetry import audit
from airflow_thirdparty.server.people import roles
from airflow_thirdparty.server.people.person import Person


def grant(session: Session, role: str, by: Person) -> tuple[str, ...]:
    """Give a role what it lacks to find the page.

    :param session: writes in its transaction
    :param role: name of the role
    :param by: who does it
    :raises ThirdPartyAccountError: when there is no such role, or roles are kept elsewhere
    :return: what it was given, in words; nothing when it had all
    """
    given = roles.grant(session, role)
    if given:
        audit.write(session, "role_granted", person=by, role=role, permissions=", ".join(given))
    return given
