"""What others wrote is shown as text: descriptions, services' answers, names of people and of DAGs."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from airflow_thirdparty.demo import users
from airflow_thirdparty.demo.environment import DAG_ID
from tests.e2e.conftest import Terminal
from tests.support import faulty_service_client, signing_in
from tests.support.accounts import Accounts
from tests.support.browsing import assert_only, browsing, complaints_of, refusal
from tests.support.demo_database import DemoDatabase, open_database
from tests.support.faulty_service_client import Remote
from tests.support.people import Person

PAYLOADS = (
    "<script>executed(0)</script>",
    "<img src=x onerror=executed(1)>",
    '"><svg onload=executed(2)>',
    '\'><iframe srcdoc="<script>parent.executed(3)</script>"></iframe>',
    "javascript:executed(4)",
    "</title></textarea></style></script><script>executed(5)</script>",
    "${executed(6)} {{constructor.constructor('executed(6)')()}} $conn_id $$",
    '<a href="javascript:executed(7)" autofocus onfocus="executed(7)">here</a>',
    "<details open ontoggle=executed(8)><summary>here</summary></details>",
    "<style>@import url(//evil.invalid/8.css)</style><link rel=stylesheet href=//evil.invalid/9.css>",
    "&lt;script&gt;executed(10)&lt;/script&gt;&#60;img src=x onerror=executed(10)&#62;",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=executed(11)>",
)
"""Each would run, load or break out somewhere, if it were taken for more than text."""

IDS = [f"told_{number}" for number in range(len(PAYLOADS))]
DAG_AT_RISK = "team_digest"
WITNESS = "window.executions = []; window.executed = (number) => window.executions.push(number);"


class Suspect:
    """A tab that notices when a payload does anything.

    :param page: the tab
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints = complaints_of(page)
        self.strange: list[str] = []
        page.on("request", self._look_at)
        page.on("dialog", lambda dialog: self.strange.append(dialog.message))

    def _look_at(self, request: Request) -> None:
        if urlsplit(request.url).hostname == "evil.invalid":
            self.strange.append(request.url)

    def shows(self, *payloads: str) -> None:
        """Wait until the payloads stand there to read, and see that nothing came of them."""
        for payload in payloads:
            expect(self.page.get_by_text(payload).filter(visible=True).first).to_be_visible()
        assert self.page.evaluate("window.executions") == []
        assert [frame.url for frame in self.page.frames[1:]] == []
        assert self.page.locator("a[href^='javascript' i]").count() == 0
        assert (self.complaints, self.strange) == ([], [])


@pytest.fixture(scope="module")
def provider() -> Iterator[Remote]:
    with faulty_service_client.running() as running:
        yield running


@pytest.fixture(scope="module")
def told(alice: Person, admin: Person, provider: Remote) -> Iterator[None]:
    """An account with each payload as its description, and alice signed in under a name like that."""
    accounts = Accounts(admin)
    for conn_id, payload in zip(IDS, PAYLOADS, strict=True):
        accounts.add(conn_id, provider.base_url, scopes="openid <img/src/onerror=executed(12)>")
        accounts.change(conn_id, description=payload)
        provider.configure(subject=payload, id_token={"name": f"{payload} here"})
        assert signing_in.sign_in(alice, conn_id).status_code == 200
    yield
    for conn_id in IDS:
        alice.browser.request("DELETE", f"{signing_in.api(conn_id)}/sign-in", json={})
    accounts.remove_all()


@pytest.fixture
def database(demo: Terminal) -> Iterator[DemoDatabase]:
    with open_database(demo.state()) as opened:
        yield opened


@pytest.fixture
def suspect(chromium: Browser, alice: Person) -> Iterator[Suspect]:
    with browsing(chromium, alice, WITNESS) as page:
        yield Suspect(page)


@pytest.fixture
def suspect_of_admin(chromium: Browser, admin: Person) -> Iterator[Suspect]:
    with browsing(chromium, admin, WITNESS) as page:
        yield Suspect(page)


PAGES = pytest.mark.parametrize(
    "address",
    [
        pytest.param("/third-party-accounts/", id="stand-alone"),
        pytest.param("/plugin/third-party-accounts", id="inside Airflow"),
    ],
)


def test_the_witness_would_notice(suspect: Suspect) -> None:
    suspect.page.goto("/api/v2/version")
    with suspect.page.expect_request("**/evil.invalid/**"):
        suspect.page.evaluate("(text) => document.body.innerHTML = text", PAYLOADS[1] + PAYLOADS[9])
    suspect.page.wait_for_function("window.executions.includes(1)")
    assert suspect.strange != []


@PAGES
@pytest.mark.usefixtures("told")
def test_on_the_page(suspect: Suspect, database: DemoDatabase, address: str) -> None:
    for number, payload in enumerate(PAYLOADS):
        database.use(users.ALICE.name, IDS[0], number, dag_id=payload, task_id=payload, run_id=payload)
    suspect.page.goto(address)
    suspect.shows(*PAYLOADS, *(f"{payload} here" for payload in PAYLOADS))
    account = suspect.page.locator(f"[data-account='{IDS[0]}']")
    account.get_by_role("button", name="Where it was used").click()
    account.get_by_role("button", name="more of").click()
    expect(account.locator("li a")).to_have_count(len(PAYLOADS))
    suspect.shows()


@PAGES
@pytest.mark.usefixtures("told")
def test_on_the_admins_tab(suspect_of_admin: Suspect, database: DemoDatabase, address: str) -> None:
    for payload in PAYLOADS:
        database.dag_like(DAG_AT_RISK, payload, payload, ["third-party-account-warning", "account:told_0"])
        database.delegation(users.ALICE.name, payload, payload)
    suspect_of_admin.page.goto(address)
    suspect_of_admin.page.get_by_role("tab", name="Administration").click()
    expect(suspect_of_admin.page.get_by_role("button", name="Withdraw")).to_have_count(len(PAYLOADS))
    suspect_of_admin.shows(*PAYLOADS)


@pytest.mark.usefixtures("told")
def test_on_a_dags_tab(suspect: Suspect, database: DemoDatabase) -> None:
    database.tag(DAG_AT_RISK, *(f"account:{conn_id}" for conn_id in IDS))
    suspect.page.goto(f"/dags/{DAG_AT_RISK}/plugin/dag-third-party-accounts")
    suspect.shows(*PAYLOADS)


@pytest.mark.usefixtures("told")
def test_on_a_tasks_tab(suspect: Suspect, alice: Person, database: DemoDatabase) -> None:
    run_id = alice.trigger(DAG_ID)
    place = (DAG_ID, run_id, "ask_the_service")
    for conn_id, payload in zip(IDS, PAYLOADS, strict=True):
        error = {"code": "sign_in_required", "message": payload, "remedy": payload}
        database.refusal(place, conn_id, **error, link="javascript:executed(12)")
    suspect.page.goto(
        f"/dags/{DAG_ID}/runs/{quote(run_id, safe='+:')}/tasks/{place[2]}/plugin/task-third-party-account"
    )
    suspect.shows(*PAYLOADS)


@pytest.mark.usefixtures("told")
def test_in_the_small_window_when_all_is_well(suspect: Suspect, alice: Person, provider: Remote) -> None:
    suspect.page.goto("/third-party-accounts/")
    for conn_id, payload in zip(IDS, PAYLOADS, strict=True):
        provider.configure(subject=payload, id_token={"name": f"{payload} here"})
        suspect.page.goto(_authorization(suspect.page, conn_id))
        suspect.shows(f"{payload} here")


@pytest.mark.usefixtures("told")
def test_in_the_small_window_when_the_service_says_no(suspect: Suspect) -> None:
    suspect.page.goto("/third-party-accounts/")
    for payload in PAYLOADS:
        sent = signing_in.answered(_authorization(suspect.page, IDS[0]))
        lies = {"error": payload, "error_description": payload, "error_uri": payload}
        suspect.page.goto(signing_in.with_query(sent, code=None, **lies))
        # the answer's status is no success, which the browser says
        assert_only(suspect.complaints, refusal(400, rf"/callback/{IDS[0]}\?.*"))
        suspect.complaints.clear()
        expect(suspect.page.get_by_role("heading", name="Not signed in")).to_be_visible()
        suspect.shows()


def _authorization(page: Page, conn_id: str) -> str:
    """Begin a sign-in from a page of ours, as its button does."""
    return str(
        page.evaluate(
            """async (path) => (await (await fetch(path, {
                method: "POST", headers: {"Content-Type": "application/json"}, body: '{"return_to": null}',
            })).json()).authorization_url""",
            f"{signing_in.api(conn_id)}/sign-in",
        )
    )
