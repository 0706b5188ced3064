"""When an access token ends, as its service says it or as it is assumed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Expiry:
    """When an access token ends.

    :param at: ``None`` when it is not known to end
    :param assumed: the service did not say; a reason to refresh it, never one to refuse it
    """

    at: datetime | None
    assumed: bool = False


def expiry(told: datetime | None, assumed_lifetime: int, now: datetime, *, refreshable: bool) -> Expiry:
    """When an access token ends that was just issued.

    :param told: what the service says; ``None`` when it does not
    :param assumed_lifetime: the account's, in seconds; 0 for tokens that do not end
    :param now: when it was issued
    :param refreshable: whether there is a refresh token; without one no end is assumed
    :return: what the service says, else what is assumed
    """
    if told is not None or not refreshable or assumed_lifetime == 0:
        return Expiry(told)
    return Expiry(now + timedelta(seconds=assumed_lifetime), assumed=True)
