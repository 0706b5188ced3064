"""Who may refresh a sign-in now: the rules that all threads, tasks and processes meet in the row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.registry import endpoints, oauth_client
from airflow_thirdparty.server.broker.tokens import refusals
from airflow_thirdparty.server.oauth.types import Client, Endpoints
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import account_health, sign_ins
from airflow_thirdparty.server.store.clock import Clock
from airflow_thirdparty.server.store.models import SignIn
from airflow_thirdparty.server.store.seal import SealError
from airflow_thirdparty.server.store.sign_ins import Credentials

LEASE = timedelta(seconds=15)
"""How long a refresh may be silent before another process takes over. Its holder renews it every third of
that, so two failed writes in a row are borne."""

OPEN_FOR = timedelta(seconds=30)
"""How long a service in trouble is left alone, per account, from the start of the call that failed: longer
than the longest call (25 s), so a service that hangs has one caller at a time."""


@dataclass(frozen=True)
class Lease:
    """The right to refresh one sign-in, and all it takes.

    :param version: of the credentials that are to be replaced; fences every write
    :param owner: the process that holds it; fences every write that only the holder may make
    :param in_doubt: a predecessor's lease ran out: the service may have rotated the refresh token without
        anybody here knowing yet
    """

    row_id: int
    version: int
    owner: str
    started: datetime
    person: Person
    account: Account
    client: Client
    endpoints: Endpoints
    refresh_token: str = field(repr=False)
    scopes: tuple[str, ...]
    in_doubt: bool


@dataclass(frozen=True)
class Busy:
    """Somebody else is refreshing."""


def claim(
    session: Session, row_id: int, version: int, account: Account, owner: str, clock: Clock
) -> Lease | Busy | Credentials:
    """Take the lease, unless another holds it or there is nothing left to do.

    :param session: writes in its transaction
    :param row_id: id of the sign-in
    :param version: of the credentials that are not good enough
    :param account: the account as it is registered now
    :param owner: name of this process
    :param clock: tells the time that all processes agree on
    :raises ThirdPartyAccountError: when the sign-in cannot be refreshed, or the service is left alone now
    :return: the lease; or that somebody else holds it; or newer credentials than those the caller saw
    """
    clock.measure(session)
    now = clock()
    row = session.get(SignIn, row_id)
    if row is None:
        raise refusals.sign_in_required(account)
    refusals.check_sign_in(row, account)
    try:
        if row.version != version:
            return sign_ins.open_credentials(row)
        if row.lease_until is not None and row.lease_until >= now:
            return Busy()
        lease = _lease(session, row, account, owner, now)
    except SealError as error:
        raise refusals.cannot_be_opened(session, row, account, error) from None
    if not sign_ins.take_lease(session, row_id, version, owner, now, now + LEASE):
        return Busy()
    # last, so that an open circuit undoes the lease, and a lost lease does not use up the circuit's one try
    _check_circuit(session, row, account, now)
    return lease


def _lease(session: Session, row: SignIn, account: Account, owner: str, now: datetime) -> Lease:
    refresh_token = sign_ins.open_refresh(row)
    if refresh_token is None:
        raise refusals.expired_for_good(account)
    return Lease(
        row.id,
        row.version,
        owner,
        now,
        row.person,
        account,
        oauth_client.client(session, account),
        endpoints.current(row.endpoints, account),
        refresh_token,
        tuple(row.scopes.split()),
        in_doubt=row.lease_owner is not None,
    )


def _check_circuit(session: Session, row: SignIn, account: Account, now: datetime) -> None:
    if row.retry_at is not None and row.retry_at > now:
        raise refusals.backs_off(account, row, account_health.of(session, account.conn_id), row.retry_at)
    circuit = account_health.find_open_circuit(session, account.conn_id, row.id, now, now + OPEN_FOR)
    if circuit is not None:
        raise refusals.service_in_trouble(account, circuit.text, circuit.until)


def renew(session: Session, lease: Lease, clock: Clock) -> bool:
    """Hold on to a lease while the service takes its time.

    :param session: writes in its transaction
    :param lease: what is held
    :param clock: tells the time that all processes agree on
    :return: whether it was still held; when not, another process thought this one dead
    """
    return sign_ins.note(session, lease.row_id, lease.version, lease.owner, lease_until=clock() + LEASE)
