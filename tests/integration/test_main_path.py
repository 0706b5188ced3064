"""The main job: two people, one DAG, each acts as themselves; a third is told where to sign in."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from airflow_thirdparty.wire import PROJECTION_KEY
from tests.support import databases, loopback
from tests.support.people import Person
from tests.support.services import Service
from tests.support.tasks import RunningTask, Tasks

pytestmark = [databases.BOTH, pytest.mark.usefixtures("way")]

DAG_ID = "who_am_i"


@pytest.fixture
def dag(tasks: Tasks) -> str:
    tasks.add_dag(DAG_ID)
    return DAG_ID


def answer_of(task: RunningTask, conn_id: str, **wanted: object) -> dict[str, object]:
    answer = task.ask(conn_id, **wanted)
    assert answer.status_code == 200, answer.text
    return {**answer.json(), **json.loads(answer.json()["extra"])[PROJECTION_KEY]}


def who_the_service_sees(service: Service, token: object) -> str:
    answer = loopback.get(f"{service.issuer}/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["sub"])


def test_each_run_acts_as_whoever_triggered_it(
    alice: Person, bob: Person, tasks: Tasks, dag: str, service: Service, register: Callable[..., str]
) -> None:
    conn_id = register()
    for person in (alice, bob):
        assert person.sign_in(conn_id).status_code == 200
    seen = {}
    for person in (alice, bob):
        task = tasks.start(dag, person.trigger(dag))
        seen[person.name] = who_the_service_sees(service, answer_of(task, conn_id)["password"])
        tasks.finish(task)
    assert seen == {"alice": "alice", "bob": "bob"}


def test_a_foreign_hook_gets_the_same_token_by_the_bare_id(
    alice: Person, tasks: Tasks, dag: str, service: Service, register: Callable[..., str]
) -> None:
    conn_id = register()
    alice.sign_in(conn_id)
    task = tasks.start(dag, alice.trigger(dag))
    row = task.connection(conn_id).json()
    assert who_the_service_sees(service, row["password"]) == "alice"
    assert row["login"] is None
    assert json.loads(row["extra"]) == {"Authorization": f"Bearer {row['password']}", "trust_env": False}
    assert row["conn_type"] == "http"


def test_who_never_signed_in_is_told_where_to(
    alice: Person, carol: Person, tasks: Tasks, dag: str, register: Callable[..., str]
) -> None:
    conn_id = register()
    alice.sign_in(conn_id)
    task = tasks.start(dag, carol.trigger(dag))
    answer = answer_of(task, conn_id)
    assert answer["password"] is None
    assert answer["refusal"]["code"] == "sign_in_required"
    assert answer["refusal"]["link"] == f"{carol.url}/third-party-accounts/?account={conn_id}"
    assert task.connection(conn_id).status_code == 403


def test_the_page_turns_green_and_red_again(alice: Person, register: Callable[..., str]) -> None:
    conn_id = register()
    path = f"/third-party-accounts/api/v1/accounts/{conn_id}"
    json_only = {"Content-Type": "application/json"}
    alice.browser.request("DELETE", f"{path}/sign-in", headers=json_only)
    assert alice.browser.get(path).json()["status"] == "sign_in_needed"
    alice.sign_in(conn_id)
    view = alice.browser.get(path).json()
    assert (view["status"], view["identity"]["subject"]) == ("signed_in", "alice")
    out = alice.browser.request("DELETE", f"{path}/sign-in", headers=json_only)
    assert out.json()["result"] == "revoked", out.text
    assert alice.browser.get(path).json()["status"] == "sign_in_needed"


def test_the_client_secret_is_nowhere_in_the_row(
    admin: Person, service: Service, register: Callable[..., str]
) -> None:
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import select

    conn_id = register()
    table = Connection.__table__
    with create_session() as session:
        row = session.execute(select(table).where(table.c.conn_id == conn_id)).one()
    assert row.password is None
    assert service.client_secret not in repr(row)
    assert admin.rest.get(f"/api/v2/connections/{conn_id}").json()["password"] is None
