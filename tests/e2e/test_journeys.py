"""Journeys of people from beginning to end: all that they need at once, by keyboard, through failures."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psutil
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from airflow_thirdparty.demo.account import CONN_ID
from airflow_thirdparty.demo.browser import sign_in
from airflow_thirdparty.demo.environment import DAG_ID, child_environment
from tests.e2e.conftest import Terminal, task_tab
from tests.support import faulty_service_client, signing_in
from tests.support.accounts import Accounts
from tests.support.browsing import assert_only, browsing, complaints_of, refusal
from tests.support.demo_database import DemoDatabase, open_database
from tests.support.faulty_service_client import Remote
from tests.support.people import Person, with_role

PAGE = "/third-party-accounts/"
MINE = f"[data-account='{CONN_ID}']"
DELEGATED = "team_digest"
WANTED = ("wanted_one", "wanted_two")
TASK = "ask_the_service"
STILL = 0.01
"""A tenth of what browsers' makers call good, as they measure layout shift."""

CACHED_SECONDS = 60
"""Airflow keeps for 30 s what people may do; the machine may be busy."""


@pytest.fixture(autouse=True)
def signed_out(alice: Person, carol: Person) -> Iterator[None]:
    """Nobody is signed in to the demo's account, before and after."""
    _sign_out(alice, carol)
    yield
    _sign_out(alice, carol)


def _sign_out(*people: Person) -> None:
    for person in people:
        person.browser.request("DELETE", f"{signing_in.api(CONN_ID)}/sign-in", json={})


@pytest.fixture
def database(demo: Terminal) -> Iterator[DemoDatabase]:
    with open_database(demo.state()) as opened:
        yield opened


@pytest.fixture(scope="module")
def service() -> Iterator[Remote]:
    with faulty_service_client.running() as running:
        yield running


@pytest.fixture
def wanted(admin: Person, service: Remote) -> Iterator[tuple[str, ...]]:
    """Two accounts of a service that asks nobody anything."""
    accounts = Accounts(admin)
    for conn_id in WANTED:
        accounts.add(conn_id, service.base_url)
    yield WANTED
    accounts.remove_all()


def status(page: Page, conn_id: str, state: str) -> Locator:
    return page.locator(f"[data-account='{conn_id}'] [data-status='{state}']")


def test_sign_in_to_all_that_i_need(
    chromium: Browser, alice: Person, database: DemoDatabase, wanted: tuple[str, ...]
) -> None:
    alice.sign_in(CONN_ID)
    alice.trigger(DAG_ID)
    database.tag(DAG_ID, *(f"account:{conn_id}" for conn_id in wanted))
    with browsing(chromium, alice) as page:
        complaints = complaints_of(page)
        page.goto(PAGE)
        expect(page.get_by_test_id("summary")).to_have_text("2 accounts need you")
        expect(page.get_by_text(f"Needed by your DAG {DAG_ID}").first).to_be_visible()
        with page.expect_popup() as opened:
            page.get_by_role("button", name="Sign in to all 2 that need you").click()
        for conn_id in wanted:
            expect(status(page, conn_id, "signed_in")).to_be_visible()
        expect(page.get_by_test_id("summary")).to_have_text("Nothing needs you")
        if not opened.value.is_closed():
            opened.value.wait_for_event("close")
        assert complaints == []


def test_signing_out_says_what_stops(chromium: Browser, alice: Person, database: DemoDatabase) -> None:
    alice.sign_in(CONN_ID)
    alice.trigger(DAG_ID)
    database.delegation("alice", DELEGATED, CONN_ID)
    with browsing(chromium, alice) as page:
        complaints = complaints_of(page)
        page.goto(PAGE)
        page.locator(MINE).get_by_role("button", name=re.compile("^Sign out")).click()
        question = page.get_by_role("alertdialog")
        expect(question).to_contain_text(f"Scheduled runs stop acting as you: {DELEGATED}")
        expect(question).to_contain_text(re.compile(f"DAGs you triggered lately use it: .*{DAG_ID}"))
        expect(question.get_by_role("button", name="Cancel")).to_be_focused()
        question.get_by_role("button", name="Sign out").click()
        expect(status(page, CONN_ID, "sign_in_needed")).to_be_visible()
        assert complaints == []


def test_by_keyboard_alone_somebody_signs_in_and_out(chromium: Browser, alice: Person) -> None:
    with browsing(chromium, alice) as page:
        complaints = complaints_of(page)
        page.goto(PAGE)
        button = page.locator(MINE).get_by_role("button", name=re.compile("^Sign in"))
        expect(button).to_be_visible()
        _tab_to(page, button)
        with page.expect_popup() as opened:
            page.keyboard.press("Enter")
        window = opened.value
        window.get_by_label("User name").focus()
        window.keyboard.type("alice")
        window.keyboard.press("Enter")
        expect(status(page, CONN_ID, "signed_in")).to_be_visible()
        _tab_to(page, page.locator(MINE).get_by_role("button", name=re.compile("^Sign out")))
        page.keyboard.press("Enter")
        question = page.get_by_role("alertdialog")
        expect(question.get_by_role("button", name="Cancel")).to_be_focused()
        page.keyboard.press("Tab")
        expect(question.get_by_role("button", name="Sign out")).to_be_focused()
        page.keyboard.press("Enter")
        expect(status(page, CONN_ID, "sign_in_needed")).to_be_visible()
        expect(question).to_have_count(0)
        expect(page.locator(":focus")).to_have_count(1)  # it is not lost
        assert complaints == []


def _tab_to(page: Page, target: Locator, most: int = 30) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("the keyboard does not get there")


@pytest.mark.parametrize("inside", [False, True], ids=["by itself", "inside Airflow"])
@pytest.mark.parametrize("language", ["en-US", "ar"])
def test_on_a_phone_nothing_is_scrolled_sideways(
    chromium: Browser, admin: Person, inside: bool, language: str
) -> None:
    script = f"localStorage.setItem('i18nextLng', '{language.partition('-')[0]}')"
    with browsing(chromium, admin, script=script, width=390, language=language) as page:
        complaints = complaints_of(page)
        page.goto(f"{'/plugin/third-party-accounts' if inside else PAGE}#administration")
        table = page.locator("[data-part='third-party-accounts'] [role=region]").first
        expect(table).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert table.evaluate("element => element.scrollWidth > element.clientWidth"), "the table does so"
        assert complaints == []


WATCH = """
window.moved = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const ours = "[data-part='third-party-accounts']";
    const inside = entry.sources.some(({node}) => Boolean(node?.parentElement?.closest(ours)));
    window.moved.push({value: entry.value, inside});
  }
}).observe({type: "layout-shift", buffered: true});
"""
"""Notes all that moves, and whether something inside ours did; where Airflow puts ours is Airflow's."""


def shift_of(page: Page, *, ours: bool = False) -> float:
    """How much has moved: the browser's own measure, of which 0.1 is still called good."""
    moved = page.evaluate("window.moved")
    return float(sum(each["value"] for each in moved if each["inside"] or not ours))


def test_nothing_of_ours_moves_while_it_loads(chromium: Browser, alice: Person, admin: Person) -> None:
    for person, tab in ((alice, ""), (admin, ""), (admin, "#administration")):
        with browsing(chromium, person, script=WATCH) as page:
            complaints = complaints_of(page)
            page.goto(f"{PAGE}{tab}")
            expect(
                page.locator(f"{MINE}:visible, [role=tabpanel] [role=region]:visible").first
            ).to_be_visible()
            page.wait_for_load_state("networkidle")
            page.wait_for_timeout(500)
            assert shift_of(page) < STILL, (person.name, tab)
            assert complaints == []


def test_the_watch_would_notice_what_moves(chromium: Browser, alice: Person) -> None:
    with browsing(chromium, alice, script=WATCH) as page:
        page.goto("/plugin/third-party-accounts")
        expect(page.locator(MINE)).to_be_visible()
        page.wait_for_load_state("networkidle")
        page.evaluate(f"""document.querySelector("{MINE}").style.paddingTop = "300px" """)
        page.wait_for_timeout(500)
        assert shift_of(page, ours=True) > STILL


@pytest.mark.parametrize("what", ["the page", "the administration", "a DAG's tab", "a task's tab"])
def test_nothing_of_ours_moves_inside_airflow(
    chromium: Browser, alice: Person, admin: Person, what: str
) -> None:
    person = admin if what == "the administration" else alice
    address = {
        "the page": "/plugin/third-party-accounts",
        "the administration": "/plugin/third-party-accounts#administration",
        "a DAG's tab": f"/dags/{DELEGATED}/plugin/dag-third-party-accounts",
        "a task's tab": task_tab(alice, TASK) if what == "a task's tab" else "",
    }[what]
    with browsing(chromium, person, script=WATCH) as page:
        complaints = complaints_of(page)
        page.goto(address)
        expect(
            page.locator("[data-part='third-party-accounts'] :is([role=region], li)").first
        ).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert shift_of(page, ours=True) < STILL
        assert complaints == []


def test_an_admin_signs_everybody_out(chromium: Browser, admin: Person, alice: Person, carol: Person) -> None:
    for person in (alice, carol):
        person.sign_in(CONN_ID)
    with browsing(chromium, admin) as page:
        complaints = complaints_of(page)
        page.goto(f"{PAGE}#administration")
        page.get_by_role("button", name=re.compile(f"people signed in to {CONN_ID}$")).click()
        dialog = page.get_by_role("dialog")
        for person in (alice, carol):
            expect(dialog.get_by_role("row", name=re.compile(person.name))).to_be_visible()
        dialog.get_by_role("button", name="Sign everybody out").click()
        page.get_by_role("alertdialog").get_by_role("button", name="Sign everybody out").click()
        expect(page.get_by_role("alertdialog")).to_have_count(0)  # it hides the rows below it
        for person in (alice, carol):
            expect(dialog.get_by_role("row", name=re.compile(person.name))).to_have_count(0)
        assert complaints == []
    for person in (alice, carol):
        assert signing_in.view(person, CONN_ID)["status"] == "sign_in_needed"


def test_a_list_goes_back_a_page_when_the_last_one_is_empty(
    chromium: Browser, admin: Person, alice: Person, database: DemoDatabase
) -> None:
    alice.sign_in(CONN_ID)
    there = admin.browser.get(f"{PAGE}api/v1/admin/delegations").json()["total"]
    for number in range(51 - there):
        database.delegation("alice", f"nightly_{number}", CONN_ID)
    with browsing(chromium, admin) as page:
        complaints = complaints_of(page)
        page.goto(f"{PAGE}#administration")
        pages = page.get_by_role("navigation", name="Delegations", exact=True)
        rows = page.get_by_role("region", name="Delegations", exact=True).get_by_role("row")
        pages.get_by_role("button", name="Next").click()
        expect(rows).to_have_count(2)  # the head, and the fifty-first
        rows.last.get_by_role("button", name=re.compile("^Withdraw")).click()
        page.get_by_role("alertdialog").get_by_role("button", name="Withdraw", exact=True).click()
        expect(rows).to_have_count(51)
        expect(pages).to_have_count(0)
        assert complaints == []


def test_somebody_takes_along_what_is_kept_and_has_it_deleted(chromium: Browser, alice: Person) -> None:
    alice.sign_in(CONN_ID)
    with browsing(chromium, alice) as page:
        complaints = complaints_of(page)
        page.goto(PAGE)
        with page.expect_download() as download:
            page.get_by_role("link", name="Take it along").click()
        kept = json.loads(download.value.path().read_text(encoding="utf-8"))
        assert CONN_ID in json.dumps(kept)
        page.get_by_role("button", name="Delete …").click()
        page.get_by_role("alertdialog").get_by_role("button", name="Delete", exact=True).click()
        expect(status(page, CONN_ID, "sign_in_needed")).to_be_visible()
        assert complaints == []


def test_a_frozen_service_is_said_to_be_slow_and_there_is_a_way_out(
    chromium: Browser, alice: Person, demo: Terminal
) -> None:
    (provider,) = (
        child for child in psutil.Process(demo.process.pid).children() if "server.mjs" in child.cmdline()
    )
    with browsing(chromium, alice) as page:
        complaints = complaints_of(page)
        page.goto(PAGE)
        account = page.locator(MINE)
        provider.suspend()
        try:
            with page.expect_popup():
                account.get_by_role("button", name=re.compile("^Sign in")).click()
            expect(account.get_by_text(re.compile("takes long to answer"))).to_be_visible()
            expect(account.get_by_role("button", name="Cancel")).to_be_visible()
            expect(account.get_by_role("alert")).to_be_visible(timeout=40_000)
            expect(account.get_by_role("button", name=re.compile("^Sign in"))).to_be_enabled()
        finally:
            provider.resume()
        sign_in(page, CONN_ID, "alice")
        assert_only(complaints, refusal(503, f"/accounts/{CONN_ID}/sign-in"))


def test_a_session_that_ends_while_somebody_is_at_the_service(chromium: Browser, alice: Person) -> None:
    with browsing(chromium, alice) as page:
        complaints = complaints_of(page)
        page.goto(PAGE)
        account = page.locator(MINE)
        with page.expect_popup() as opened:
            account.get_by_role("button", name=re.compile("^Sign in")).click()
        window = opened.value
        complaints_in_window = complaints_of(window)
        window.get_by_label("User name").fill("alice")
        page.context.clear_cookies(name="_token")
        window.get_by_role("button", name="Sign in").click()
        name = window.locator("input[name='username']")
        link = window.get_by_role("link", name="Log in", exact=True)
        link.or_(name).first.wait_for()
        if link.is_visible():
            link.click()
        name.fill("alice")
        window.locator("input[name='password']").fill("alice")
        window.locator("input[type='submit'], button[type='submit']").first.click()
        expect(status(page, CONN_ID, "signed_in")).to_be_visible()
        assert complaints == []
        # Flask-AppBuilder's page at times has its own
        assert [said for said in complaints_in_window if "/auth/login/" not in said] == []


@pytest.fixture
def stock(admin: Person) -> Iterator[Callable[[str], Person]]:
    """Makes somebody with a stock role, as it is before anybody has shown it the page."""
    made: list[Person] = []

    def make(role: str) -> Person:
        lacks = {("can_read", "Plugins"), ("can_read", "Third-Party Accounts")}
        path = f"/auth/fab/v1/roles/{role}"
        actions = [
            each
            for each in admin.rest.get(path).json()["actions"]
            if (each["action"]["name"], each["resource"]["name"]) not in lacks
        ]
        body = {"name": role, "actions": actions}
        assert admin.rest.patch(path, json=body).is_success
        made.append(with_role(admin, role))
        return made[-1]

    yield make
    for person in made:
        person.close()
        admin.rest.delete(f"/auth/fab/v1/users/{person.name}")


def test_stock_roles_find_the_page_once_the_command_has_shown_it_to_them(
    chromium: Browser, stock: Callable[[str], Person], demo: Terminal
) -> None:
    people = [stock(role) for role in ("User", "Viewer")]
    for person in people:
        with browsing(chromium, person) as page:
            complaints = complaints_of(page)
            page.goto("/dags")
            expect(page.get_by_text("Dags", exact=True).first).to_be_visible()
            page.wait_for_load_state("networkidle")
            expect(page.get_by_text("Accounts", exact=True)).to_have_count(0)
            assert_only(complaints, refusal(403, "/api/v2/plugins"))
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "third-party-accounts", "grant-role", "User", "Viewer"],
        env=child_environment(demo.state()),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    deadline = time.monotonic() + CACHED_SECONDS
    for person in people:
        while not person.rest.get("/api/v2/plugins").is_success:
            assert time.monotonic() < deadline, "Airflow has not noticed the grant"
            time.sleep(1)
        with browsing(chromium, person) as page:
            complaints = complaints_of(page)
            page.goto("/dags")
            page.get_by_text("Accounts", exact=True).first.click()
            page.wait_for_url("**/plugin/third-party-accounts")
            expect(page.locator(MINE)).to_be_visible()
            assert complaints == []
