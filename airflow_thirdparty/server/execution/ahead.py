"""Answers a task that wants no token itself: whether its person is signed in, or a grant for its trigger."""

from __future__ import annotations

import json
import uuid
from typing import Any

from airflow.models.taskinstance import TaskInstance
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import CannotDefer, ThirdPartyAccountError
from airflow_thirdparty.server.broker.database import in_database
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.broker.tokens import trigger_grants
from airflow_thirdparty.server.broker.views import dags
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.wire import CONN_TYPE, OF_DAG, PROJECTION_KEY, TokenRequest


def answer(
    request: TokenRequest, ti_id: str, person: Person | None, error: ThirdPartyAccountError | None
) -> dict[str, Any]:
    """What stands in the connection in place of a token.

    :param request: what is asked for
    :param ti_id: the task instance
    :param person: whom it acts for; ``None``: nobody
    :param error: why that person's login cannot be used now
    :return: as JSON
    """
    if error is not None and (person is None or not (request.grant and request.waits)):
        return {"refusal": error.as_dict(), "person": _who(person) if request.waits else None}
    if not request.grant or person is None:
        return {"signed_in": True}
    try:
        grant = trigger_grants.issue(ti_id, request.conn_id, person, request.scopes, waits=request.waits)
    except CannotDefer as refused:
        return {"refusal": refused.as_dict()}
    return {"grant": grant}


def _who(person: Person | None) -> dict[str, str] | None:
    """For whom a task that waits makes it a required action; Airflow's ids of users are texts there."""
    return {"id": person.user_id, "name": person.name} if person else None


async def accounts_of_dag(ti_id: str) -> dict[str, Any]:
    """Answer a task that asks which accounts its DAG uses.

    :param ti_id: the task instance, as Airflow authenticated it
    :return: in the form of a connection that holds nothing else
    """
    accounts = await in_database(_accounts, ti_id=ti_id)
    extra = json.dumps({PROJECTION_KEY: {"accounts": accounts}})
    empty = dict.fromkeys(("host", "schema", "login", "password", "port"))
    return {"conn_id": OF_DAG, "conn_type": CONN_TYPE, **empty, "extra": extra}


def _accounts(session: Session, ti_id: str) -> list[str]:
    dag_id = session.scalar(select(TaskInstance.dag_id).where(TaskInstance.id == uuid.UUID(ti_id)))
    known = [entry.registration.conn_id for entry in registrations.list_all(session)]
    found = dags.accounts_of(session, dag_id, known) if dag_id else None
    return list(found.accounts) if found else []
