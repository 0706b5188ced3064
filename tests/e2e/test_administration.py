"""An admin runs it all from the page: accounts from the gallery to their end, and people signed out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from airflow_thirdparty.demo.account import CONN_ID
from tests.e2e.conftest import Terminal
from tests.support import signing_in
from tests.support.browsing import assert_only, browsing, complaints_of, refusal
from tests.support.demo_database import open_database
from tests.support.people import Person

TAB = "/third-party-accounts/#administration"
MANY = 1000


@pytest.fixture(autouse=True)
def gone_afterwards(admin: Person, alice: Person) -> Iterator[None]:
    yield
    admin.rest.delete("/api/v2/connections/added")
    alice.browser.request("DELETE", f"{signing_in.api(CONN_ID)}/sign-in", json={})


def test_an_account_from_the_gallery_to_its_end(chromium: Browser, admin: Person, demo: Terminal) -> None:
    with browsing(chromium, admin) as page:
        complaints = complaints_of(page)
        page.goto(TAB)
        page.get_by_role("button", name="Add an account").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("searchbox").fill("openid")
        dialog.get_by_role("button", name="OpenID Connect").click()
        dialog.get_by_label("Id", exact=False).first.fill("added")
        redirect = f"{admin.url}/third-party-accounts/callback/added"
        expect(dialog.get_by_test_id("redirect-uri")).to_have_text(redirect)
        dialog.get_by_label("Issuer").fill(demo.state().issuer)
        dialog.get_by_label("Client ID").fill("nobody-knows-it")
        dialog.get_by_label("Client Secret").fill("a-secret-canary")
        dialog.get_by_role("button", name="Save and check").click()
        expect(dialog.locator("[data-step='discovery'][data-outcome='fine']")).to_be_visible(timeout=30_000)
        expect(dialog.locator("[data-step='client'][data-outcome='change']")).to_be_visible()
        dialog.get_by_role("button", name="Close").click()
        row = page.get_by_role("region", name="Accounts", exact=True).get_by_role("row", name="added")
        expect(row.locator("[data-state='failed']")).to_be_visible()
        row.get_by_role("button", name=re.compile("^Edit")).click()
        expect(dialog.get_by_label("Issuer")).to_have_value(demo.state().issuer)
        expect(dialog.get_by_label("Client Secret")).to_have_value("")
        assert "a-secret-canary" not in page.content()
        dialog.get_by_label("Minimum lifetime").fill("soon")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_text("'Minimum lifetime'")).to_be_visible()
        dialog.get_by_role("button", name="Delete").click()
        question = page.get_by_role("alertdialog")
        expect(question).to_contain_text("Nobody is signed in")
        question.get_by_role("button", name="Delete", exact=True).click()
        expect(row).to_have_count(0)
        assert_only(complaints, refusal(422, "/admin/accounts/added"))


def test_an_admin_signs_somebody_out(chromium: Browser, admin: Person, alice: Person) -> None:
    alice.sign_in(CONN_ID)
    with browsing(chromium, admin) as page:
        complaints = complaints_of(page)
        page.goto(TAB)
        page.get_by_role("button", name=re.compile(f"people signed in to {CONN_ID}$")).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Sign out …: alice").click()
        page.get_by_role("alertdialog").get_by_role("button", name="Sign out").click()
        expect(dialog.get_by_text("Nobody is like that.")).to_be_visible()
        assert complaints == []
    assert alice.browser.get(signing_in.api(CONN_ID)).json()["status"] == "sign_in_needed"


def test_a_thousand_accounts_are_searched_and_paged(
    chromium: Browser, alice: Person, admin: Person, demo: Terminal
) -> None:
    extra = '{"service": "custom", "kind": "key"}'
    with open_database(demo.state()) as database:
        for number in range(MANY):
            database.insert(
                "connection",
                conn_id=f"many_{number:04}",
                conn_type="third_party_account",
                host="https://service.invalid",
                extra=extra,
                is_encrypted=False,
                is_extra_encrypted=False,
            )
        with browsing(chromium, alice) as page:
            complaints = complaints_of(page)
            page.goto("/third-party-accounts/")
            expect(page.get_by_text(re.compile(r"^1 to 50 of 1,00\d$"))).to_be_visible()
            expect(page.locator("[data-account]")).to_have_count(50)
            page.get_by_role("button", name="Next").click()
            expect(page.get_by_text(re.compile(r"^51 to 100 of"))).to_be_visible()
            page.get_by_role("searchbox").fill("many_0777")
            expect(page.locator("[data-account]")).to_have_count(1)
            expect(page.locator("[data-account='many_0777']")).to_be_visible()
            assert complaints == []
        with browsing(chromium, admin) as page:
            complaints = complaints_of(page)
            page.goto(TAB)
            table = page.get_by_role("region", name="Accounts", exact=True)
            expect(table.get_by_role("row")).to_have_count(1 + 50)
            pages = page.get_by_role("navigation", name="Pages of accounts").filter(visible=True)
            expect(pages).to_contain_text(re.compile(r"1 to 50 of 1,00\d"))
            pages.get_by_role("button", name="Next").click()
            expect(pages).to_contain_text("51 to 100 of")
            page.get_by_role("searchbox", name="Search accounts").filter(visible=True).fill("many_0777")
            expect(table.get_by_role("row")).to_have_count(1 + 1)
            expect(table.get_by_role("row", name="many_0777")).to_be_visible()
            assert complaints == []


def test_by_keyboard_alone_an_admin_reaches_a_services_form(chromium: Browser, admin: Person) -> None:
    with browsing(chromium, admin) as page:
        complaints = complaints_of(page)
        page.goto("/third-party-accounts/")
        tab = page.get_by_role("tab", name="My accounts")
        expect(tab).to_be_visible()
        tab.focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name="Administration")).to_be_focused()
        assert page.url.endswith("#administration")
        button = page.get_by_role("button", name="Add an account")
        expect(button).to_be_visible()
        page.keyboard.press("Tab")
        for _ in range(5):
            if button.evaluate("element => element === document.activeElement"):
                break
            page.keyboard.press("Tab")
        expect(button).to_be_focused()
        page.keyboard.press("Enter")
        search = page.get_by_role("dialog").get_by_role("searchbox")
        expect(search).to_be_visible()
        search.focus()
        page.keyboard.type("gitlab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog").get_by_label("Client ID")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(button).to_be_focused()
        assert complaints == []
