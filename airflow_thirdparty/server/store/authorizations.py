"""Rows of sign-ins that were begun: few a person, each taken once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from airflow_thirdparty.server.store.base import changed_rows
from airflow_thirdparty.server.store.models import Authorization

MOST = 20
"""Sign-ins that a person may have under way at one account: more than anybody has tabs for, and few enough
that their cookies, 136 bytes each, fit into the headers of one request: servers refuse those beyond 4 to
8 kB."""

MOST_COOKIES = 28
"""The same for a person's accounts together, in one browser: 28 times 136 bytes stay below 4 kB."""

_COOKIES_AT_ONCE = 4
"""Further cookies that one answer takes back: each new one pushes out one, some begin at the same time, and
an answer's headers are bounded too."""


@dataclass(frozen=True)
class Dropped:
    """A sign-in that made room for a newer one; names the cookie that the browser need not keep.

    :param conn_id: id of the account
    :param state_hash: hash of the state
    """

    conn_id: str
    state_hash: str


def add(session: Session, row: Authorization) -> tuple[Dropped, ...]:
    """Store a sign-in that begins; the person's oldest ones at this account make room for it.

    :param session: writes in its transaction
    :param row: the sign-in
    :return: whose cookies go: theirs, and those of the person's oldest ones at other accounts
    """
    session.add(row)
    session.flush()
    newest_first = _of_same_person(session, row)
    gone = [found for found in newest_first if found.conn_id == row.conn_id][MOST:]
    remove(session, *(found.state_hash for found in gone))
    others = [found for found in newest_first if found not in gone][MOST_COOKIES:]
    dropped = (*gone, *others[:_COOKIES_AT_ONCE])
    return tuple(Dropped(found.conn_id, found.state_hash) for found in dropped)


def _of_same_person(session: Session, row: Authorization) -> list[Authorization]:
    newest_first = (Authorization.expires_at.desc(), Authorization.state_hash)
    statement = select(Authorization).where(Authorization.belongs_to(row.person.key)).order_by(*newest_first)
    return [found for found in session.scalars(statement) if found.person == row.person]


def with_answers(
    session: Session, conn_id: str, state_hashes: Collection[str], now: datetime
) -> list[Authorization]:
    """Sign-ins at an account whose answer is kept.

    :param session: a session
    :param conn_id: id of the account
    :param state_hashes: which ones are meant, by the hash of the state
    :param now: the time, in UTC
    :return: those that did not take too long, the newest first
    """
    statement = select(Authorization).where(
        Authorization.state_hash.in_(state_hashes),
        Authorization.conn_id == conn_id,
        Authorization.sealed_answer.is_not(None),
        Authorization.expires_at >= now,
    )
    return list(session.scalars(statement.order_by(Authorization.expires_at.desc())))


def remove(session: Session, *state_hashes: str) -> int:
    """Delete sign-ins that were begun.

    :param session: writes in its transaction
    :param *state_hashes: hashes of their states
    :return: how many there were still, by which whoever takes one knows that nobody else did
    """
    if not state_hashes:
        return 0
    return changed_rows(session, delete(Authorization).where(Authorization.state_hash.in_(state_hashes)))


def remove_expired(session: Session, now: datetime) -> None:
    """Delete those that took too long.

    :param session: writes in its transaction
    :param now: the time, in UTC
    """
    session.execute(delete(Authorization).where(Authorization.expires_at < now))
