"""Signing out: gone here at once, revoked at the service as soon as it answers (RFC 7009)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.broker.database import in_database
from airflow_thirdparty.server.broker.registry import endpoints, oauth_client, registrations
from airflow_thirdparty.server.broker.telemetry import audit
from airflow_thirdparty.server.broker.telemetry.tracing import span
from airflow_thirdparty.server.oauth import revocation
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Client, Endpoints
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.service_rules import ServiceRules
from airflow_thirdparty.server.store import revocations, sign_ins
from airflow_thirdparty.server.store.base import changed_rows
from airflow_thirdparty.server.store.models import Revocation, SignIn
from airflow_thirdparty.server.store.revocations import Tokens
from airflow_thirdparty.server.store.seal import SealError

RETRY = timedelta(seconds=60)
"""First pause between attempts to revoke; doubled each time, up to an hour."""

INTERVAL = timedelta(seconds=30)
"""Pause between attempts at one account while its service does not answer: longer than the longest call (25
s), as for refreshes."""

CLAIM = timedelta(minutes=2)
"""How long an attempt keeps others from making the same one: longer than its two calls, for the refresh token
and the access token, at 25 s each."""

MAX_WAIT = 3.0
"""Longest the person waits for the service, in seconds, as for a task; the attempt goes on."""

_attempts: set[asyncio.Task[SignedOut]] = set()


@dataclass(frozen=True)
class SignedOut:
    """What became of a sign-in.

    :param revoked: whether the service confirmed that the tokens are worth nothing any more
    :param message: the same in words
    """

    revoked: bool
    message: str


REVOKED = SignedOut(True, "Signed out here, and revoked at the service.")
PENDING = SignedOut(
    False,
    "Signed out here. The service did not answer, so it could not be revoked there yet; it is tried again.",
)
IMPOSSIBLE = SignedOut(
    False,
    "Signed out here. It could not be revoked there: the service offers no way to do so. Remove this "
    "Airflow's access in your settings at the service.",
)
NOTHING = SignedOut(False, "There was no sign-in.")


@dataclass(frozen=True)
class Attempt:
    """All it takes to ask a service to revoke."""

    row_id: int
    conn_id: str
    client: Client
    endpoints: Endpoints
    rules: ServiceRules
    tokens: Tokens = field(repr=False)


async def sign_out(
    transport: Transport, person: Person, conn_id: str, now: datetime, by: Person | None = None
) -> SignedOut:
    """Delete a person's sign-in and revoke its tokens; it wins every race with a refresh.

    :param transport: the way to services
    :param person: whose it is
    :param conn_id: id of the account
    :param now: the time, in UTC
    :param by: who asked for it, when that is not the person
    :return: what became of it
    """
    found, revocation_id = await in_database(forget, person=person, conn_id=conn_id, now=now, by=by or person)
    if not found:
        return NOTHING
    if revocation_id is None:
        return IMPOSSIBLE
    attempting = asyncio.get_running_loop().create_task(attempt(transport, revocation_id, now))
    _attempts.add(attempting)  # the loop itself would let go of it
    attempting.add_done_callback(_attempts.discard)
    done, _ = await asyncio.wait({attempting}, timeout=MAX_WAIT)
    return attempting.result() if done else PENDING


def forget(
    session: Session, person: Person, conn_id: str, now: datetime, by: Person | None
) -> tuple[bool, int | None]:
    """Delete a sign-in and remember its tokens for revocation.

    :param session: writes in its transaction
    :param person: whose it is
    :param conn_id: id of the account
    :param now: the time, in UTC
    :param by: who asked for it, for the audit log
    :return: whether there was one, and the id of the revocation when the service offers one
    """
    row = _removed(session, person, conn_id)
    if row is None:
        return False, None
    audit.write(session, "sign_out", conn_id=conn_id, person=by, of=None if by == person else person.name)
    return True, _queue(session, row, now)


def _removed(session: Session, person: Person, conn_id: str) -> SignIn | None:
    # a refresh may write new tokens between look and deletion; those are the ones to be revoked then
    for _ in range(sign_ins.TRIES):
        row = sign_ins.find(session, person, conn_id)
        if row is None or sign_ins.remove(session, row):
            return row
    raise RuntimeError("A sign-in is being changed by too many at once")


def _queue(session: Session, row: SignIn, now: datetime) -> int | None:
    where = _endpoints_today(session, row)
    if row.kind != "oauth2" or not json.loads(where).get("revoke_url"):
        return None
    try:
        access, refresh = sign_ins.open_access(row), sign_ins.open_refresh(row)
    except SealError:
        return None  # what cannot be opened cannot be revoked; the row goes all the same
    queued = revocations.queue(session, row.person, row.conn_id, access, refresh, row.binding, where, now)
    return queued.id


def _endpoints_today(session: Session, row: SignIn) -> str:
    """Where a sign-in's tokens are revoked: as the account says now, unless it points elsewhere."""
    try:
        account = registrations.find(session, row.conn_id)
    except AccountMisconfigured:
        return row.endpoints
    if row.kind != "oauth2" or not account.binding().covers(row.binding):
        return row.endpoints
    return endpoints.dump(endpoints.current(row.endpoints, account))


async def attempt(transport: Transport, revocation_id: int, now: datetime) -> SignedOut:
    """Ask the service once to revoke, if nobody else is doing so.

    :param transport: the way to services
    :param revocation_id: id of the row in the queue
    :param now: the time, in UTC
    :return: what became of it; :data:`PENDING` when it is to be tried again
    """
    work = await in_database(_claim, revocation_id=revocation_id, now=now)
    if work is None:
        return PENDING
    if isinstance(work, SignedOut):
        return work
    try:
        with span("revoke", work.conn_id):
            revoked = await revocation.revoke(
                transport,
                work.client,
                work.endpoints,
                refresh_token=work.tokens.refresh,
                access_token=work.tokens.access,
                now=now,
                rules=work.rules,
            )
    except OAuthError as error:
        await in_database(_postpone, revocation_id=revocation_id, error=error, now=now)
        return PENDING
    await in_database(_finish, revocation_id=revocation_id, revoked=revoked)
    return REVOKED if revoked else IMPOSSIBLE


def _claim(session: Session, revocation_id: int, now: datetime) -> Attempt | SignedOut | None:
    row = session.get(Revocation, revocation_id)
    if row is None or row.next_at > now:
        return None
    if row.give_up_at < now:
        return _abandon(session, row, "given_up")
    try:
        tokens = revocations.open_tokens(row)
    except SealError as error:
        return _abandon(session, row, error.code)
    client, rules = _client(session, row)
    statement = (
        update(Revocation)
        .where(Revocation.id == row.id, Revocation.next_at == row.next_at)
        .values(next_at=now + CLAIM, attempts=row.attempts + 1)
    )
    if changed_rows(session, statement) != 1:
        return None
    return Attempt(row.id, row.conn_id, client, endpoints.load(row.endpoints), rules, tokens)


def _client(session: Session, row: Revocation) -> tuple[Client, ServiceRules]:
    """The client the tokens belong to; its secret only where it still belongs to the same addresses."""
    client_id = str(json.loads(row.binding)["client_id"])
    try:
        account = registrations.find(session, row.conn_id)
        if account.binding().covers(row.binding):
            return oauth_client.client(session, account), oauth_client.rules(account)
    except AccountMisconfigured:
        pass  # revoking without the secret is still worth an attempt
    return Client(client_id, None, "none"), oauth_client.rules_of_binding(row.binding)


def _abandon(session: Session, row: Revocation, why: str) -> SignedOut:
    audit.write(session, "revocation_abandoned", conn_id=row.conn_id, person=row.person, code=why)
    session.delete(row)
    return IMPOSSIBLE


def _postpone(session: Session, revocation_id: int, error: OAuthError, now: datetime) -> None:
    row = session.get(Revocation, revocation_id)
    if row is None:
        return
    wait = min(RETRY * 2 ** min(row.attempts - 1, 6), timedelta(hours=1))
    row.next_at = now + max(wait, timedelta(seconds=error.retry_after or 0))
    row.failed_code = (error.code or error.kind.value)[:60]
    session.flush()
    if error.kind is Kind.TRANSIENT:
        # one attempt at a time is enough to find out whether the service is back
        others = update(Revocation).where(
            Revocation.conn_id == row.conn_id, Revocation.next_at <= now + INTERVAL
        )
        changed_rows(session, others.values(next_at=now + INTERVAL))


def _finish(session: Session, revocation_id: int, revoked: bool) -> None:
    row = session.get(Revocation, revocation_id)
    if row is not None:
        audit.write(
            session, "revoked" if revoked else "revocation_impossible", conn_id=row.conn_id, person=row.person
        )
        session.delete(row)
