"""Real tasks and a real triggerer: what they began is ended as the person, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import select

from tests.foreign import servers
from tests.foreign.cases import BATCH, GROUP
from tests.integration.execution.test_real_triggerer import log_of_triggerers, triggerer, wait_until
from tests.support import real_task
from tests.support.accounts import Accounts
from tests.support.airflow_server import AirflowServer
from tests.support.databases import Database, everything_in
from tests.support.people import Person
from tests.support.projecting import ACME
from tests.support.signing_in import api
from tests.support.versions import DEFERS, DEFERS_NOTHING

pytestmark = pytest.mark.skipif(GROUP != "foreign", reason="its packages are in another environment")

KEY = "credential-canary-of-alice-0123456789"
REGISTERED = ("client-canary", "secret-canary", "issuer-canary", "parameter-canary")
"""What the registration holds: no task, no service and no log has use for it."""

DAG_FILE = """
from airflow.providers.anthropic.operators.batch import AnthropicBatchOperator
from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import BaseHook, dag, task

@dag(dag_id="works", schedule=None)
def works():
    HttpOperator(
        task_id="sends", http_conn_id="acme--as--http", endpoint="me", method="GET", log_response=True
    )
    AnthropicBatchOperator(
        task_id="waits", conn_id="acme", requests=[{"custom_id": "1", "params": {}}], model="m",
        deferrable=True, poll_interval=1,
    )

    @task
    def tells():
        connection = BaseHook.get_connection("acme--as--http-key-header")
        print("all of it:", vars(connection), connection.get_uri(), connection.extra)
        raise RuntimeError(f"{connection.password} was not accepted")

    tells()

works()
"""

CANCEL = "POST /v1/messages/batches/batch/cancel"
ANSWERS = {
    "GET /me": {"login": "alice"},
    "POST /v1/messages/batches": BATCH,
    "GET /v1/messages/batches/batch": BATCH,
    CANCEL: BATCH,
}


@pytest.fixture
def service() -> Iterator[servers.Seen]:
    """What all these tasks send to."""
    with servers.http(ANSWERS, KEY) as seen:
        yield seen


@pytest.fixture
def run(
    admin: Person, alice: Person, airflow_server: AirflowServer, service: servers.Seen, tmp_path: Path
) -> Iterator[Callable[[str, str], str]]:
    """Runs a task of alice's, and answers its log."""
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "works.py").write_text(DAG_FILE)
    real_task.load_dags(folder)
    accounts = Accounts(admin)
    accounts.add(
        ACME,
        f"http://127.0.0.1:{service.port}",
        login=REGISTERED[0],
        password=REGISTERED[1],
        kind="key",
        service="custom",
        issuer=f"https://{REGISTERED[2]}.example",
        scopes=None,
        authorize_params={"prompt": REGISTERED[3]},
        expose_as="anthropic",
        expose_options={"http-key-header.header": "X-Key"},
    )
    answer = alice.browser.post(f"{api(ACME)}/sign-in", json={"key": KEY})
    assert answer.status_code == 200, answer.text

    def make(run_id: str, task_id: str) -> str:
        return real_task.run(airflow_server.url, folder, "works", run_id, task_id)

    yield make
    accounts.remove_all()


def instance(run_id: str, task_id: str) -> Any:
    with create_session(scoped=False) as session:
        found = session.scalars(
            select(TaskInstance).filter_by(dag_id="works", run_id=run_id, task_id=task_id)
        ).one()
        session.expunge_all()
        return found


OF_TASKS = ("xcom", "rendered_task_instance_fields", "trigger", "task_instance", "task_instance_history")
"""Tables in which a task leaves what it had."""


def leaked(service: servers.Seen, logs: str, database: Database) -> list[str]:
    """What was logged or stored of the credential, and logged, left by tasks or sent of the registration."""
    logs += log_of_triggerers()
    sent = "\n".join(service.requests)
    places = {KEY: logs + everything_in(database)}
    places |= dict.fromkeys(REGISTERED, logs + sent + everything_in(database, *OF_TASKS))
    return [secret for secret, place in places.items() if secret in place]


def test_nothing_is_left_behind(
    run: Callable[[str, str], str], alice: Person, service: servers.Seen, database: Database
) -> None:
    run_id = alice.trigger("works")
    logs = "\n".join(run(run_id, task_id) for task_id in ("sends", "tells"))
    assert [instance(run_id, task_id).state for task_id in ("sends", "tells")] == ["success", "failed"], logs
    assert service.accepted == ["GET /me"]
    for told in ("all of it:", "login", "was not accepted"):
        assert told in logs, "what is looked through is there"
    assert "alice" in everything_in(database, "xcom")
    assert leaked(service, logs, database) == []


@DEFERS
def test_what_a_trigger_began_is_ended_as_the_person(
    run: Callable[[str, str], str], alice: Person, service: servers.Seen, database: Database
) -> None:
    run_id = alice.trigger("works")
    logs = run(run_id, "waits")
    assert instance(run_id, "waits").state == "deferred", logs
    assert leaked(service, logs, database) == [], "a trigger's arguments are a row"
    polled = "GET /v1/messages/batches/batch"
    with triggerer("foreign"):
        wait_until(lambda: polled in service.accepted, "the trigger asks")
        path = f"/api/v2/dags/works/dagRuns/{run_id}/taskInstances/waits"
        answer = alice.rest.patch(path, json={"new_state": "failed"})
        assert answer.status_code == 200, answer.text
        wait_until(lambda: CANCEL in service.accepted, "what it began is ended")
    assert service.refused == []
    assert leaked(service, logs, database) == []


@DEFERS_NOTHING
def test_where_nothing_is_deferred_that_is_said(
    run: Callable[[str, str], str], alice: Person, service: servers.Seen
) -> None:
    run_id = alice.trigger("works")
    logs = run(run_id, "waits")
    assert instance(run_id, "waits").state == "failed", logs
    assert "shows the arguments of triggers" in logs
    assert KEY not in logs
