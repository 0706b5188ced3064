"""The time."""

from __future__ import annotations

from datetime import datetime, timezone


def utcnow() -> datetime:
    """The time, as an aware datetime."""
    return datetime.now(timezone.utc)
