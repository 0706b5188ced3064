"""What becomes of a sign-in after the service answered: each outcome is one transaction, fenced by the row.

New tokens are fenced by the version alone: whoever got them from the service is right, also when another
process took over the lease meanwhile.  Everything else may be written by the lease's holder only.  All take
the sign-in's row first and the account's second, so no two can wait for each other.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy.orm import Session

from airflow_thirdparty.server.broker.registry import endpoints
from airflow_thirdparty.server.broker.telemetry import audit, metrics
from airflow_thirdparty.server.broker.tokens import soft_lapses
from airflow_thirdparty.server.broker.tokens.leases import OPEN_FOR, Lease
from airflow_thirdparty.server.broker.tokens.soft_lapses import Judged
from airflow_thirdparty.server.oauth.errors import ADMINS_KINDS, Kind, OAuthError
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import account_health, account_seen, revocations, sign_ins
from airflow_thirdparty.server.store.account_health import Failure
from airflow_thirdparty.server.store.models import SignIn
from airflow_thirdparty.server.store.sign_ins import Credentials

LONGEST_OPEN = timedelta(hours=1)
"""The longest ``Retry-After`` (RFC 9110 section 10.2.3) that is believed, so that a mistaken one costs an
hour."""

LONGEST_BACKOFF = timedelta(minutes=5)
"""How long at most a sign-in backs off by itself: one that alone fails, or that the service refuses. It works
again within minutes of its service."""

JITTER = (2.0, 10.0)
"""Seconds a sign-in that failed waits longer than others: one that always fails must not take every try."""


class Written(Enum):
    """What became of new tokens."""

    KEPT = "kept"
    SIGNED_OUT = "signed out"
    SUPERSEDED = "superseded"


def save_tokens(session: Session, lease: Lease, credentials: Credentials) -> Written:
    """Write new tokens, access and refresh token in one update.

    :param session: writes in its transaction
    :param lease: under which the service was asked
    :param credentials: what the service handed out
    :return: what became of them
    """
    row = session.get(SignIn, lease.row_id)
    kept = row is not None and sign_ins.replace_credentials(
        session, row, lease.version, credentials, credentials.issued_at
    )
    if kept and credentials.expires_at is not None and credentials.expires_at <= credentials.issued_at:
        _note_dead_on_arrival(session, lease, credentials.issued_at)
    account_health.note_success(session, lease.account.conn_id)
    binding = lease.account.binding().text()
    account_seen.note_worked(session, lease.account.conn_id, binding, credentials.issued_at)
    if kept:
        return Written.KEPT
    if row is not None and sign_ins.exists(session, lease.row_id):
        # signed in anew meanwhile. The leftover is not revoked: some services withdraw all that a person
        # granted to a client when one of its tokens is revoked, and with it the new sign-in
        return Written.SUPERSEDED
    _queue_revocation(session, lease, credentials)
    return Written.SIGNED_OUT


def _note_dead_on_arrival(session: Session, lease: Lease, now: datetime) -> None:
    """Leave a service alone that hands out tokens which have expired already: asking again would loop."""
    sign_ins.note(
        session,
        lease.row_id,
        lease.version + 1,
        None,
        failures=1,
        failed_at=now,
        failed_code="expired_on_arrival",
        failed_text="The service hands out access tokens that have expired already",
        retry_at=now + OPEN_FOR,
    )


def _queue_revocation(session: Session, lease: Lease, credentials: Credentials) -> None:
    # signed out while the service answered: what it gave is for nobody
    if lease.endpoints.revoke_url is None:
        return
    revocations.queue(
        session,
        lease.person,
        lease.account.conn_id,
        credentials.access,
        None if credentials.refresh == lease.refresh_token else credentials.refresh,
        lease.account.binding().text(),
        endpoints.dump(lease.endpoints),
        credentials.issued_at,
    )


@dataclass(frozen=True)
class Noted:
    """What a failure means to whoever waits.

    :param retry_at: when the sign-in is tried again
    :param flagged: the account is called misconfigured
    :param soft_lapsed: the person has to sign in again, unless a later try succeeds
    """

    retry_at: datetime
    flagged: bool = False
    soft_lapsed: bool = False


def note_failure(session: Session, lease: Lease, error: OAuthError, now: datetime) -> Noted:
    """Write down that a refresh failed, in the row and for the account; nothing is deleted.

    What a service answers is about the sign-in it was asked for, which then backs off by itself; only where
    it does not answer, or asks to be left alone, the account's circuit opens.

    :param session: writes in its transaction
    :param lease: under which the service was asked
    :param error: what went wrong
    :param now: the time, in UTC
    :return: what follows
    """
    row = session.get(SignIn, lease.row_id)
    next_call_at = _next_call_at(lease.started, now, error.retry_after)
    if row is None or row.version != lease.version:
        return Noted(next_call_at)
    version = lease.version
    if error.rescued is not None and _keep_rescued(session, row, error.rescued):
        version += 1
    elif row.lease_owner != lease.owner:
        return Noted(next_call_at)
    failure = Failure(row.id, now, error.code or error.kind.value, error.text)
    failures = (row.failures or 0) + 1
    # a sign-in that fails again although others have succeeded since is in trouble by itself
    alone = is_answer(error) or (failures > 1 and not _is_known(session, lease.account.conn_id))
    backoff = min(OPEN_FOR * failures, LONGEST_BACKOFF) if alone else timedelta(0)
    jitter = timedelta(seconds=random.uniform(*JITTER))  # noqa: S311  # spreads load, guards nothing
    judged = soft_lapses.judge(session, row, now) if error.kind is Kind.UNKNOWN else None
    if judged is not None and judged.since is not None:
        backoff = soft_lapses.interval(judged.since, now)
    retry_at = max(next_call_at, lease.started + backoff) + jitter
    sign_ins.note(
        session,
        row.id,
        version,
        None,
        failures=failures,
        failed_at=now,
        failed_kind=error.kind.value,
        failed_code=failure.code[:60],
        failed_text=failure.text[:500],
        retry_at=retry_at,
        lease_owner=None,
        lease_until=None,
        **(judged.columns if judged is not None else {}),
    )
    if judged is not None:
        tell(session, lease.account.conn_id, lease.person, judged, failure.code)
    if is_answer(error):
        flagged = _note_answer(session, lease, error, failure)
        return Noted(
            retry_at, flagged, judged is not None and judged.columns.get("soft_lapsed_at") is not None
        )
    if not alone:
        account_health.note_silence(session, lease.account.conn_id, failure, next_call_at)
    return Noted(retry_at)


def tell(session: Session, conn_id: str, person: Person, judged: Judged, code: str) -> None:
    """Count a soft lapse, and put it into the audit log.

    :param session: writes in its transaction
    :param conn_id: id of the account
    :param person: whose sign-in it is
    :param judged: what the refusal means
    :param code: what the service said
    """
    if judged.is_news:
        metrics.soft_lapsed(conn_id)
        audit.write(session, "soft_lapse", conn_id=conn_id, person=person, code=code)
    if judged.withdrawn:
        audit.write(session, "soft_lapse_withdrawn", conn_id=conn_id, sign_ins=judged.withdrawn)


def is_answer(error: OAuthError) -> bool:
    """Whether a failure is what the service says of one sign-in, and no sign of trouble at the service.

    :param error: what went wrong
    :return: not for silence, 5xx, 408, 425, 429, pages and nonsense
    """
    return error.kind in (Kind.PERMANENT, Kind.UNKNOWN, *ADMINS_KINDS)


def _is_known(session: Session, conn_id: str) -> bool:
    health = account_health.of(session, conn_id)
    return health is not None and health.failed_at is not None


def _note_answer(session: Session, lease: Lease, error: OAuthError, failure: Failure) -> bool:
    """Whether the account is flagged now, for what the service said."""
    conn_id = lease.account.conn_id
    if error.kind is not Kind.MISCONFIGURED:  # that is our own word, before anybody was asked
        account_health.note_answer(session, conn_id)
    if error.kind not in ADMINS_KINDS:
        return False
    flagged, is_news = account_health.note_client_refused(session, conn_id, failure)
    if is_news:
        audit.write(session, "account_flagged", conn_id=conn_id, code=failure.code)
    return flagged


def _keep_rescued(session: Session, row: SignIn, refresh_token: str) -> bool:
    """Keep a new refresh token that came with an access token nobody can use."""
    known = sign_ins.open_credentials(row)
    return sign_ins.replace_credentials(
        session, row, row.version, replace(known, refresh=refresh_token), row.refreshed_at
    )


def _next_call_at(started: datetime, now: datetime, retry_after: int | None) -> datetime:
    if retry_after:
        return now + min(max(timedelta(seconds=retry_after), OPEN_FOR), LONGEST_OPEN)
    # from the call's start, or a service that hangs would be asked but once in a minute
    return max(started + OPEN_FOR, now + timedelta(seconds=1))


def is_untouched(session: Session, lease: Lease) -> bool:
    """Whether the row still holds the refresh token that was sent, and the lease is still held.

    :param session: a session
    :param lease: under which the service was asked
    :return: whether what the service said is about the present refresh token
    """
    row = session.get(SignIn, lease.row_id)
    return row is not None and (row.version, row.lease_owner) == (lease.version, lease.owner)


def lapse(session: Session, lease: Lease, error: OAuthError, now: datetime) -> bool:
    """Mark a sign-in as withdrawn by the service; its tokens stay, in case a predecessor's still arrive.

    :param session: writes in its transaction
    :param lease: under which the service was asked
    :param error: what the service said
    :param now: the time, in UTC
    :return: whether it was; when not, somebody else has changed or taken over the sign-in
    """
    lapsed = sign_ins.note(
        session,
        lease.row_id,
        lease.version,
        lease.owner,
        lapsed_at=now,
        lapsed_code=(error.code or error.kind.value)[:60],
        lapsed_text=error.text[:500],
        lease_owner=None,
        lease_until=None,
    )
    account_health.note_answer(session, lease.account.conn_id)
    if lapsed:
        metrics.lapsed(lease.account.conn_id)
        audit.write(session, "lapse", conn_id=lease.account.conn_id, person=lease.person, code=error.code)
    return lapsed
