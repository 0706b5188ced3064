"""The pictures in the manual, made of the pages as they are.

``make e2e PICTURES=docs/images PYTEST_OPTIONS='-k pictures'`` makes them anew; else they are only tried.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from airflow_thirdparty.demo.account import CONN_ID
from airflow_thirdparty.demo.environment import DAG_ID
from tests.e2e.conftest import Terminal
from tests.support import signing_in
from tests.support.browsing import browsing
from tests.support.demo_database import open_database
from tests.support.people import Person

ROOT = Path(__file__).parents[2]
SERVICES = {
    "github": "Issues and releases",
    "notion": "",
    "google_drive": "Reports in shared drives",
    "slack": "",
    "autodesk": "",
}
"""Accounts of known services, so that there is something to see; nothing is asked of them."""

PAGE = "/third-party-accounts/"
DAG_TAB = "/dags/team_digest/plugin/dag-third-party-accounts"
QUALITY = 88


@pytest.fixture(scope="module")
def populated(admin: Person, alice: Person, demo: Terminal) -> Iterator[None]:
    """Several accounts; alice has signed in to one, and a DAG of hers needs another."""
    for service, description in SERVICES.items():
        body = {"connection_id": service, "conn_type": "third_party_account", "description": description}
        client = {"login": "airflow", "password": "a-secret", "extra": f'{{"service": "{service}"}}'}
        assert admin.rest.post("/api/v2/connections", json={**body, **client}).is_success
    alice.sign_in(CONN_ID)
    alice.trigger(DAG_ID)
    with open_database(demo.state()) as database:
        database.tag(DAG_ID, "account:github")
        database.tag("team_digest", "account:github")
        yield
    alice.browser.request("DELETE", f"{signing_in.api(CONN_ID)}/sign-in", json={})
    for service in SERVICES:
        admin.rest.delete(f"/api/v2/connections/{service}")


def take(page: Page, name: str, tmp_path: Path, height: int = 0) -> None:
    """Write what the window shows to where the manual has its pictures, if that is asked for."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)  # colours fade in
    width = page.viewport_size["width"] if page.viewport_size else 0
    clip = {"clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}} if height else {}
    session = page.context.new_cdp_session(page)
    options: dict[str, Any] = {"format": "webp", "quality": QUALITY, **clip}
    picture = base64.b64decode(session.send("Page.captureScreenshot", options)["data"])
    assert picture[8:12] == b"WEBP"
    folder = ROOT / os.environ["PICTURES"] if "PICTURES" in os.environ else tmp_path
    (folder / f"{name}.webp").write_bytes(picture)
    if look := os.environ.get("PICTURES_TO_LOOK_AT"):
        (Path(look) / f"{name}.png").write_bytes(page.screenshot())
    shown = "\n".join(
        file.read_text(encoding="utf-8") for file in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
    )
    assert f"images/{name}.webp" in shown, "a picture that nobody sees"


@pytest.mark.usefixtures("populated")
@pytest.mark.parametrize(
    ("name", "look"),
    [
        pytest.param("accounts", {"width": 1100}, id="light"),
        pytest.param("accounts_dark", {"width": 1100, "dark": True}, id="dark"),
        pytest.param("accounts_phone", {"width": 390}, id="on a phone"),
        pytest.param("accounts_arabic", {"width": 1100, "language": "ar"}, id="from right to left"),
    ],
)
def test_my_accounts(
    chromium: Browser, alice: Person, tmp_path: Path, name: str, look: dict[str, Any]
) -> None:
    with browsing(chromium, alice, **look) as page:
        page.goto(PAGE)
        expect(page.locator("[data-account='slack']")).to_be_visible()
        take(page, name, tmp_path)


@pytest.mark.usefixtures("populated")
def test_a_dags_tab(chromium: Browser, alice: Person, tmp_path: Path) -> None:
    with browsing(chromium, alice, width=1280) as page:
        page.goto(DAG_TAB)
        expect(page.get_by_test_id("readiness")).to_be_visible()
        take(page, "dag_tab", tmp_path)


@pytest.mark.usefixtures("populated")
def test_the_administration(chromium: Browser, admin: Person, tmp_path: Path) -> None:
    with browsing(chromium, admin, width=1100) as page:
        page.goto(f"{PAGE}#administration")
        expect(page.get_by_role("region", name="Accounts", exact=True)).to_be_visible()
        take(page, "administration", tmp_path)


@pytest.mark.usefixtures("populated")
def test_the_gallery(chromium: Browser, admin: Person, tmp_path: Path) -> None:
    with browsing(chromium, admin, width=1100) as page:
        page.goto(f"{PAGE}#administration")
        page.get_by_role("button", name="Add an account").click()
        expect(page.get_by_role("dialog").get_by_role("button", name="GitHub", exact=True)).to_be_visible()
        take(page, "add_account", tmp_path)


@pytest.mark.usefixtures("populated")
def test_a_check(chromium: Browser, admin: Person, tmp_path: Path) -> None:
    with browsing(chromium, admin, width=1100) as page:
        page.goto(f"{PAGE}#administration")
        row = page.get_by_role("region", name="Accounts", exact=True).get_by_role("row", name=CONN_ID)
        row.get_by_role("button", name=re.compile("^Check")).click()
        expect(page.get_by_role("dialog").locator("[data-step='client']")).to_be_visible()
        take(page, "check", tmp_path)
