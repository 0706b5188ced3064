"""A person at a real browser: logs in to Airflow, signs in to an account."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_thirdparty import wire
from airflow_thirdparty.demo.errors import DemoError
from airflow_thirdparty.demo.users import User

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic")
MILLISECONDS = 30_000
"""For whatever the page has to show: Airflow's first page takes ten seconds on a busy machine."""


@contextlib.contextmanager
def open_browser() -> Iterator[Browser]:
    """Start a browser without a screen.

    :yield: the browser, which is closed in the end
    :raises DemoError: when none is installed
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise DemoError("the browser is driven by playwright. Install it: pip install playwright") from None
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise DemoError("no chromium was found. Install it, for example: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def page_of(browser: Browser, user: User, base_url: str, pictures: Path) -> Iterator[Page]:
    """A window in which the user has logged in to Airflow and sees the page of their accounts.

    :param browser: the browser; the window shares no cookies with others
    :param user: who
    :param base_url: Airflow's address
    :param pictures: a folder for a picture of what went wrong
    :yield: the window's page
    :raises DemoError: when the page does not do what it should
    """
    from playwright.sync_api import Error

    context = browser.new_context(base_url=base_url, viewport={"width": 1100, "height": 720})
    context.set_default_timeout(MILLISECONDS)
    page = context.new_page()
    try:
        page.goto(f"{wire.WEB_PREFIX}/")
        _log_in(page, user)
        page.wait_for_url(re.compile(re.escape(wire.WEB_PREFIX)))
        yield page
    except Error as error:
        picture = pictures / f"{user.name}.png"
        page.screenshot(path=picture)
        raise DemoError(f"in {user.name}'s browser: {error}\nWhat it showed: {picture}") from None
    finally:
        context.close()


def sign_in(page: Page, conn_id: str, as_whom: str) -> None:
    """Press *Sign in*, tell the service who one is, and wait until the page shows it by itself.

    :param page: the page of the accounts
    :param conn_id: the account
    :param as_whom: the name at the service
    """
    account = page.locator(f"[data-account='{conn_id}']")
    # A reload would forget this.
    page.evaluate("window.notReloaded = true")
    with page.expect_popup() as opened:
        account.get_by_role("button", name=re.compile("^Sign in")).click()
    window = opened.value
    window.get_by_label("User name").fill(as_whom)
    window.get_by_role("button", name="Sign in").click()
    account.locator("[data-status='signed_in']").wait_for()
    if not page.evaluate("window.notReloaded === true"):
        raise DemoError("the page turned green only after a reload")


def _log_in(page: Page, user: User) -> None:
    link = page.get_by_role("link", name="Log in", exact=True)
    name = page.locator("input[name='username']")
    link.or_(name).first.wait_for()
    if link.is_visible():
        link.click()
    name.fill(user.name)
    page.locator("input[name='password']").fill(user.password)
    page.locator("input[type='submit'], button[type='submit']").first.click()
