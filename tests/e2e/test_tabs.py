"""The pages at work: a DAG's tab, a task's tab, the admin's tab, and where one's sign-in was used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from airflow_thirdparty.demo.account import CONN_ID
from airflow_thirdparty.demo.browser import sign_in
from airflow_thirdparty.demo.environment import DAG_ID
from tests.e2e.conftest import RUN_SECONDS, finished_run
from tests.support import signing_in
from tests.support.browsing import browsing, complaints_of
from tests.support.people import Person

SCHEDULED = "team_digest"
DAG_TAB = f"/dags/{SCHEDULED}/plugin/dag-third-party-accounts"
TASK = "ask_the_service"


@pytest.fixture(autouse=True)
def _all_signed_out(alice: Person, carol: Person) -> Iterator[None]:
    for person in (alice, carol):
        person.browser.request("DELETE", f"{signing_in.api(CONN_ID)}/sign-in", json={})
    yield
    for person in (alice, carol):
        person.browser.request("DELETE", f"{signing_in.api(CONN_ID)}/sign-in", json={})
        address = f"/third-party-accounts/api/v1/dags/{SCHEDULED}/delegations?conn_id={CONN_ID}"
        person.browser.request("DELETE", address, json={})


def test_a_delegation_from_consent_to_withdrawal(chromium: Browser, alice: Person, admin: Person) -> None:
    with browsing(chromium, alice) as page:
        complaints = complaints_of(page)
        page.goto(DAG_TAB)
        expect(page.get_by_text("This DAG is public and uses third-party accounts")).to_be_visible()
        page.get_by_role("button", name="Why?").click()
        expect(page.get_by_role("heading", name="What cannot happen")).to_be_visible()
        account = page.locator(f"[data-account='{CONN_ID}']")
        expect(account.get_by_text("collect", exact=True)).to_be_visible()
        expect(page.get_by_test_id("readiness")).to_have_text("Not ready to run as you")
        expect(account.get_by_role("button", name="Let them")).to_have_count(0)
        sign_in(page, CONN_ID, "alice")
        expect(page.get_by_test_id("readiness")).to_have_text("Ready to run as you")
        account.get_by_role("button", name="Let them").click()
        account.get_by_text("Runs started by asset events act as me").click()
        account.get_by_role("button", name="Agree").click()
        expect(account.get_by_text("Runs started by asset events act as you.")).to_be_visible()
        assert complaints == []

    with browsing(chromium, admin, dark=True) as page:
        complaints = complaints_of(page)
        page.goto("/third-party-accounts/")
        page.get_by_role("tab", name="Administration").click()
        at_risk = page.get_by_role("region", name="Nobody has reviewed these")
        expect(at_risk.get_by_role("link", name=SCHEDULED)).to_have_attribute(
            "href", re.compile(f"{DAG_TAB}$")
        )
        delegations = page.get_by_role("region", name="Delegations", exact=True)
        expect(delegations.get_by_role("row", name=SCHEDULED)).to_contain_text("alice")
        delegations.get_by_role("button", name=re.compile("^Withdraw")).click()
        page.get_by_role("alertdialog").get_by_role("button", name="Withdraw").click()
        expect(page.get_by_text("Nobody has delegated an account.")).to_be_visible()
        assert complaints == []


def test_a_refused_task_leads_to_the_sign_in_and_runs_again_in_place(
    chromium: Browser, carol: Person, alice: Person
) -> None:
    run_id = finished_run(carol)
    with browsing(chromium, carol) as page:
        complaints = complaints_of(page)
        page.goto(f"/dags/{DAG_ID}/runs/{quote(run_id, safe='+:')}/tasks/{TASK}")
        page.get_by_role("link", name="Account", exact=True).or_(
            page.locator("a[href$='task-third-party-account']")
        ).first.click()
        expect(page.get_by_text("Acts for carol (you)")).to_be_visible()
        expect(page.get_by_text("Refused", exact=True)).to_be_visible()
        page.evaluate("window.notReloaded = true")
        with page.expect_popup() as opened:
            page.get_by_role("button", name=re.compile("^Sign in")).click()
        opened.value.get_by_label("User name").fill("carol")
        opened.value.get_by_role("button", name="Sign in").click()
        expect(page.locator("[data-status='signed_in']")).to_be_visible()
        assert page.evaluate("window.notReloaded")
        expect(page.get_by_text("has not signed in")).to_have_count(0)
        expect(page.get_by_text("You are signed in now.")).to_be_visible()
        task_page = page.url
        with browsing(chromium, alice) as other:
            other.goto(task_page)
            expect(other.get_by_test_id("whose-move")).to_contain_text("It is carol's move")
            expect(other.get_by_role("button", name="Run this task again")).to_have_count(0)
        page.get_by_role("button", name="Run this task again").click()
        expect(page.get_by_text("Handed out for carol")).to_be_visible(timeout=RUN_SECONDS * 1000)
        assert complaints == []


def test_people_see_where_their_sign_in_was_used(chromium: Browser, alice: Person, admin: Person) -> None:
    with browsing(chromium, alice) as page:
        complaints = complaints_of(page)
        page.goto("/third-party-accounts/")
        sign_in(page, CONN_ID, "alice")
        run_id = finished_run(alice)
        page.reload()
        page.get_by_role("button", name=re.compile("^Where it was used")).click()
        page.get_by_role("link", name=f"{DAG_ID} / {TASK}").first.click()
        page.wait_for_url(f"**/dags/{DAG_ID}/runs/{run_id}/tasks/{TASK}")
        expect(page.get_by_text(run_id).first).to_be_visible()
        assert complaints == []
    uses = admin.browser.get("/third-party-accounts/api/v1/admin/uses").json()
    assert (CONN_ID, "alice") in {(use["conn_id"], use["user_name"]) for use in uses}


def test_only_admins_are_offered_the_administration(chromium: Browser, alice: Person) -> None:
    with browsing(chromium, alice) as page:
        complaints = complaints_of(page)
        page.goto("/third-party-accounts/")
        expect(page.locator(f"[data-account='{CONN_ID}']")).to_be_visible()
        expect(page.get_by_role("tab")).to_have_count(0)
        assert complaints == []
    for what in ("accounts", "dags-at-risk", "delegations", "uses"):
        answer = alice.browser.get(f"/third-party-accounts/api/v1/admin/{what}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_admin")
