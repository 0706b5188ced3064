"""A sign-in that cannot be refreshed, beside the time that runs of a DAG take."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from airflow_thirdparty.server.broker.tokens.horizon import will_not_outlive

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("ends_at", "usual", "words"),
    [
        pytest.param(NOON + HOUR, None, "", id="never ran"),
        pytest.param(NOON + HOUR, HOUR, "", id="just long enough"),
        pytest.param(NOON + HOUR, 2 * HOUR, "ends at 2026-01-01 13:00 UTC", id="too short"),
        pytest.param(NOON + HOUR, 2 * HOUR, "usually take 120 minutes", id="in minutes"),
        pytest.param(NOON, timedelta(seconds=20), "usually take a minute", id="short runs"),
        pytest.param(NOON - HOUR, HOUR / 2, "will not outlive this run", id="over already"),
    ],
)
def test_what_is_said(ends_at: datetime, usual: timedelta | None, words: str) -> None:
    said = will_not_outlive(ends_at, NOON, usual)
    assert words in said
    assert bool(said) is bool(words)
