"""Tokens that are gone here and still have to be revoked at the service."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store.base import PersonColumns
from airflow_thirdparty.server.store.models import Revocation
from airflow_thirdparty.server.store.seal import SealContext, open_sealed, seal

KEEP_TRYING = timedelta(days=7)
"""How long a service that is down is asked again to revoke: longer than outages last."""


@dataclass(frozen=True)
class Tokens:
    """What is to be revoked."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)


def _seal_context(row: Revocation) -> SealContext:
    return SealContext("revocation", row.conn_id, 1, row.person, row.key)


def queue(
    session: Session,
    person: Person,
    conn_id: str,
    access: str,
    refresh: str | None,
    binding: str,
    endpoints: str,
    now: datetime,
) -> Revocation:
    """Remember tokens until they are revoked.

    :param session: writes in its transaction
    :param person: whose it is
    :param conn_id: id of the account
    :param access: the access token
    :param refresh: the refresh token, if there is one
    :param binding: what the tokens belong to: they are sent nowhere else
    :param endpoints: the service's addresses, as stored with the sign-in
    :param now: the time, in UTC
    :return: the row, which has its id
    """
    row = Revocation(
        conn_id=conn_id,
        key=secrets.token_hex(16),
        binding=binding,
        endpoints=endpoints,
        attempts=0,
        next_at=now,
        give_up_at=now + KEEP_TRYING,
        **PersonColumns.person_values(person),
    )
    row.sealed = seal(json.dumps({"access": access, "refresh": refresh}), _seal_context(row))
    session.add(row)
    session.flush()
    return row


def open_tokens(row: Revocation) -> Tokens:
    """What is to be revoked.

    :param row: what was queued
    :raises SealError: when it cannot be opened
    :return: the tokens
    """
    return Tokens(**json.loads(open_sealed(row.sealed, _seal_context(row))))


def due(session: Session, now: datetime, at_most: int = 200) -> dict[str, list[int]]:
    """Ids of the rows that are due, by account.

    :param session: a session
    :param now: the time, in UTC
    :param at_most: most rows of an account, so that one with many keeps no other waiting
    :return: them, those that wait longest first
    """
    place = func.row_number().over(partition_by=Revocation.conn_id, order_by=Revocation.next_at)
    rows = select(Revocation.conn_id, Revocation.id, Revocation.next_at, place.label("place"))
    waiting = rows.where(Revocation.next_at <= now).subquery().c
    first = select(waiting.conn_id, waiting.id).where(waiting.place <= at_most).order_by(waiting.next_at)
    found: dict[str, list[int]] = {}
    for conn_id, row_id in session.execute(first):
        found.setdefault(conn_id, []).append(row_id)
    return found
