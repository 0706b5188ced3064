"""Refreshing access tokens: one refresh at a time per sign-in, across threads, tasks and processes.

The order is what keeps a sign-in from being lost.  A lease in the row is taken and committed first, which
shows the database writable; no lock is held while the service is called; the answer is written in one update
that the row's version fences, and tried again from memory while the database is gone.
"""

from __future__ import annotations

import asyncio
import copy
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import ServiceUnavailable, ThirdPartyAccountError
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.accounts.lifetimes import expiry
from airflow_thirdparty.server.broker import database
from airflow_thirdparty.server.broker.database import in_database, in_database_urgently
from airflow_thirdparty.server.broker.registry import oauth_client
from airflow_thirdparty.server.broker.telemetry import metrics
from airflow_thirdparty.server.broker.telemetry.tracing import span
from airflow_thirdparty.server.broker.tokens import leases, refusals, results
from airflow_thirdparty.server.broker.tokens.leases import LEASE, Busy, Lease
from airflow_thirdparty.server.broker.tokens.results import Written
from airflow_thirdparty.server.oauth import grants
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import TokenSet
from airflow_thirdparty.server.store.clock import Clock
from airflow_thirdparty.server.store.sign_ins import Credentials

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

FIRST_POLL, LONGEST_POLL = 0.1, 0.5
"""Seconds between looks at the row while another process refreshes; they grow from one to the other, so that
a quick service costs little time and a slow one few queries."""

WRITE_TIMEOUT = timedelta(seconds=60)
"""How long new tokens are kept in memory while the database is gone: it may restart or fail over
meanwhile."""

IN_DOUBT_TIMEOUT = timedelta(seconds=5)
"""How long to look for a predecessor's result before its ``invalid_grant`` is believed: time for several
tries of the predecessor's write."""

CALLS_PER_ACCOUNT = 16
"""How many refreshes one process has under way at one service; the others wait without a lease. Fewer than
the connections the transport opens to a service (20), which sign-ins and revocations need too."""

BACKGROUND_BACKOFF = timedelta(seconds=15)
"""How long this process leaves a sign-in alone whose early refresh came to nothing: as long as a lease,
before whose end nobody could take it anyway."""


class StillRefreshing(ServiceUnavailable):
    """The refresh goes on, but no request waits that long; the caller asks again."""

    code = "still_refreshing"


@dataclass
class Flight:
    """A refresh that is under way in this process; it outlives whoever asked for it.

    :param patient: somebody waits, so the result of another process's refresh is waited for too
    """

    patient: bool
    task: asyncio.Task[Credentials | None]

    @property
    def is_usable(self) -> bool:
        """Whether those who ask now may join it."""
        return not self.task.done() and self.task.get_loop() is asyncio.get_running_loop()


class Refresher:
    """Refreshes sign-ins for this process.

    :param transport: the way to services
    :param owner: name of this process in leases
    :param clock: tells the time; tests step it
    :param sleep: how to wait
    """

    def __init__(
        self,
        transport: Transport,
        owner: str,
        clock: Clock = database.clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.transport = transport
        self.owner = owner
        self.clock = clock
        self.sleep = sleep
        self._flights: dict[int, Flight] = {}
        self._slots: dict[str, asyncio.Semaphore] = defaultdict(partial(asyncio.Semaphore, CALLS_PER_ACCOUNT))
        self._backing_off: dict[int, datetime] = {}

    async def refresh(self, row_id: int, version: int, account: Account, max_wait: float) -> Credentials:
        """Refresh a sign-in, or join whoever does so already.

        :param row_id: id of the sign-in
        :param version: version of the credentials that are not good enough
        :param account: the account as it is registered now
        :param max_wait: longest to wait, in seconds
        :raises StillRefreshing: when it takes longer; it goes on
        :raises ThirdPartyAccountError: when there is nothing to be had
        :return: credentials that are newer than those of ``version``
        """
        flight = self._start(row_id, version, account, patient=True)
        done, _ = await asyncio.wait({flight.task}, timeout=max_wait)
        if not done:
            raise StillRefreshing(
                f"The service of account '{account.conn_id}' takes its time to refresh the access token.",
                "Ask again.",
            )
        credentials = _outcome(flight.task, account)
        if credentials is None:
            raise StillRefreshing(
                f"The access token of account '{account.conn_id}' is being refreshed.", "Ask again."
            )
        return credentials

    def refresh_in_background(self, row_id: int, version: int, account: Account) -> None:
        """Refresh a sign-in in the background while its access token is still good.

        :param row_id: id of the sign-in
        :param version: version of the credentials that are to be replaced
        :param account: the account as it is registered now
        """
        backs_off_until = self._backing_off.get(row_id)
        if backs_off_until is None or backs_off_until <= self.clock():
            self._start(row_id, version, account, patient=False)

    async def drain(self, seconds: float) -> None:
        """Let the refreshes that are under way come to their end, at the end of the process.

        :param seconds: longest to wait
        """
        running = [flight.task for flight in self._flights.values() if flight.is_usable]
        if running:
            await asyncio.wait(running, timeout=seconds)

    def _start(self, row_id: int, version: int, account: Account, *, patient: bool) -> Flight:
        flight = self._flights.get(row_id)
        if flight is not None and flight.is_usable:
            flight.patient = flight.patient or patient
            return flight
        task = asyncio.get_running_loop().create_task(self._refresh(row_id, version, account))
        flight = self._flights[row_id] = Flight(patient, task)
        task.add_done_callback(partial(self._landed, row_id))
        return flight

    def _landed(self, row_id: int, task: asyncio.Task[Credentials | None]) -> None:
        error = None if task.cancelled() else task.exception()  # looked at, or asyncio writes it to the log
        flight = self._flights.get(row_id)
        if flight is None or flight.task is not task:
            return
        del self._flights[row_id]
        if error is None:
            self._backing_off.pop(row_id, None)
            return
        now = self.clock()
        self._backing_off = {known: until for known, until in self._backing_off.items() if until > now}
        self._backing_off[row_id] = now + BACKGROUND_BACKOFF
        if not isinstance(error, ThirdPartyAccountError):
            # by name only: a statement that failed is quoted in the text, with what it was to write
            log.error("A refresh failed: %s", type(error).__name__)

    async def _refresh(self, row_id: int, version: int, account: Account) -> Credentials | None:
        interval = FIRST_POLL
        while True:
            async with self._slots[account.conn_id]:
                found = await self._try_once(row_id, version, account)
            if isinstance(found, Credentials):
                return found
            flight = self._flights.get(row_id)
            if flight is not None and not flight.patient:
                return None
            await self.sleep(interval)
            interval = min(interval * 1.3, LONGEST_POLL)

    async def _try_once(self, row_id: int, version: int, account: Account) -> Credentials | None:
        claimed = await in_database(
            leases.claim, row_id=row_id, version=version, account=account, owner=self.owner, clock=self.clock
        )
        if isinstance(claimed, Busy):
            return None
        return await self._call(claimed) if isinstance(claimed, Lease) else claimed

    async def _call(self, lease: Lease) -> Credentials | None:
        keeper = asyncio.get_running_loop().create_task(self._keep(lease))
        try:
            with span("refresh", lease.account.conn_id):
                tokens = await grants.refresh(
                    self.transport,
                    lease.client,
                    lease.endpoints,
                    refresh_token=lease.refresh_token,
                    scopes=lease.scopes,
                    now=lease.started,
                    rules=oauth_client.rules(lease.account),
                )
        except OAuthError as error:
            metrics.refresh_failed(lease.account.conn_id, error)
            return await self._failed(lease, error)
        else:
            metrics.refreshed(lease.account.conn_id, (self.clock() - lease.started).total_seconds())
            return await self._succeeded(lease, tokens)
        finally:
            keeper.cancel()

    async def _keep(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            with suppress(Exception):  # the next beat may succeed; if none does, another takes over
                await in_database_urgently(leases.renew, lease=lease, clock=self.clock)

    async def _succeeded(self, lease: Lease, tokens: TokenSet) -> Credentials | None:
        now = self.clock()
        ends = expiry(tokens.expires_at, lease.account.assumed_lifetime, now, refreshable=True)
        credentials = Credentials(
            access=tokens.access_token,
            refresh=tokens.refresh_token or lease.refresh_token,
            issued_at=now,
            expires_at=ends.at,
            scopes=tokens.scopes if tokens.scopes is not None else lease.scopes,
            expiry_assumed=ends.assumed,
        )
        written = await self._persistently(lease, "New tokens", results.save_tokens, lease, credentials)
        if written is Written.SIGNED_OUT:
            raise refusals.sign_in_required(lease.account)
        return credentials if written is Written.KEPT else None

    async def _failed(self, lease: Lease, error: OAuthError) -> Credentials | None:
        if error.kind is Kind.PERMANENT:
            await self._rejected(lease, error)
            return None
        log.warning(
            "Account '%s' could not refresh a sign-in: %s, %s", lease.account.conn_id, error.kind.value, error
        )
        noted = await self._persistently(lease, "A failure", results.note_failure, lease, error, self.clock())
        if noted.soft_lapsed:
            raise refusals.sign_in_soft_lapsed(lease.account, error.text)
        raise refusals.refresh_failed(lease.account, error, noted.retry_at, flagged=noted.flagged)

    async def _rejected(self, lease: Lease, error: OAuthError) -> None:
        """Believe ``invalid_grant`` only when the row still holds the refresh token that was sent.

        Returns when a peer has refreshed or is refreshing: its result counts.

        :param lease: under which the service was asked
        :param error: what it said
        :raises SignInLapsed: when it is believed
        """
        give_up_at = self.clock() + (IN_DOUBT_TIMEOUT if lease.in_doubt else timedelta(0))
        while await self._persistently(lease, "A look at the row", results.is_untouched, lease):
            if self.clock() < give_up_at:
                await self.sleep(FIRST_POLL)
                continue
            if await self._persistently(lease, "A lapse", results.lapse, lease, error, self.clock()):
                raise refusals.sign_in_lapsed(lease.account, error.text)

    async def _persistently(
        self,
        lease: Lease,
        what: str,
        work: Callable[Concatenate[Session, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Try again while the database is gone: what the service said is nowhere but here."""
        give_up_at = self.clock() + WRITE_TIMEOUT
        interval = FIRST_POLL
        while True:
            try:
                return await in_database_urgently(work, *args, **kwargs)
            except Exception as error:
                if self.clock() >= give_up_at:
                    metrics.lost(lease.account.conn_id)
                    log.critical(
                        "%s of %r for account '%s' could not be written for %s: %s",
                        what,
                        lease.person.name,
                        lease.account.conn_id,
                        WRITE_TIMEOUT,
                        type(error).__name__,
                    )
                    raise
            await self.sleep(interval)
            interval = min(interval * 1.5, 1.0)


def _outcome(task: asyncio.Task[Credentials | None], account: Account) -> Credentials | None:
    """The result of a refresh, for one of possibly many who wait for it."""
    error = None if task.cancelled() else task.exception()
    if isinstance(error, ThirdPartyAccountError):
        raise copy.copy(error)  # raising one object in many requests at once would mix up their tracebacks
    if error is not None or task.cancelled():
        raise ServiceUnavailable(
            f"The access token of account '{account.conn_id}' could not be refreshed: the API server or its "
            "database is in trouble.",
            "Nothing is lost; try again in a minute.",
        )
    return task.result()
