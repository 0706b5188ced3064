"""What the API server does in the background, by one process at a time, and what survives its restart.

Everything to be done stands in the database, so a restart loses nothing: revocations to retry, authorizations
to clear, secrets to move, the list of accounts to publish.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from airflow_thirdparty.server.broker import publication, runtime, signing_out
from airflow_thirdparty.server.broker.database import in_database, utcnow
from airflow_thirdparty.server.store import client_secrets, revocations
from airflow_thirdparty.server.store.models import Authorization, Duty

log = logging.getLogger(__name__)

PAUSE = 20.0
"""Seconds between rounds."""

NAME = "housekeeping"


async def run(owner: str) -> None:
    """Do the duties until cancelled; a failed round is logged and the next one comes."""
    while True:
        try:
            await round_(owner, utcnow())
        except Exception:  # the next round may succeed; requests are not affected
            log.warning("A round of background work failed", exc_info=True)
        await asyncio.sleep(PAUSE)


async def round_(owner: str, now: datetime) -> bool:
    """Do what is due, if it is this process's turn.

    :return: whether it was
    """
    if not await in_database(partial(take_turn, owner=owner, now=now)):
        return False
    await in_database(partial(_tidy, now=now))
    for revocation_id in await in_database(partial(revocations.due, now=now)):
        await signing_out.attempt(runtime.transport(), revocation_id, now)
    return True


def take_turn(session: Session, owner: str, now: datetime, name: str = NAME) -> bool:
    """Become or stay the one who does the duties; another takes over when the owner falls silent."""
    statement = (
        update(Duty)
        .where(Duty.name == name, (Duty.owner == owner) | (Duty.until < now))
        .values(owner=owner, until=now + timedelta(seconds=3 * PAUSE))
        .execution_options(synchronize_session=False)
    )
    if getattr(session.execute(statement), "rowcount", 0) == 1:
        return True
    if session.get(Duty, name) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(Duty(name=name, owner=owner, until=now + timedelta(seconds=3 * PAUSE)))
    except IntegrityError:
        return False
    return True


def _tidy(session: Session, now: datetime) -> None:
    session.execute(delete(Authorization).where(Authorization.expires_at < now))
    client_secrets.move_found(session)
    publication.publish_account_ids(session)
