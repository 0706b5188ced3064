"""Renewing access tokens: one refresh at a time per sign-in, across threads, tasks and processes.

The order is what keeps a sign-in from being lost.  A lease in the row is taken and committed first, which
shows the database writable; no lock is held while the service is called; the answer is written in one update
that the row's version fences, and tried again from memory while the database is gone.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import ServiceUnavailable, ThirdPartyAccountError
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.accounts.person import Person
from airflow_thirdparty.server.broker import audit, metrics, refusals, service
from airflow_thirdparty.server.broker.database import in_database, utcnow
from airflow_thirdparty.server.oauth import grants
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Client, Endpoints, TokenSet
from airflow_thirdparty.server.store import account_health, revocations, sign_ins
from airflow_thirdparty.server.store.models import SignIn
from airflow_thirdparty.server.store.seal import SealError
from airflow_thirdparty.server.store.sign_ins import Credentials

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=15)
"""How long a refresh may be silent before another process takes over."""

POLL = 0.15
"""Seconds between looks at the row while another process refreshes."""

GATE = timedelta(seconds=30)
"""How long a service in trouble is left alone, per account."""

LONGEST_GATE = timedelta(hours=1)
"""The longest ``Retry-After`` that is believed."""

WRITE_PATIENCE = timedelta(seconds=60)
"""How long new tokens are kept in memory while the database is gone."""

DOUBT_PATIENCE = timedelta(seconds=5)
"""How long to look for a predecessor's result before its ``invalid_grant`` is believed."""


@dataclass(frozen=True)
class Lease:
    """The right to refresh one sign-in, and all it takes."""

    row_id: int
    version: int
    person: Person
    account: Account
    client: Client
    endpoints: Endpoints
    refresh_token: str = field(repr=False)
    scopes: tuple[str, ...]
    in_doubt: bool
    """A predecessor's lease ran out: the service may have rotated the refresh token without us knowing."""


@dataclass(frozen=True)
class Busy:
    """Somebody else is refreshing."""


@dataclass(frozen=True)
class Done:
    """The credentials are newer than those the caller saw."""


class Refresher:
    """Renews sign-ins for this process.

    :param transport: the way to services
    :param owner: name of this process in leases
    :param clock: tells the time; tests step it
    :param sleep: how to wait
    """

    def __init__(
        self,
        transport: Transport,
        owner: str,
        clock: Callable[[], datetime] = utcnow,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.transport = transport
        self.owner = owner
        self.clock = clock
        self.sleep = sleep
        self._running: dict[int, asyncio.Task[None]] = {}

    def start(self, row_id: int, version: int, account: Account) -> asyncio.Task[None]:
        """Refresh a sign-in unless this process already does; the work outlives whoever asked for it.

        :param version: version of the credentials that are not good enough
        """
        task = self._running.get(row_id)
        if task is None or task.done():
            task = asyncio.get_running_loop().create_task(self._refresh(row_id, version, account))
            self._running[row_id] = task
            task.add_done_callback(partial(self._forget, row_id))
        return task

    def _forget(self, row_id: int, task: asyncio.Task[None]) -> None:
        if self._running.get(row_id) is task:
            del self._running[row_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            level = logging.INFO if isinstance(error, ThirdPartyAccountError) else logging.ERROR
            log.log(level, "A refresh ended without a token: %s", error, exc_info=level == logging.ERROR)

    async def drain(self, seconds: float) -> None:
        """Let the refreshes that are under way come to their end, at the end of the process."""
        running = [task for task in self._running.values() if not task.done()]
        if running:
            await asyncio.wait(running, timeout=seconds)

    async def _refresh(self, row_id: int, version: int, account: Account) -> None:
        while True:
            claim = await in_database(partial(self._claim, row_id=row_id, version=version, account=account))
            if isinstance(claim, Done):
                return
            if isinstance(claim, Lease):
                await self._call(claim)
                return
            await self.sleep(POLL)

    def _claim(self, session: Session, row_id: int, version: int, account: Account) -> Lease | Busy | Done:
        now = self.clock()
        row = session.get(SignIn, row_id)
        if row is None:
            raise refusals.sign_in_required(account)
        if row.version != version:
            return Done()
        refusals.check_sign_in(row, account)
        if row.lease_until is not None and row.lease_until >= now:
            return Busy()
        try:
            refresh_token = sign_ins.open_refresh(row)
        except SealError as error:
            raise refusals.cannot_be_opened(session, row, account, error) from None
        if refresh_token is None:
            raise refusals.expired_for_good(account)
        client = service.client(session, account)
        in_doubt = row.lease_owner is not None
        self._pass_gates(session, row, account, now)
        if not sign_ins.take_lease(session, row_id, version, self.owner, now, now + LEASE):
            return Busy()
        return Lease(
            row_id,
            version,
            row.person,
            account,
            client,
            service.load_endpoints(row.endpoints),
            refresh_token,
            tuple(row.scopes.split()),
            in_doubt,
        )

    def _pass_gates(self, session: Session, row: SignIn, account: Account, now: datetime) -> None:
        wait_until = row.retry_at if row.retry_at is not None and row.retry_at > now else None
        wait_until = wait_until or account_health.may_call(session, account.conn_id, now, now + GATE)
        if wait_until is not None:
            raise refusals.service_in_trouble(account, row.failed_text, wait_until)

    async def _call(self, lease: Lease) -> None:
        started = self.clock()
        keeper = asyncio.get_running_loop().create_task(self._keep(lease))
        try:
            tokens = await grants.refresh(
                self.transport,
                lease.client,
                lease.endpoints,
                refresh_token=lease.refresh_token,
                scopes=lease.scopes,
                now=started,
            )
        except OAuthError as error:
            metrics.refresh_failed(lease.account.conn_id, error)
            await self._failed(lease, error)
        else:
            metrics.refreshed(lease.account.conn_id, (self.clock() - started).total_seconds())
            await self._succeeded(lease, tokens)
        finally:
            keeper.cancel()

    async def _keep(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            until = self.clock() + LEASE
            with suppress(DBAPIError):
                await in_database(
                    partial(
                        sign_ins.note,
                        row_id=lease.row_id,
                        version=lease.version,
                        lease_owner=self.owner,
                        lease_until=until,
                    )
                )

    async def _succeeded(self, lease: Lease, tokens: TokenSet) -> None:
        now = self.clock()
        credentials = Credentials(
            access=tokens.access_token,
            refresh=tokens.refresh_token or lease.refresh_token,
            issued_at=now,
            expires_at=tokens.expires_at,
            scopes=tokens.scopes if tokens.scopes is not None else lease.scopes,
        )
        await self._persistently(partial(self._write, lease=lease, credentials=credentials), lease)

    def _write(self, session: Session, lease: Lease, credentials: Credentials) -> None:
        row = session.get(SignIn, lease.row_id)
        written = row is not None and sign_ins.replace_credentials(
            session, row, lease.version, credentials, credentials.issued_at
        )
        account_health.note_success(session, lease.account.conn_id)
        if not written:
            # signed out, or signed in anew, while the service answered: what it gave is for nobody
            revocations.queue(
                session,
                lease.person,
                lease.account.conn_id,
                credentials.access,
                None if credentials.refresh == lease.refresh_token else credentials.refresh,
                lease.account.pin().text(),
                service.dump_endpoints(lease.endpoints),
                credentials.issued_at,
            )

    async def _persistently(self, work: Callable[[Session], None], lease: Lease) -> None:
        give_up_at = self.clock() + WRITE_PATIENCE
        while True:
            try:
                await in_database(work)
                return
            except DBAPIError as error:  # noqa: PERF203  # trying again is the point of the loop
                if self.clock() >= give_up_at:
                    metrics.lost(lease.account.conn_id)
                    log.critical(
                        "New tokens of %r for account '%s' could not be written for %s: %s",
                        lease.person.name,
                        lease.account.conn_id,
                        WRITE_PATIENCE,
                        type(error).__name__,
                    )
                    raise
                await self.sleep(0.2)

    async def _failed(self, lease: Lease, error: OAuthError) -> None:
        if error.kind is Kind.PERMANENT:
            await self._rejected(lease, error)
            return
        await self._persistently(partial(self._note_failure, lease=lease, error=error), lease)
        raise service.in_words(error, lease.account)

    def _note_failure(self, session: Session, lease: Lease, error: OAuthError) -> None:
        now = self.clock()
        wait = timedelta(seconds=error.retry_after) if error.retry_after else GATE
        gate = min(max(wait, GATE), LONGEST_GATE)
        jitter = timedelta(seconds=random.uniform(0, 5))  # noqa: S311  # spreads load, guards nothing
        code = error.code or error.kind.value
        flag = error.kind in (Kind.CLIENT, Kind.MISCONFIGURED)
        row = session.get(SignIn, lease.row_id)
        sign_ins.note(
            session,
            lease.row_id,
            lease.version,
            failures=(row.failures if row else 0) + 1,
            failed_at=now,
            failed_code=code[:60],
            failed_text=error.text[:500],
            retry_at=now + gate + jitter if not flag else now + gate,
            lease_owner=None,
            lease_until=None,
        )
        account_health.note_failure(session, lease.account.conn_id, now, now + gate, code, error.text, flag)
        if flag:
            audit.write(session, "account_flagged", conn_id=lease.account.conn_id, code=code)

    async def _rejected(self, lease: Lease, error: OAuthError) -> None:
        """Believe ``invalid_grant`` only when the row still holds the refresh token that was sent."""
        give_up_at = self.clock() + (DOUBT_PATIENCE if lease.in_doubt else timedelta(0))
        while await in_database(partial(self._is_unchanged, lease=lease)):
            if self.clock() >= give_up_at:
                await self._persistently(partial(self._lapse, lease=lease, error=error), lease)
                raise refusals.sign_in_lapsed(lease.account, error.text)
            await self.sleep(POLL)

    @staticmethod
    def _is_unchanged(session: Session, lease: Lease) -> bool:
        row = session.get(SignIn, lease.row_id)
        return row is not None and row.version == lease.version

    def _lapse(self, session: Session, lease: Lease, error: OAuthError) -> None:
        lapsed = sign_ins.note(
            session,
            lease.row_id,
            lease.version,
            lapsed_at=self.clock(),
            lapsed_code=(error.code or error.kind.value)[:60],
            lapsed_text=error.text[:500],
            lease_owner=None,
            lease_until=None,
        )
        account_health.note_success(session, lease.account.conn_id)
        if lapsed:
            metrics.lapsed(lease.account.conn_id)
            audit.write(session, "lapse", conn_id=lease.account.conn_id, person=lease.person, code=error.code)


class StillRefreshing(ServiceUnavailable):
    """The refresh goes on, but no request waits that long; the caller asks again."""

    code = "still_refreshing"
