"""One short walk in each role, with the real demo and a real browser: that all hangs together."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from airflow_thirdparty.demo import users
from airflow_thirdparty.demo.account import CONN_ID
from airflow_thirdparty.demo.browser import page_of, sign_in
from tests.e2e.conftest import Terminal
from tests.support.browsing import browsing, complaints_of
from tests.support.people import Person

ACCOUNT = f"[data-account='{CONN_ID}']"


def test_a_person_signs_in_and_out(demo: Terminal, chromium: Browser, tmp_path: Path) -> None:
    with page_of(chromium, users.ALICE, demo.state().base_url, tmp_path) as page:
        complaints = complaints_of(page)
        account = page.locator(ACCOUNT)
        expect(account.locator("[data-status='sign_in_needed']")).to_be_visible()
        sign_in(page, CONN_ID, "alice")
        expect(account).to_contain_text("Signed in as alice", ignore_case=True)
        account.get_by_role("button", name=re.compile("^Sign out")).click()
        page.get_by_role("alertdialog").or_(page.get_by_role("dialog")).get_by_role(
            "button", name=re.compile("^Sign out")
        ).click()
        expect(account.locator("[data-status='sign_in_needed']")).to_be_visible()
        assert complaints == []


def test_an_admin_sees_the_account_and_the_dags_at_risk(chromium: Browser, admin: Person) -> None:
    with browsing(chromium, admin) as page:
        complaints = complaints_of(page)
        page.goto("/third-party-accounts/")
        expect(page.locator(ACCOUNT)).to_be_visible()
        page.get_by_role("tab", name="Administration").click()
        at_risk = page.get_by_role("region", name="Nobody has reviewed these")
        expect(at_risk.get_by_role("link", name="team_digest")).to_be_visible()
        assert complaints == []
