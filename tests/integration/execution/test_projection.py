"""What a task is answered that asks for a connection: the acting person's token, or nothing secret."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx2
import pytest

from airflow_thirdparty.wire import PROJECTION_KEY, TokenRequest
from tests.support import scheduler
from tests.support.accounts import Accounts
from tests.support.airflow_server import AirflowServer, configured
from tests.support.people import Person
from tests.support.projecting import ACME, DAG_ID, KEY, REGISTRATION, SPELLINGS, asked_raw
from tests.support.signing_in import api
from tests.support.tasks import RunningTask, Tasks, task_token
from tests.support.worker import running_service

in_both_ways = pytest.mark.usefixtures("way")


@in_both_ways
def test_ours_and_foreign(task: RunningTask) -> None:
    ours, foreign = task.ask(ACME), task.connection(ACME)
    for answer in (ours, foreign):
        assert answer.json()["password"] == KEY
        assert answer.headers["cache-control"] == "no-store"
        assert not [word for word in REGISTRATION if word in answer.text]
    assert foreign.json() == {
        "conn_id": ACME,
        "conn_type": "http",
        "host": "https://api.acme.example/v1",
        "schema": None,
        "login": None,
        "password": KEY,
        "port": None,
        "extra": json.dumps({"Authorization": f"Bearer {KEY}", "trust_env": False}),
    }
    assert json.loads(ours.json()["extra"])[PROJECTION_KEY]["subject"] == "alice"


@in_both_ways
def test_the_port_that_was_written_reaches_the_task(
    alice: Person, accounts: Accounts, task: RunningTask
) -> None:
    accounts.change(ACME, port=8443)
    assert KEY not in task.connection(ACME).text, "another port is another place"
    assert alice.browser.post(f"{api(ACME)}/sign-in", json={"key": KEY}).status_code == 200
    ours, foreign = task.ask(ACME).json(), task.connection(ACME).json()
    for answer in (ours, foreign):
        assert (answer["host"], answer["port"]) == ("https://api.acme.example:8443/v1", None)
    assert json.loads(ours["extra"])[PROJECTION_KEY]["origins"] == ["https://api.acme.example:8443"]


PLAIN = {
    "connection_id": "plain",
    "conn_type": "http",
    "host": "x.example",
    "login": "robot",
    "password": "robots-password",
    "extra": '{"a": "third_party_account"}',
}


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    from airflow import settings
    from sqlalchemy import event

    seen: list[str] = []
    engines = [settings.engine, settings.async_engine.sync_engine]

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def without_us(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_thirdparty.server.execution.middleware import ProjectionMiddleware

    async def pass_on(self: Any, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)

    monkeypatch.setattr(ProjectionMiddleware, "__call__", pass_on)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/execution/connections/plain", id="another connection"),
        pytest.param("/execution/connections/nowhere", id="no connection"),
        pytest.param("/execution/variables/nowhere", id="a variable"),
        pytest.param("/execution/health", id="health"),
        pytest.param("/api/v2/connections/plain", id="REST, not authenticated as a user"),
    ],
)
def test_everything_else_passes_untouched(
    admin: Person, task: RunningTask, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    admin.rest.post("/api/v2/connections", json=PLAIN)

    def asked() -> tuple[int, bytes, list[str], int]:
        task.worker.get(path)
        counts = []
        for _ in range(3):  # what runs in the background is not among the fewest
            with counted_queries() as queries:
                answer = task.worker.get(path)
            counts.append(len(queries))
        names = sorted(name for name in answer.headers if name not in ("date", "refreshed-api-token"))
        return answer.status_code, answer.content, names, min(counts)

    with_us = asked()
    without_us(monkeypatch)
    assert with_us == asked()


@in_both_ways
@pytest.mark.parametrize(
    ("allowed", "answer"),
    [
        pytest.param(DAG_ID, 200, id="this DAG"),
        pytest.param(f"other {DAG_ID}", 200, id="among others"),
        pytest.param("other", 403, id="another"),
        pytest.param(f"{DAG_ID}_attacker", 403, id="a longer name"),
        pytest.param(DAG_ID[:-1], 403, id="a shorter name"),
        pytest.param(DAG_ID.upper(), 403, id="another case"),
        pytest.param("*", 403, id="no patterns"),
    ],
)
def test_only_allowed_dags(
    alice: Person, tasks: Tasks, register: Callable[..., None], allowed: str, answer: int
) -> None:
    register(allowed_dags=allowed)
    task = tasks.start(DAG_ID, alice.trigger(DAG_ID))
    assert task.connection(ACME).status_code == answer
    refusal = json.loads(task.ask(ACME).json()["extra"])[PROJECTION_KEY].get("refusal")
    assert (refusal is None) is (answer == 200)
    assert refusal is None or refusal["code"] == "account_not_allowed"


def finished(tasks: Tasks, task: RunningTask) -> httpx2.Client:
    tasks.finish(task)
    return task.worker


def superseded(tasks: Tasks, task: RunningTask) -> httpx2.Client:
    tasks.finish(task, "failed")
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    with create_session() as session:
        instance = session.get(TaskInstance, task.id)
        assert instance is not None
        instance.prepare_db_for_next_try(session)
    return task.worker


def foreign(tasks: Tasks, task: RunningTask) -> httpx2.Client:
    return tasks.worker(uuid.uuid4())


def nameless(tasks: Tasks, task: RunningTask) -> httpx2.Client:
    return tasks.worker(uuid.UUID(int=0))


def for_starting_only(tasks: Tasks, task: RunningTask) -> httpx2.Client:
    task.worker.headers["Authorization"] = f"Bearer {task_token(task.id, 'workload')}"
    return task.worker


def without_token(tasks: Tasks, task: RunningTask) -> httpx2.Client:
    del task.worker.headers["Authorization"]
    return task.worker


@in_both_ways
@pytest.mark.parametrize("asker", [finished, superseded, foreign, nameless, for_starting_only, without_token])
def test_only_a_running_current_task_is_answered(
    tasks: Tasks, task: RunningTask, asker: Callable[[Tasks, RunningTask], httpx2.Client]
) -> None:
    assert task.connection(ACME).status_code == 200
    worker = asker(tasks, task)
    for asked_id in (ACME, TokenRequest(ACME).encode()):
        answer = worker.get(f"/execution/connections/{asked_id}")
        assert KEY not in answer.text
        assert not [word for word in REGISTRATION if word in answer.text]


@in_both_ways
def test_a_users_token_is_no_tasks(alice: Person, task: RunningTask) -> None:
    for client in (alice.rest, alice.browser):
        answer = client.get(f"/execution/connections/{ACME}")
        assert answer.status_code in (401, 403)
        assert KEY not in answer.text


@in_both_ways
@pytest.mark.parametrize("who", ["the task", "somebody's task", "no task"])
def test_no_spelling_goes_round(
    airflow_server: AirflowServer, tasks: Tasks, task: RunningTask, bob: Person, who: str
) -> None:
    if who == "somebody's task":
        asking = tasks.start(DAG_ID, bob.trigger(DAG_ID)).id
    else:
        asking = task.id if who == "the task" else uuid.uuid4()
    answers = {
        spelling: asked_raw(airflow_server.url, spelling, task_token(asking)) for spelling in SPELLINGS
    }
    for spelling, answer in answers.items():
        assert not [word for word in REGISTRATION if word in answer], spelling
        assert KEY not in answer or who == "the task", spelling
    assert (KEY in answers[SPELLINGS[0]]) is (who == "the task")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_request_for_a_token_changes_no_connection(admin: Person, task: RunningTask, method: str) -> None:
    asked_id = TokenRequest(ACME).encode()
    answer = admin.rest.request(method, f"/api/v2/connections/{asked_id}", json={"connection_id": asked_id})
    assert answer.status_code >= 400
    assert admin.rest.get(f"/api/v2/connections/{ACME}").status_code == 200


@in_both_ways
@pytest.mark.parametrize("named", [ACME, f"{ACME}--as--http"])
def test_an_account_for_remote_logs_is_refused(task: RunningTask, named: str) -> None:
    with configured("logging", remote_log_conn_id=named):
        assert task.connection(ACME).status_code == 403
        refusal = json.loads(task.ask(ACME).json()["extra"])[PROJECTION_KEY]["refusal"]
    assert refusal["field"] == "[logging] remote_log_conn_id"


def test_an_id_names_another_entry(alice: Person, tasks: Tasks, register: Callable[..., None]) -> None:
    register(expose_as="github", expose_options={"http-key-header.header": "X-Key"})
    task = tasks.start(DAG_ID, alice.trigger(DAG_ID))
    github, http, header = (
        task.connection(asked).json() for asked in (ACME, f"{ACME}--as--http", f"{ACME}--as--http-key-header")
    )
    assert (github["conn_type"], github["conn_id"], github["extra"]) == ("github", ACME, None)
    assert (http["conn_type"], http["conn_id"]) == ("http", f"{ACME}--as--http")
    assert json.loads(http["extra"]) == {"Authorization": f"Bearer {KEY}", "trust_env": False}
    assert json.loads(header["extra"]) == {"X-Key": KEY, "trust_env": False}
    for answer in (github, http, header):
        assert answer["password"] == KEY


def test_what_such_an_id_may_do_is_said_of_the_account(
    alice: Person, bob: Person, tasks: Tasks, register: Callable[..., None]
) -> None:
    register(allowed_dags="other")
    task = tasks.start(DAG_ID, alice.trigger(DAG_ID))
    refused = task.connection(f"{ACME}--as--http")
    assert refused.status_code == 403
    assert refused.json()["detail"]["reason"] == "account_not_allowed"


def test_an_unknown_entry_is_refused_in_words(task: RunningTask) -> None:
    refused = task.connection(f"{ACME}--as--nothing")
    assert refused.status_code == 403
    assert "unknown exposure entry 'nothing'" in refused.json()["detail"]["message"]


def test_the_id_of_a_real_connection_wins(admin: Person, task: RunningTask) -> None:
    made = {**PLAIN, "connection_id": f"{ACME}--as--http"}
    admin.rest.post("/api/v2/connections", json=made)
    try:
        assert task.connection(f"{ACME}--as--http").json()["password"] == "robots-password"
    finally:
        admin.rest.delete(f"/api/v2/connections/{ACME}--as--http")


def test_what_is_no_account_has_no_entries(admin: Person, task: RunningTask) -> None:
    admin.rest.post("/api/v2/connections", json=PLAIN)
    assert task.connection("plain--as--http").status_code == 404


def test_whoever_was_refused_is_told_why_and_gets_no_token(
    alice: Person, bob: Person, tasks: Tasks, task: RunningTask
) -> None:
    of_bob = tasks.start(DAG_ID, bob.trigger(DAG_ID))
    refusal = json.loads(of_bob.ask(ACME, why=True).json()["extra"])[PROJECTION_KEY]["refusal"]
    assert refusal["code"] == "sign_in_required"
    of_alice = task.ask(ACME, why=True)
    assert json.loads(of_alice.json()["extra"]) == {PROJECTION_KEY: {}}
    assert KEY not in of_alice.text
    unknown = task.ask(ACME, why=True, entry="nothing").json()
    assert "unknown exposure entry" in json.loads(unknown["extra"])[PROJECTION_KEY]["refusal"]["message"]


@in_both_ways
@pytest.mark.parametrize(
    ("extra", "sent"),
    [
        pytest.param({"expose_as": "http"}, {"authorization": f"Bearer {KEY}"}, id="http"),
        pytest.param(
            {"expose_as": "http-key-header", "expose_options": {"header": "X-Api-Key", "prefix": "Key "}},
            {"x-api-key": f"Key {KEY}"},
            id="a header of its own",
        ),
    ],
)
def test_a_foreign_hook_sends_what_was_exposed_and_nothing_else(
    alice: Person,
    tasks: Tasks,
    register: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    extra: dict[str, Any],
    sent: dict[str, str],
) -> None:
    from airflow.providers.http.hooks.http import HttpHook
    from airflow.sdk import BaseHook, Connection

    with running_service() as service:
        register(service.url, **extra)
        row = tasks.start(DAG_ID, alice.trigger(DAG_ID)).connection(ACME).json()
        connection = Connection(**row)
        monkeypatch.setattr(BaseHook, "get_connection", classmethod(lambda cls, conn_id: connection))
        HttpHook(method="GET", http_conn_id=ACME).run("/things")
    usual = {"host", "user-agent", "accept-encoding", "accept", "connection"}
    [(path, headers)] = service.seen
    assert path == "/things"
    assert {name: value for name, value in headers.items() if name not in usual} == sent


def test_a_sign_in_that_will_not_outlive_the_run_is_said_to_our_hook(
    alice: Person, tasks: Tasks, register: Callable[..., None]
) -> None:
    register()
    tasks.ran(DAG_ID, alice.trigger(DAG_ID), minutes=120)
    task = tasks.start(DAG_ID, alice.trigger(DAG_ID))

    def answer() -> dict[str, Any]:
        return dict(json.loads(task.ask(ACME).json()["extra"])[PROJECTION_KEY])

    assert (answer()["renewable"], answer()["warning"]) == (False, ""), "a key never ends"
    ends_after(minutes=60)
    assert "usually take 120 minutes, so it will not outlive this run" in answer()["warning"]
    scheduler.tag(DAG_ID, f"account:{ACME}")
    tab = alice.browser.get(f"/third-party-accounts/api/v1/dags/{DAG_ID}/accounts").text
    assert "usually take 120 minutes, so it will not outlive this run" in tab
    waits = json.loads(task.ask(ACME, waits=True).json()["extra"])[PROJECTION_KEY]
    assert waits["ends_at"] == answer()["expires_at"]
    ends_after(minutes=180)
    assert answer()["warning"] == ""
    assert "outlive" not in alice.browser.get(f"/third-party-accounts/api/v1/dags/{DAG_ID}/accounts").text


def ends_after(minutes: float) -> None:
    """Let every sign-in end then, with nothing to refresh it."""
    from airflow.utils.session import create_session
    from sqlalchemy import update

    from airflow_thirdparty.server.store.models import SignIn

    ends_at = datetime.now(timezone.utc) + timedelta(minutes=minutes)
    with create_session(scoped=False) as session:
        session.execute(update(SignIn).values(access_expires_at=ends_at))
