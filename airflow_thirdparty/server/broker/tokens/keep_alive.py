"""Refresh tokens that end when nobody uses them: when, and whether the sign-in is kept alive. Pure rules."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.store.models import SignIn

BETWEEN = (0.5, 0.75)
"""At which part of its life a refresh token is used, so that it is not the last day when the service is in
trouble. Spread over a quarter of it, so that sign-ins made together are not all refreshed at once."""

AT_MOST = timedelta(days=1)
"""How often a sign-in is refreshed for this: less than its token lives, or nothing is kept alive."""


def ends_at(account: Account, row: SignIn) -> datetime | None:
    """When a sign-in ends if it is not refreshed before.

    :param account: the account as it is registered now
    :param row: the sign-in
    :return: ``None`` when that is not known, or it cannot be refreshed anyway
    """
    if not account.refresh_lifetime or row.sealed_refresh is None:
        return None
    return (row.refreshed_at or row.signed_in_at) + timedelta(seconds=account.refresh_lifetime)


def can_be_kept(account: Account, used_at: datetime | None, now: datetime, days: int) -> bool:
    """Whether housekeeping keeps a sign-in alive.

    :param account: the account as it is registered now
    :param used_at: when the person last used or delegated it
    :param now: the time, in UTC
    :param days: how long ago that may be; 0 is off
    :return: whether it does
    """
    lives_long_enough = account.refresh_lifetime * (1 - BETWEEN[1]) >= AT_MOST.total_seconds()
    return lives_long_enough and days > 0 and used_at is not None and used_at >= now - timedelta(days=days)


def is_due(account: Account, row: SignIn, now: datetime) -> bool:
    """Whether a sign-in is to be refreshed now.

    :param account: the account as it is registered now
    :param row: the sign-in
    :param now: the time, in UTC
    :return: not more than once a day, and not when its refresh token has ended
    """
    end = ends_at(account, row)
    if end is None or now >= end or (row.failed_at is not None and now - row.failed_at < AT_MOST):
        return False
    low, high = BETWEEN
    part = low + (high - low) * (row.id * 0.6180339887 % 1)  # the golden ratio spreads ids evenly
    return now >= end - timedelta(seconds=account.refresh_lifetime) * (1 - part)
