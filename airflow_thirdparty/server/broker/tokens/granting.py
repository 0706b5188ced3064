"""Whom a task instance acts for, and what their sign-in yields; a running task asks, or its trigger."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airflow.models.connection import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.acting import queries, resolver
from airflow_thirdparty.server.broker.acting.facts import TASK, RunFacts
from airflow_thirdparty.server.broker.database import in_database, utcnow
from airflow_thirdparty.server.broker.own_pool import own_pool
from airflow_thirdparty.server.broker.telemetry import audit, metrics
from airflow_thirdparty.server.broker.tokens.broker import Found, TokenBroker
from airflow_thirdparty.server.broker.tokens.freshness import TokenRequirements
from airflow_thirdparty.server.people.person import Person

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Granted:
    """Whom the task instance acts for, and what their sign-in yields at once."""

    person: Person
    facts: RunFacts
    found: Found


@dataclass(frozen=True)
class Refused:
    """Why the task instance gets nothing."""

    error: ThirdPartyAccountError
    facts: RunFacts | None = None


def look_up(
    session: Session,
    broker: TokenBroker,
    ti_id: str,
    account: Account,
    requirements: TokenRequirements,
    *,
    asker: str = TASK,
    check: Callable[[Person], None] = lambda _: None,
) -> Granted | Refused:
    """Find out whom a task instance acts for, and read their sign-in.

    :param session: a session
    :param broker: of this process
    :param ti_id: the task instance, as its token or grant names it
    :param account: the account as it is registered now
    :param requirements: what is asked of the token
    :param asker: :data:`~airflow_thirdparty.server.broker.acting.facts.TASK` or ``TRIGGER``
    :param check: raises an error in words where nothing is handed out for this person
    :return: what is needed to hand out their token, or why there is none
    """
    team = Connection.get_team_name(account.conn_id, session=session) if settings.multi_team() else None
    facts = queries.gather(
        session,
        ti_id,
        account.conn_id,
        utcnow(),
        asker=asker,
        allowed_dags=account.allowed_dags,
        account_team=team,
    )
    if facts is None:
        return Refused(resolver.superseded())
    try:
        person = resolver.acting_user(facts).demand()
        check(person)
        return Granted(person, facts, broker.look_up(session, person, account, requirements))
    except ThirdPartyAccountError as error:
        return Refused(error, facts)


async def note_refused(conn_id: str, refused: Refused) -> None:
    """Count a refusal, and leave the reason where people look for it: in the audit log of the run.

    :param conn_id: id of the account
    :param refused: why, and of which run
    """
    metrics.refused(conn_id, refused.error.code)
    found = refused.facts
    words: dict[str, Any] = {name: text[:500] for name, text in refused.error.as_dict().items() if text}
    run = (found.dag_id, found.task_id, found.run_id, found.map_index) if found else None
    row = audit.row("refused", conn_id=conn_id, run=run, **words)
    try:
        if not await _is_written_at_once(row):
            await in_database(_write, row=row)
    except Exception:  # the refusal stands, written down or not
        log.warning("A refusal could not be written to the audit log", exc_info=True)


async def _is_written_at_once(row: dict[str, Any]) -> bool:
    """Write an audit row in one statement, without a thread and a session."""
    pool = own_pool()
    if pool is None:
        return False
    try:
        await pool.write(audit.INSERT, row)
    except SQLAlchemyError:  # such as a connection that broke: a session notices that beforehand
        log.debug("An audit row could not be written at once", exc_info=True)
        return False
    return True


def _write(session: Session, row: dict[str, Any]) -> None:
    session.connection().execute(audit.INSERT, row)
