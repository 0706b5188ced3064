"""The pages in other languages, one of which runs from right to left, on a desk and on a phone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import airflow_thirdparty
from airflow_thirdparty.demo.account import CONN_ID
from tests.support.browsing import browsing, complaints_of
from tests.support.people import Person

WORDS = Path(airflow_thirdparty.__file__).parent / "ui" / "src" / "words"
STAND_ALONE = "/third-party-accounts/"
IN_AIRFLOW = "/plugin/third-party-accounts"
PHONE, DESK = 390, 1280


def word(language: str, key: str) -> str:
    return str(json.loads((WORDS / f"{language}.json").read_text())[key])


def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize(
    ("asked", "language", "direction"),
    [
        pytest.param("de-AT", "de", "ltr", id="German, of Austria"),
        pytest.param("ar", "ar", "rtl", id="Arabic"),
        pytest.param("sv", "en", "ltr", id="one there are no words for"),
    ],
)
def test_stand_alone_it_speaks_what_the_browser_asks_for(
    chromium: Browser, alice: Person, asked: str, language: str, direction: str, width: int
) -> None:
    with browsing(chromium, alice, language=asked, width=width) as page:
        complaints = complaints_of(page)
        page.goto(STAND_ALONE)
        expect(page.get_by_role("heading", name=word(language, "page.title"), exact=True)).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("html")).to_have_attribute("dir", direction)
        expect(page.get_by_role("list", name=word(language, "page.your_accounts"))).to_be_visible()
        assert fits(page)
        assert complaints == []


UNTOLD = """
const said = Element.prototype.setAttribute;
Element.prototype.setAttribute = function (name, value) {
  if (name !== "lang") said.call(this, name, value);
};
"""
"""Airflow tells the document of no language that it had loaded before its layout was drawn."""


@pytest.mark.parametrize(
    "before", [pytest.param("", id="told"), pytest.param(UNTOLD, id="the document untold")]
)
@pytest.mark.parametrize("language", ["de", "ar", "en"])
def test_in_airflow_it_speaks_what_airflow_speaks(
    chromium: Browser, alice: Person, language: str, before: str
) -> None:
    script = f"{before};localStorage.setItem('i18nextLng', '{language}')"
    with browsing(chromium, alice, script=script, language="sv") as page:
        complaints = complaints_of(page)
        page.goto(IN_AIRFLOW)
        expect(page.get_by_role("heading", name=word(language, "page.title"), exact=True)).to_be_visible()
        assert complaints == []


def test_from_right_to_left_the_buttons_stand_at_the_left(chromium: Browser, alice: Person) -> None:
    with browsing(chromium, alice, language="ar") as page:
        complaints = complaints_of(page)
        page.goto(STAND_ALONE)
        card = page.locator(f"[data-account='{CONN_ID}']")
        button = card.get_by_role("button").first
        expect(button).to_be_visible()
        heading_box, button_box = card.get_by_role("heading").bounding_box(), button.bounding_box()
        assert heading_box is not None
        assert button_box is not None
        assert button_box["x"] < heading_box["x"]
        assert complaints == []


@pytest.mark.parametrize("inside", [False, True], ids=["by itself", "inside Airflow"])
def test_from_right_to_left_tabs_tables_and_dialogs_run_so(
    chromium: Browser, admin: Person, inside: bool
) -> None:
    script = "localStorage.setItem('i18nextLng', 'ar')"
    with browsing(chromium, admin, script=script, language="ar") as page:
        complaints = complaints_of(page)
        page.goto(f"{IN_AIRFLOW if inside else STAND_ALONE}#administration")
        table = page.get_by_role("region", name=word("ar", "admin.accounts"), exact=True)
        expect(table).to_be_visible()
        part = page.locator("[data-part='third-party-accounts']")
        first, second = (part.get_by_role("tab").nth(number).bounding_box() for number in (0, 1))
        assert first is not None
        assert second is not None
        assert first["x"] > second["x"]
        expect(table).to_have_css("direction", "rtl")
        page.get_by_role("button", name=word("ar", "add.open")).click()
        expect(page.get_by_role("dialog")).to_have_css("direction", "rtl")
        assert complaints == []


@pytest.mark.parametrize("language", ["de", "ar"])
def test_a_check_is_told_in_the_readers_language(chromium: Browser, admin: Person, language: str) -> None:
    with browsing(chromium, admin, language=language) as page:
        complaints = complaints_of(page)
        page.goto(f"{STAND_ALONE}#administration")
        row = page.get_by_role("region", name=word(language, "admin.accounts"), exact=True).get_by_role(
            "row", name=CONN_ID
        )
        with page.expect_response("**/check") as answer:
            row.get_by_role("button", name=re.compile(f"^{word(language, 'check.check')}")).click()
        found = answer.value.json()["findings"]
        dialog = page.get_by_role("dialog")
        expect(dialog.locator("[data-step]")).to_have_count(len(found))
        shown = dialog.inner_text()
        assert [each["text"] for each in found if each["text"] in shown] == []
        assert complaints == []


@pytest.mark.parametrize("language", ["de", "ar"])
def test_the_reasons_of_a_warning_are_told_in_the_readers_language(
    chromium: Browser, alice: Person, language: str
) -> None:
    with browsing(chromium, alice, script=f"localStorage.setItem('i18nextLng', '{language}')") as page:
        complaints = complaints_of(page)
        with page.expect_response("**/dags/team_digest/accounts") as answer:
            page.goto("/dags/team_digest/plugin/dag-third-party-accounts")
        page.get_by_role("button", name=word(language, "button.why")).click()
        heading = word(language, "warning.why").partition("\n")[0]
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
        assert page.get_by_text(answer.value.json()["warning"]["message"]).count() == 0
        assert complaints == []
