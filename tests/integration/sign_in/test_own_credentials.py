"""Accounts of kind ``key`` and ``basic``: people hand over their own, and tasks get exactly that person's."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from airflow.utils.session import create_session

from airflow_thirdparty.server.broker.database import utcnow
from airflow_thirdparty.server.broker.housekeeping import pruning
from airflow_thirdparty.server.store.attempts import MOST, WINDOW
from airflow_thirdparty.wire import PROJECTION_KEY
from tests.support.accounts import Accounts
from tests.support.people import Person
from tests.support.signing_in import api, rows, view
from tests.support.tasks import RunningTask, Tasks

DAG_ID = "uses_keys"


@pytest.fixture(params=["key", "basic"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def account(accounts: Accounts, kind: str) -> str:
    body = {"issuer": None, "scopes": None, "service": "custom"}
    return accounts.add("keyed", "https://api.acme.example", kind=kind, **body)


def hand_over(person: Person, conn_id: str, **body: Any) -> httpx2.Response:
    return person.browser.post(f"{api(conn_id)}/sign-in", json=body)


def credential(person: Person, kind: str) -> dict[str, str]:
    mine = {"key": f"key-of-{person.name}"}
    return {**mine, "login": f"{person.name}@acme"} if kind == "basic" else mine


def ask(task: RunningTask, conn_id: str) -> dict[str, Any]:
    answer = task.ask(conn_id).json()
    return {**answer, **json.loads(answer["extra"])[PROJECTION_KEY]}


def test_each_task_gets_its_own_persons(
    alice: Person, bob: Person, carol: Person, tasks: Tasks, account: str, kind: str
) -> None:
    tasks.add_dag(DAG_ID)
    for person in (alice, bob):
        assert hand_over(person, account, **credential(person, kind)).json() == {"authorization_url": None}
    for person in (alice, bob):
        task = tasks.start(DAG_ID, person.trigger(DAG_ID))
        mine = credential(person, kind)
        ours, foreign = ask(task, account), task.connection(account).json()
        for answer in (ours, foreign):
            assert (answer["password"], answer["login"]) == (mine["key"], mine.get("login"))
        assert ours["kind"] == kind
        assert ours["origins"] == ["https://api.acme.example"]
        header = {"Authorization": f"Bearer {mine['key']}"} if kind == "key" else {}
        assert json.loads(foreign["extra"]) == {**header, "trust_env": False}
    task = tasks.start(DAG_ID, carol.trigger(DAG_ID))
    assert ask(task, account)["refusal"]["code"] == "sign_in_required"


def test_status_and_sign_out(alice: Person, account: str, kind: str) -> None:
    assert view(alice, account)["status"] == "sign_in_needed"
    hand_over(alice, account, **credential(alice, kind))
    seen = view(alice, account)
    assert (seen["status"], seen["refreshable"], seen["expires_at"]) == ("signed_in", False, None)
    assert seen["identity"]["subject"] == ("alice@acme" if kind == "basic" else "alice")
    assert "key-of" not in json.dumps(seen)
    out = alice.browser.request(
        "DELETE", f"{api(account)}/sign-in", headers={"Content-Type": "application/json"}
    )
    assert out.json()["result"] == "forgotten"
    assert view(alice, account)["status"] == "sign_in_needed"
    assert rows()["sign_in"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"key": ""}, "key", id="nothing"),
        pytest.param({"key": "a\r\nX-Admin: yes"}, "key", id="a second header"),
        pytest.param({"key": "a\x00b"}, "key", id="an invisible character"),
    ],
)
def test_what_no_service_takes_is_refused(
    alice: Person, account: str, kind: str, body: dict[str, str], field: str
) -> None:
    refused = hand_over(alice, account, login="alice" if kind == "basic" else None, **body)
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, field)
    assert "X-Admin" not in refused.text
    assert rows()["sign_in"] == 0


@pytest.mark.parametrize(
    "login", [None, "", "al:ice", "al\nice", "x" * 300], ids=["none", "empty", "colon", "line", "long"]
)
def test_a_login_for_basic(alice: Person, accounts: Accounts, login: str | None) -> None:
    account = accounts.add("keyed", "https://api.acme.example", kind="basic", issuer=None, service="custom")
    refused = hand_over(alice, account, login=login, key="secret")
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "login")
    assert rows()["sign_in"] == 0


def test_a_copied_line_end_is_taken_off(alice: Person, tasks: Tasks, accounts: Accounts) -> None:
    account = accounts.add("keyed", "https://api.acme.example", kind="key", issuer=None, service="custom")
    tasks.add_dag(DAG_ID)
    hand_over(alice, account, key=" key-of-alice\r\n")
    assert ask(tasks.start(DAG_ID, alice.trigger(DAG_ID)), account)["password"] == "key-of-alice"


def test_a_changed_host_ends_it(
    alice: Person, tasks: Tasks, accounts: Accounts, account: str, kind: str
) -> None:
    tasks.add_dag(DAG_ID)
    hand_over(alice, account, **credential(alice, kind))
    accounts.change(account, host="https://evil.example")
    assert view(alice, account)["status"] == "account_changed"
    task = tasks.start(DAG_ID, alice.trigger(DAG_ID))
    assert ask(task, account)["refusal"]["code"] == "account_changed"
    assert task.connection(account).status_code == 403


def test_an_account_with_oauth_takes_no_keys(alice: Person, accounts: Accounts) -> None:
    account = accounts.add("acme", "http://127.0.0.1:9")
    refused = hand_over(alice, account, key="key-of-alice")
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "kind")
    assert rows()["sign_in"] == 0


def test_attempts_are_limited_for_each_person_and_account(
    alice: Person, bob: Person, accounts: Accounts, account: str, kind: str
) -> None:
    fields = {"issuer": None, "scopes": None, "service": "custom", "kind": kind}
    other = accounts.add("other", "https://api.acme.example", **fields)
    for number in range(MOST):
        mine = credential(alice, kind) if number % 2 else {"key": "a\nb", "login": "alice"}
        assert hand_over(alice, account, **mine).status_code == (200 if number % 2 else 422)
    refused = hand_over(alice, account, **credential(alice, kind))
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_attempts")
    assert 0 < int(refused.headers["retry-after"]) <= WINDOW.total_seconds()
    assert hand_over(alice, other, **credential(alice, kind)).status_code == 200
    assert hand_over(bob, account, **credential(bob, kind)).status_code == 200


def test_attempts_at_the_same_time_are_all_counted(alice: Person, account: str, kind: str) -> None:
    def attempt(_number: int) -> int:
        return hand_over(alice, account, key="", login="alice").status_code

    assert alice.browser
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(attempt, range(MOST + 4)))
    assert sorted(answers) == [422] * MOST + [429] * 4


def test_attempts_are_counted_anew_after_the_window(
    alice: Person, account: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(MOST + 1):
        last = hand_over(alice, account, key="", login="alice")
    assert last.status_code == 429
    later = utcnow() + WINDOW
    monkeypatch.setattr("airflow_thirdparty.server.web.routes.accounts.utcnow", lambda: later)
    assert hand_over(alice, account, **credential(alice, kind)).status_code == 200
    with create_session() as session:
        assert pruning.step(session, later + WINDOW)[0].attempts == 0
        assert pruning.step(session, later + 2 * WINDOW)[0].attempts == 1


def test_an_account_there_is_not_counts_no_attempts(alice: Person, accounts: Accounts) -> None:
    for _ in range(MOST + 1):
        assert hand_over(alice, "none", key="key").status_code == 404
