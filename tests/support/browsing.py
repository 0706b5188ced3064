"""A real browser."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from airflow_thirdparty.demo import browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

    from tests.support.people import Person


@contextlib.contextmanager
def patient_browser() -> Iterator[Browser]:
    """Debian's chromium, without a screen. It keeps the thread's event loop while it is open."""
    from playwright.sync_api import expect

    expect.set_options(timeout=browser.MILLISECONDS)  # Playwright's 5 seconds are few on a busy machine
    with browser.open_browser() as opened:
        yield opened


@pytest.fixture
def chromium() -> Iterator[Browser]:
    """A browser for one test."""
    with patient_browser() as opened:
        yield opened


def complaints_of(page: Page) -> list[str]:
    """Fills itself with what the page complains about."""
    found: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            found.append(f"{page.url}: {message.text} ({message.location['url']})")

    page.on("console", listen)
    page.on("pageerror", lambda error: found.append(f"{page.url}: {error}"))
    return found


def refusal(status: int, address: str) -> str:
    """What the browser writes into its console of an answer that is no success, as a pattern.

    :param status: of the answer
    :param address: how the address asked ends, as a pattern
    """
    return rf"Failed to load resource: .*status of {status} .*{address}\)$"


def assert_only(complaints: list[str], *expected: str) -> None:
    """Make sure that a page complained of what it was made to complain of, and of nothing else.

    :param complaints: what it complained of
    :param expected: patterns, each of which was met
    """
    others = [said for said in complaints if not any(re.search(each, said) for each in expected)]
    unmet = [each for each in expected if not any(re.search(each, said) for said in complaints)]
    assert (others, unmet) == ([], [])


@contextlib.contextmanager
def browsing(
    chromium: Browser,
    person: Person,
    script: str = "",
    dark: bool = False,
    language: str = "en-US",
    width: int = 1280,
) -> Iterator[Page]:
    """A tab of somebody who is logged in to Airflow.

    :param person: who
    :param script: runs before the scripts of every page
    :param dark: whether they like it dark
    :param language: what their browser asks for
    :param width: of the window, in pixels
    """
    context = chromium.new_context(
        base_url=person.url,
        color_scheme="dark" if dark else "light",
        locale=language,
        viewport={"width": width, "height": 844},
    )
    context.add_cookies([{"name": "_token", "value": person.jwt, "url": person.url}])
    context.set_default_timeout(browser.MILLISECONDS)
    if script:
        context.add_init_script(script)
    try:
        yield context.new_page()
    finally:
        context.close()
