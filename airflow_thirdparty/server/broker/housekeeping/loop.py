"""What the API server does in the background, by one process at a time, and what survives its restart.

Everything to be done stands in the database, so a restart loses nothing: refreshes that were cut off,
revocations to retry, authorizations to clear, secrets to move, the list of accounts to publish.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.acting import dag_records, rights
from airflow_thirdparty.server.broker.database import in_database
from airflow_thirdparty.server.broker.housekeeping import (
    counting,
    parked,
    pruning,
    publication,
    quiet_refreshes,
)
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.broker.sign_in import signing_out
from airflow_thirdparty.server.broker.tokens.broker import TokenBroker
from airflow_thirdparty.server.broker.tokens.refresher import Refresher
from airflow_thirdparty.server.store import client_secrets, revocations, sign_ins
from airflow_thirdparty.server.store.base import changed_rows
from airflow_thirdparty.server.store.clock import Clock
from airflow_thirdparty.server.store.models import LeaderLease

log = logging.getLogger(__name__)

T = TypeVar("T")

INTERVAL = 20.0
"""Seconds between rounds. DAG processors read the list of accounts once a minute at most, and a service may
take an old refresh token for some seconds only."""

LEADER_LEASE = timedelta(seconds=3 * INTERVAL)
"""How long the leader may be silent before another process takes over: two rounds may fail."""

REVOKING = 30.0
"""Seconds a round spends on revocations; what is left comes in the next one. With the quiet refreshes before
and the pause after it that is no longer than :data:`LEADER_LEASE`."""

ACCOUNTS_AT_ONCE = 8
"""At how many services tokens are revoked at the same time; at each of them one after the other. As many as
there are threads for the database."""

NAME = "housekeeping"
"""The lease on the work that any process can do."""

ROUNDS_A_MINUTE = 3
"""What need not be done in every round is done once a minute: an idle database is asked little."""

COUNTING = 15
"""Sign-ins are counted in every so manieth round, which is every five minutes: it reads a whole index."""

RIGHTS = "rights"
"""The lease on asking what delegates may do: taken only by processes that have an auth manager to ask."""


async def run(refresher: Refresher) -> None:
    """Do the work until cancelled; a failed round is logged and the next one comes.

    :param refresher: what refreshes sign-ins in this process, with its clock and its way to services
    """
    for number in itertools.count():
        try:
            await run_once(refresher, number)
        except Exception as error:  # the next round may succeed; requests are not affected
            log.warning("A round of background work failed: %s", type(error).__name__)
            log.debug("How it failed", exc_info=True)
        await asyncio.sleep(INTERVAL)


async def run_once(refresher: Refresher, number: int = 0) -> bool:
    """Do what is due, if this process is or becomes the leader.

    :param refresher: what refreshes sign-ins in this process, with its clock and its way to services
    :param number: how many rounds this process has made before; at the first one everything is due
    :return: whether it was
    """
    names = (NAME, RIGHTS) if rights.has_auth_manager() else (NAME,)
    begun = await in_database(
        _begin, owner=refresher.owner, clock=refresher.clock, names=names, number=number
    )
    if RIGHTS in begun.leads and number % ROUNDS_A_MINUTE == 0:
        await _do(rights.ask_for_all, refresher.clock())
    if NAME not in begun.leads:
        return False
    for row_id, version, account in begun.cut_off:
        # while the service may still take the old token: many accept one that they have just replaced for
        # some seconds more, for this case
        refresher.refresh_in_background(row_id, version, account)
    if number % COUNTING == 0:
        await _do(counting.count, refresher.clock())
    if number % ROUNDS_A_MINUTE == 0:
        await _prune(refresher.clock())
    if begun.parked:
        await _resume_parked(refresher, number % math.ceil(begun.parked / parked.AT_ONCE))
    await _refresh_quietly(refresher, begun.quiet)
    await _revoke(refresher, begun.revocations)
    return True


@dataclass(frozen=True)
class _Begun:
    """What a round begins with: one transaction, so that an idle database is asked little.

    :param leads: the work that this process does, by name
    :param cut_off: sign-ins whose refresh a process began that died: id, version and account
    :param revocations: ids of tokens to revoke, by account
    :param quiet: sign-ins to be refreshed though nobody asks
    :param parked: how many tasks wait for people
    """

    leads: frozenset[str]
    cut_off: Sequence[tuple[int, int, Account]] = ()
    revocations: Sequence[Sequence[int]] = ()
    quiet: Sequence[quiet_refreshes.Due] = ()
    parked: int = 0


def _begin(session: Session, owner: str, clock: Clock, names: Sequence[str], number: int) -> _Begun:
    leads = frozenset(name for name in names if become_leader(session, owner, clock, name))
    if NAME not in leads:
        return _Begun(leads)
    now = clock()
    cut_off, due = _cut_off(session, now), list(revocations.due(session, now).values())
    for work, every in _WORK:
        if number % every == 0:
            _try(session, work, now)
    quiet = _try(session, quiet_refreshes.find_due, now) or ()
    return _Begun(leads, cut_off, due, quiet, _try(session, parked.how_many_wait, now) or 0)


def _try(session: Session, work: Callable[[Session, datetime], T], now: datetime) -> T | None:
    """Do something that keeps nothing else from being done when it fails."""
    try:
        with session.begin_nested():
            return work(session, now)
    except Exception as error:
        _warn(work, error)
    return None


def _warn(work: Callable[..., object], error: Exception) -> None:
    log.warning("Background work '%s' failed: %s", work.__name__.strip("_"), type(error).__name__)


def become_leader(session: Session, owner: str, clock: Clock, name: str = NAME) -> bool:
    """Become or stay the one who does the work; another takes over when the owner falls silent.

    :param session: writes in its transaction
    :param owner: name of this process
    :param clock: tells the time that all processes agree on
    :param name: which work
    :return: whether this process does the work until :data:`LEADER_LEASE` from now
    """
    clock.measure(session)
    now = clock()
    statement = (
        update(LeaderLease)
        .where(LeaderLease.name == name, (LeaderLease.owner == owner) | (LeaderLease.until < now))
        .values(owner=owner, until=now + LEADER_LEASE)
    )
    if changed_rows(session, statement) == 1:
        return True
    if session.get(LeaderLease, name) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(LeaderLease(name=name, owner=owner, until=now + LEADER_LEASE))
    except IntegrityError:
        return False
    return True


async def _do(work: Callable[[Session, datetime], T], now: datetime) -> T | None:
    try:
        return await in_database(work, now)
    except Exception as error:  # what cannot be done now keeps nothing else from being done
        _warn(work, error)
    return None


def _move_client_secrets(session: Session, now: datetime) -> None:
    client_secrets.move_found(session)


def _publish_accounts(session: Session, now: datetime) -> None:
    publication.publish_account_ids(session, now)


async def _prune(now: datetime) -> None:
    more = True
    for _ in range(pruning.STEPS):
        if more:
            more = await _do(_prune_old_rows, now) or False


def _prune_old_rows(session: Session, now: datetime) -> bool:
    _, more = pruning.step(session, now)
    return more


def _mark_contested(session: Session, now: datetime) -> None:
    dag_records.mark_contested(session, now)


_WORK: Sequence[tuple[Callable[[Session, datetime], object], int]] = (
    (_mark_contested, 1),
    (_publish_accounts, 1),
    (_move_client_secrets, ROUNDS_A_MINUTE),
)
"""What is done within the transaction that begins a round, and in every so manieth one: short work."""


async def _resume_parked(refresher: Refresher, turn: int) -> None:
    """Look at some of the tasks that wait; those who wait in vain keep no other waiting."""
    first, now = turn * parked.AT_ONCE, refresher.clock()
    try:
        await in_database(parked.resume, broker=TokenBroker(refresher), now=now, first=first)
    except Exception as error:  # as above
        log.warning("Tasks that wait for people were not resumed: %s", type(error).__name__)


async def _refresh_quietly(refresher: Refresher, due: Sequence[quiet_refreshes.Due]) -> None:
    try:
        await quiet_refreshes.refresh_all(refresher, due)
    except Exception as error:  # as above
        log.warning("Refreshes that nobody asked for failed: %s", type(error).__name__)


def _cut_off(session: Session, now: datetime) -> list[tuple[int, int, Account]]:
    found = []
    for row in sign_ins.abandoned(session, now):
        try:
            account = registrations.find(session, row.conn_id)
        except AccountMisconfigured:
            continue
        if account.binding().covers(row.binding) and (row.retry_at is None or row.retry_at <= now):
            found.append((row.id, row.version, account))
    return found


async def _revoke(refresher: Refresher, due: Sequence[Sequence[int]]) -> None:
    places = asyncio.Semaphore(ACCOUNTS_AT_ONCE)

    async def one_after_the_other(row_ids: Sequence[int]) -> None:
        async with places:
            for row_id in row_ids:
                done = await signing_out.attempt(refresher.transport, row_id, refresher.clock())
                if done is signing_out.PENDING:
                    return

    work = [asyncio.ensure_future(one_after_the_other(row_ids)) for row_ids in due]
    if work:
        # what is still under way then goes on; the claim in its row keeps others from doing it too
        await asyncio.wait(work, timeout=REVOKING)
        for task in work:
            if not task.done():
                task.cancel()
