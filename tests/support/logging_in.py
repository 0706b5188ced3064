"""Airflow's own log-in, as a browser goes through it: FAB's page, its form, and back."""

from __future__ import annotations

import re

import httpx2

from airflow_thirdparty.demo import users
from tests.support.people import Person

PASSWORDS = {user.name: user.password for user in (users.ALICE, users.BOB, users.CAROL, users.ADMIN)}

_REDIRECTS = (301, 302, 303, 307, 308)
_CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def log_out(browser: httpx2.Client) -> httpx2.Client:
    """Let the log-in end; whatever else the browser keeps, it keeps.

    :param browser: of somebody who is logged in
    :return: the same
    """
    for cookie in [cookie for cookie in browser.cookies.jar if cookie.name in ("_token", "session")]:
        browser.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)
    return browser


def log_in(browser: httpx2.Client, address: str, person: Person) -> list[str]:
    """Go through the log-in page.

    :param browser: of whoever sits there
    :param address: where the browser was sent to
    :param person: who logs in
    :return: every address on the way; the last one is where the browser is to go now
    """
    visited = [address]
    page = browser.get(address)
    while page.status_code in _REDIRECTS:
        visited.append(str(page.headers["location"]))
        page = browser.get(visited[-1])
    found = _CSRF.search(page.text)
    assert found, page.text
    form = {"username": person.name, "password": PASSWORDS[person.name], "csrf_token": found.group(1)}
    done = browser.post(str(page.url), data=form)
    assert done.status_code in _REDIRECTS, done.text
    return [*visited, str(done.headers["location"])]
