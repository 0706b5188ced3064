"""``make demo``: what is started, what it looks like in a browser, what is left of it."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, expect

from airflow_thirdparty.demo import users
from airflow_thirdparty.demo.account import CONN_ID
from airflow_thirdparty.demo.browser import page_of, sign_in
from airflow_thirdparty.demo.rest import AirflowClient
from tests.e2e.conftest import READY, SECONDS, Terminal
from tests.support.people import Person

ACCOUNT = f"[data-account='{CONN_ID}']"


def test_it_says_where_to_go_and_as_whom(demo: Terminal) -> None:
    state = demo.state()
    for words in (state.base_url, state.issuer, "/third-party-accounts/", str(demo.folder)):
        assert words in demo.output
    for user in users.EVERYBODY:
        assert re.search(rf"{user.name} +password {user.password} +role {user.role}", demo.output)


def test_it_is_ready_within_a_minute(demo: Terminal) -> None:
    assert re.search(r"[0-9.]+ s +ready", demo.output)
    # Counted, not timed, since the machine may be busy: two idle cores take half as long, seen 20 s.
    assert demo.processor_seconds() < 80


def test_tasks_can_be_deferred(demo: Terminal, admin: Person) -> None:
    deadline = time.monotonic() + SECONDS
    while admin.rest.get("/api/v2/monitor/health").json()["triggerer"]["status"] != "healthy":
        assert time.monotonic() < deadline, (demo.state().logs / "triggerer.log").read_text()
        time.sleep(0.5)


def test_who_says_no_at_the_service_is_not_signed_in(
    demo: Terminal, chromium: Browser, tmp_path: Path
) -> None:
    with page_of(chromium, users.CAROL, demo.state().base_url, tmp_path) as page:
        account = page.locator(ACCOUNT)
        with page.expect_popup() as opened:
            account.get_by_role("button", name=re.compile("^Sign in")).click()
        opened.value.get_by_role("button", name="Cancel").click()
        expect(account).to_contain_text("cancel", ignore_case=True)
        expect(account.locator("[data-status='sign_in_needed']")).to_be_visible()


@pytest.mark.parametrize("user", [users.ALICE, users.ADMIN], ids=lambda user: user.name)
def test_the_page_inside_airflow(demo: Terminal, chromium: Browser, tmp_path: Path, user: users.User) -> None:
    with page_of(chromium, user, demo.state().base_url, tmp_path) as page:
        page.goto("/plugin/third-party-accounts")
        expect(page.locator(ACCOUNT)).to_be_visible()


def test_it_survives_a_frozen_identity_provider(demo: Terminal) -> None:
    (provider,) = (
        child for child in psutil.Process(demo.process.pid).children() if "server.mjs" in child.cmdline()
    )
    provider.suspend()
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            demo.process.wait(10)
    finally:
        provider.resume()


def test_it_ends_cleanly_and_begins_where_it_was(demo: Terminal, chromium: Browser, tmp_path: Path) -> None:
    state = demo.state()
    silent = "Airflow did not answer."
    with page_of(chromium, users.BOB, state.base_url, tmp_path) as page:
        sign_in(page, CONN_ID, "bob")
        assert demo.press_ctrl_c() == 0, demo.output
        try:
            assert "Traceback" not in demo.output
            assert demo.processes() == []
            page.evaluate("window.dispatchEvent(new Event('visibilitychange'))")  # somebody looks at it again
            expect(page.get_by_text(silent).first).to_be_visible(timeout=90_000)
        finally:
            demo.start()
            demo.wait_for(READY)
        assert demo.state() == state
        expect(page.get_by_text(silent)).to_have_count(0, timeout=30_000)
        expect(page.locator(f"{ACCOUNT} [data-status='signed_in']")).to_be_visible()
    answer = AirflowClient(state.server_url, users.BOB).call(
        "GET", f"/third-party-accounts/api/v1/accounts/{CONN_ID}"
    )
    assert answer["status"] == "signed_in"
