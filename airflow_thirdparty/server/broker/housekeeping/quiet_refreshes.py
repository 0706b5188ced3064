"""Refreshes that nobody asks for: of sign-ins that a service refused, and of those that end when not used."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.exceptions import AccountMisconfigured, ThirdPartyAccountError
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.broker.tokens import keep_alive
from airflow_thirdparty.server.broker.tokens.refresher import Refresher
from airflow_thirdparty.server.people.directory import directory, user_state_of
from airflow_thirdparty.server.people.user_state import UserState
from airflow_thirdparty.server.store.delegations import Delegation
from airflow_thirdparty.server.store.models import SignIn
from airflow_thirdparty.server.store.usage import Usage
from airflow_thirdparty.urls import origin_of

MAX_WAIT = 10.0
"""Seconds a round waits for them; what takes longer goes on, and its service is not asked anew meanwhile."""

AT_ONCE = 500
"""Most rows of an account that a round looks at, those first that have waited longest. What cannot be
refreshed stays for months at some services, and keeps no other account's sign-ins waiting, nor those made
since the account was registered otherwise."""


@dataclass(frozen=True)
class Due:
    """A sign-in to be refreshed.

    :param row_id: its id
    :param version: of its credentials
    :param account: the account as it is registered now
    """

    row_id: int
    version: int
    account: Account


async def refresh_all(refresher: Refresher, due: Sequence[Due]) -> None:
    """Refresh sign-ins, none of which asks another's service.

    :param refresher: what refreshes sign-ins in this process
    :param due: what :func:`find_due` found
    """

    async def refresh(one: Due) -> None:
        with suppress(ThirdPartyAccountError):  # what came of it stands in the row
            await refresher.refresh(one.row_id, one.version, one.account, MAX_WAIT)

    if due:
        await asyncio.gather(*(refresh(one) for one in due))


def find_due(session: Session, now: datetime) -> list[Due]:
    """The sign-ins to be refreshed now, at most one of each service, and none where a call is under way.

    :param session: a session
    :param now: the time, in UTC
    :return: them
    """
    accounts = _Accounts(session)
    busy = {accounts.service(conn_id) for conn_id in _with_calls(session, now)}
    found: dict[str, Due] = {}
    for statement, is_due in ((_softly_lapsed(now), _always), (_idle(session, now), keep_alive.is_due)):
        for row in _present(session, statement):
            account = accounts.usable(row)
            service = accounts.service(row.conn_id)
            if account is not None and service not in busy and is_due(account, row, now):
                found.setdefault(service, Due(row.id, row.version, account))
    return list(found.values())


def _always(account: Account, row: SignIn, now: datetime) -> bool:
    return True


def _idle(session: Session, now: datetime) -> Select[Any]:
    """Sign-ins that may have to be kept alive: in the second half of their refresh token's life, in use."""
    days = settings.keep_alive_days()
    within = now - timedelta(days=days)
    last = func.coalesce(SignIn.refreshed_at, SignIn.signed_in_at)
    ending = [
        and_(
            SignIn.conn_id == entry.account.conn_id,
            last > now - timedelta(seconds=entry.account.refresh_lifetime),
            last <= now - timedelta(seconds=entry.account.refresh_lifetime) * keep_alive.BETWEEN[0],
        )
        for entry in registrations.list_all(session)
        if entry.account is not None and keep_alive.can_be_kept(entry.account, now, now, days)
    ]
    used = exists().where(
        Usage.belongs_to(SignIn.person_key()), Usage.conn_id == SignIn.conn_id, Usage.last_at >= within
    )
    delegated = exists().where(
        Delegation.belongs_to(SignIn.person_key()),
        Delegation.conn_id == SignIn.conn_id,
        Delegation.made_at >= within,
        Delegation.not_ended(now),
    )
    idle = and_(
        or_(false(), *ending),
        SignIn.soft_lapsed_at.is_(None),
        or_(SignIn.failed_at.is_(None), SignIn.failed_at <= now - keep_alive.AT_MOST),
        or_(used, delegated),
    )
    return _refreshable(now, idle, last)


def _softly_lapsed(now: datetime) -> Select[Any]:
    return _refreshable(now, SignIn.soft_lapsed_at.is_not(None), SignIn.retry_at)


def _refreshable(now: datetime, which: ColumnElement[bool], order: Any) -> Select[Any]:
    place = func.row_number().over(partition_by=(SignIn.conn_id, SignIn.binding), order_by=order)
    waiting = (
        select(SignIn.id, place.label("place"))
        .where(
            SignIn.lapsed_at.is_(None),
            SignIn.sealed_refresh.is_not(None),
            or_(SignIn.retry_at.is_(None), SignIn.retry_at <= now),
            or_(SignIn.lease_until.is_(None), SignIn.lease_until < now),
            which,
        )
        .subquery()
    )
    columns = directory().columns(SignIn.auth_manager.expression, SignIn.user_id.expression)
    first = select(SignIn, *columns).join(waiting, waiting.c.id == SignIn.id)
    return first.where(waiting.c.place <= AT_ONCE).order_by(order)


def _present(session: Session, statement: Select[Any]) -> Iterator[SignIn]:
    for row, *values in session.execute(statement):
        if user_state_of(row.person, values) is UserState.PRESENT:
            yield row


def _with_calls(session: Session, now: datetime) -> list[str]:
    """Accounts whose service some process is calling."""
    return list(session.scalars(select(SignIn.conn_id).where(SignIn.lease_until >= now).distinct()))


class _Accounts:
    """Accounts by id, each read once.

    :param session: reads them
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, Account | None] = {}

    def _find(self, conn_id: str) -> Account | None:
        if conn_id not in self._known:
            try:
                self._known[conn_id] = registrations.find(self._session, conn_id)
            except AccountMisconfigured:
                self._known[conn_id] = None
        return self._known[conn_id]

    def usable(self, row: SignIn) -> Account | None:
        """The account of a sign-in that may be refreshed.

        :param row: the sign-in
        :return: ``None`` when it points elsewhere now, or cannot be used
        """
        account = self._find(row.conn_id)
        return account if account is not None and account.binding().covers(row.binding) else None

    def service(self, conn_id: str) -> str:
        """What two accounts have in common that are at one service.

        :param conn_id: id of the account
        :return: the origin of its token endpoint or issuer; its id where it has neither
        """
        account = self._find(conn_id)
        url = account and (account.exchange_url or account.issuer)
        return origin_of(url) if url else conn_id
