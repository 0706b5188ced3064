"""Everything that a plain success is answered from, in one statement: the registration, what decides whom the
task instance acts for, and that person's sign-in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

from airflow.models.crypto import get_fernet
from airflow.utils.types import DagRunTriggeredByType
from sqlalchemy import BindParameter, Row, Select, and_, bindparam, case, exists

from airflow_thirdparty.server.broker.acting import queries
from airflow_thirdparty.server.broker.acting.facts import RunFacts
from airflow_thirdparty.server.people.directory import Directory
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import airflow_tables as tables
from airflow_thirdparty.server.store.attributions import RUN, Attribution
from airflow_thirdparty.server.store.delegations import Delegation
from airflow_thirdparty.server.store.models import SignIn
from airflow_thirdparty.server.store.sign_ins import SignInFacts
from airflow_thirdparty.wire import CONN_TYPE

DELEGATED = (DagRunTriggeredByType.TIMETABLE, DagRunTriggeredByType.ASSET)
"""How runs come about that act for a delegate; the resolver decides, this only says which sign-in to read."""

_PERSON = ("auth_manager", "user_id", "user_created", "user_name")

_FACTS = tuple(each.name for each in fields(SignInFacts) if each.name not in ("person", "is_refreshable"))
"""What is read as it stands: the facts have the names of their columns."""


@lru_cache(maxsize=8)
def statement(users: Directory) -> Select[Any]:
    """The one query, whose parameters are ``ti_id``, ``asked_conn_id``, the account, and ``asked_id``.

    :param users: whose query it adds to, so that people need none of their own
    :return: a query; no rows where the task instance is not there
    """
    by_delegate = tables.DAG_RUN.c.triggered_by.in_(DELEGATED)
    person = [
        case((by_delegate, lent), (Attribution.kind == RUN, caused))
        for lent, caused in zip(Delegation.person_key(), Attribution.person_key(), strict=True)
    ]
    asked: BindParameter[str] = bindparam("asked_conn_id")
    spelled: BindParameter[str] = bindparam("asked_id")
    registration, another = tables.CONNECTION.c, tables.CONNECTION.alias()
    return (
        queries.statement(users, multi_team=False)
        .add_columns(
            *(getattr(SignIn, name).label(f"sign_in_{name}") for name in (*_PERSON, *_FACTS)),
            SignIn.sealed_refresh.is_not(None).label("sign_in_is_refreshable"),
            *(registration[name].label(f"registered_{name}") for name in tables.REGISTRATION),
            and_(registration.password.is_not(None), registration.password != "").label("holds_a_secret"),
            exists().where(another.c.conn_id == spelled).label("another_connection"),
        )
        .outerjoin(SignIn, and_(SignIn.belongs_to(person), SignIn.conn_id == asked))
        .outerjoin(tables.CONNECTION, registration.conn_id == asked)
    )


def registration_of(rows: Sequence[Row[Any]], conn_id: str, asked_id: str) -> dict[str, Any] | None:
    """The connection as the Execution API would answer it.

    :param rows: what :func:`statement` brought
    :param conn_id: id of the account; compared in Python, since databases fold case in places
    :param asked_id: the id that was asked for, which may name an exposure entry, too
    :raises cryptography.fernet.InvalidToken: when no configured key opens its extra
    :return: ``None`` where it is no account, one whose secret still lies in the row, or where the asked id is
        another connection's
    """
    first = rows[0]._mapping
    row = {name: first[f"registered_{name}"] for name in tables.REGISTRATION}
    encrypted = row.pop("is_extra_encrypted")
    if conn_id != asked_id and first["another_connection"]:
        return None
    if row["conn_type"] != CONN_TYPE or row["conn_id"] != conn_id or first["holds_a_secret"]:
        return None
    if row["extra"] and encrypted:
        keys: Any = get_fernet()
        row["extra"] = _opened(keys, row["extra"])
    return row


@lru_cache(maxsize=1024)
def _opened(fernet: Any, sealed: str) -> str:
    # kept by the ciphertext and the keys that opened it: a changed registration is another ciphertext
    return str(fernet.decrypt(sealed.encode()).decode())


def looked_for(facts: RunFacts, person: Person) -> bool:
    """Whether the statement looked for this person's sign-in, so that it brought it if there is one.

    :param facts: what its rows say of the run
    :param person: whom the task instance acts for
    :return: whether it did
    """
    if facts.triggered_by in {how.value for how in DELEGATED}:
        return facts.delegation is not None and facts.delegation.person == person
    return any(found.kind == RUN and found.person == person for found in facts.attributions)


def sign_in_of(rows: Sequence[Row[Any]], person: Person, conn_id: str) -> SignInFacts | None:
    """The person's sign-in; compared in Python, since databases fold case in places.

    :param rows: what :func:`statement` brought
    :param person: whom the task instance acts for
    :param conn_id: id of the account
    :return: ``None`` where there is none among the rows
    """
    for row in rows:
        found = row._mapping
        if found["sign_in_conn_id"] == conn_id and found["sign_in_user_id"] == person.user_id:
            facts = _facts(found)
            if facts.person == person:
                return facts
    return None


def _facts(row: Mapping[Any, Any]) -> SignInFacts:
    return SignInFacts(
        person=Person(*(row[f"sign_in_{name}"] for name in _PERSON)),
        is_refreshable=bool(row["sign_in_is_refreshable"]),
        **{name: row[f"sign_in_{name}"] for name in _FACTS},
    )
