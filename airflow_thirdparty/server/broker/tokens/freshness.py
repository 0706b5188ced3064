"""When an access token is good enough, and when it is refreshed early or first: pure rules."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

JUST_ISSUED = timedelta(seconds=20)
"""A token this young is the best the service gives, however short it lives; refreshing it would loop. As long
as those who waited for one refresh may take to come back for its result."""

SKEW = timedelta(seconds=5)
"""What an access token must still live to be handed out at all: the way to the task, and of its first
request."""

EARLY_FRACTION = (0.1, 0.2)
"""At which part of its lifetime before expiry a token is refreshed early: a tenth is six minutes of the usual
hour. Spread over twice that, so that sign-ins made together are not all refreshed at once."""


class Freshness(Enum):
    """What to do with the access token at hand."""

    USE = "use"
    USE_AND_REFRESH = "use and refresh"
    REFRESH_FIRST = "refresh first"
    ASK_FIRST = "ask the service first whether it still accepts it"


@dataclass(frozen=True)
class TokenRequirements:
    """What a task asks of an access token.

    :param scopes: scopes it must carry; empty means those of the account
    :param min_lifetime: seconds it must still live; 0 leaves it to the account
    :param force_refresh: the service refused the one at hand
    """

    scopes: tuple[str, ...] = ()
    min_lifetime: int = 0
    force_refresh: bool = False


def judge(
    issued_at: datetime,
    expires_at: datetime | None,
    requirements: TokenRequirements,
    account_min_lifetime: int,
    now: datetime,
    jitter: float | None = None,
    *,
    assumed: bool = False,
) -> Freshness:
    """Decide what to do with an access token.

    :param issued_at: when the service issued it
    :param expires_at: when it expires; ``None`` when the service did not say
    :param requirements: what the task asks of it
    :param account_min_lifetime: seconds before expiry at which the account wants it refreshed early
    :param now: the time, in UTC
    :param jitter: 0 to 1, where in :data:`EARLY_FRACTION` this call falls; random by default
    :param assumed: its end is assumed, so what it must still live is asked for up to half its lifetime only
    :return: what to do
    """
    young = timedelta(0) <= now - issued_at < JUST_ISSUED
    if requirements.force_refresh and not young:
        return Freshness.REFRESH_FIRST
    if expires_at is None:
        return Freshness.USE
    left = expires_at - now
    if left <= (timedelta(0) if young else SKEW):
        return Freshness.REFRESH_FIRST
    if young:
        return Freshness.USE
    needed = timedelta(seconds=requirements.min_lifetime)
    if left < (min(needed, (expires_at - issued_at) / 2) if assumed else needed):
        return Freshness.REFRESH_FIRST
    if left <= _margin(expires_at - issued_at, account_min_lifetime, jitter):
        return Freshness.USE_AND_REFRESH
    return Freshness.USE


def _margin(lifetime: timedelta, min_lifetime: int, jitter: float | None) -> timedelta:
    low, high = EARLY_FRACTION
    place = random.random() if jitter is None else jitter  # noqa: S311  # spreads load, guards nothing
    fraction = low + (high - low) * place
    # never more than half the lifetime: a service whose tokens live shorter than asked would be called
    # at every fetch
    return min(max(lifetime * fraction, timedelta(seconds=min_lifetime)), lifetime / 2)
