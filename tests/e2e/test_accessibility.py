"""What assistive technology meets on every page of ours: by axe, without a finding, in every look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import airflow_thirdparty
from tests.e2e.conftest import task_tab
from tests.support.browsing import browsing, complaints_of
from tests.support.people import Person

AXE = Path(airflow_thirdparty.__file__).parent / "ui" / "node_modules" / "axe-core" / "axe.min.js"
OURS = "[data-part='third-party-accounts']"
LOOKS = [
    pytest.param({}, id="light"),
    pytest.param({"dark": True}, id="dark"),
    pytest.param({"width": 390}, id="on a phone"),
    pytest.param({"language": "ar"}, id="from right to left"),
]


def findings(page: Page, place: str = OURS) -> list[str]:
    """What axe finds wrong in a part of the page."""
    page.wait_for_timeout(400)  # colours fade in
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate(f"axe.run({{include: [[{json.dumps(place)}]]}})")
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("tab", ["", "#administration"], ids=["my accounts", "administration"])
def test_the_page(chromium: Browser, admin: Person, tab: str, look: dict[str, Any]) -> None:
    with browsing(chromium, admin, **look) as page:
        complaints = complaints_of(page)
        page.goto(f"/third-party-accounts/{tab}")
        expect(page.locator(f"{OURS} [role=tabpanel]:visible").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert findings(page) == []
        assert complaints == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/plugin/third-party-accounts", id="in the navigation"),
        pytest.param("/dags/team_digest/plugin/dag-third-party-accounts", id="a DAG's tab"),
    ],
)
def test_inside_airflow(chromium: Browser, alice: Person, path: str, dark: bool) -> None:
    script = f"localStorage.setItem('theme', '{'dark' if dark else 'light'}')"
    with browsing(chromium, alice, script=script, dark=dark) as page:
        complaints = complaints_of(page)
        page.goto(path)
        expect(page.locator(f"{OURS} [data-account]").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert findings(page) == []
        assert complaints == []


@pytest.fixture(scope="module")
def refused(carol: Person) -> str:
    """The tab of a task that was refused, since carol has not signed in."""
    return task_tab(carol, "ask_the_service")


@pytest.mark.parametrize("look", LOOKS)
def test_a_tasks_tab(chromium: Browser, carol: Person, refused: str, look: dict[str, Any]) -> None:
    theme, language = "dark" if look.get("dark") else "light", look.get("language", "en")
    script = f"localStorage.setItem('theme', '{theme}'); localStorage.setItem('i18nextLng', '{language}')"
    with browsing(chromium, carol, script=script, **look) as page:
        complaints = complaints_of(page)
        page.goto(refused)
        expect(page.locator(f"{OURS} li").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert findings(page) == []
        assert complaints == []


def test_the_gallery_and_the_form_of_a_new_account(chromium: Browser, admin: Person) -> None:
    with browsing(chromium, admin) as page:
        complaints = complaints_of(page)
        page.goto("/third-party-accounts/#administration")
        page.get_by_role("button", name="Add an account").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("button", name="GitHub", exact=True)).to_be_visible()
        assert findings(page, "[role=dialog]") == []
        dialog.get_by_role("button", name="GitHub", exact=True).click()
        expect(dialog.get_by_label("Client ID")).to_be_visible()
        assert findings(page, "[role=dialog]") == []
        assert complaints == []
