"""A real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from airflow_thirdparty.demo import browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def chromium() -> Iterator[Browser]:
    """Debian's chromium, without a screen. It keeps the thread's event loop while it is open."""
    with browser.open_browser() as opened:
        yield opened
