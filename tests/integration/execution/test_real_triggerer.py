"""A triggerer that is killed while it acts for somebody, and the next one, after the token has expired."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_thirdparty.triggers.http import ThirdPartyHttpTrigger, unpacked
from tests.integration.execution.test_grants import granted
from tests.support import services
from tests.support.airflow_home import FOLDER
from tests.support.airflow_server import AirflowServer
from tests.support.people import Person
from tests.support.projecting import DAG_ID
from tests.support.services import CONN_IDS
from tests.support.tasks import RunningTask, Tasks
from tests.support.versions import DEFERS
from tests.support.worker import Service, running_service

pytestmark = DEFERS

CONN_ID = CONN_IDS[0]
SECONDS = 120
"""For what takes a busy machine its time."""


@contextlib.contextmanager
def triggerer(number: int) -> Iterator[subprocess.Popen[bytes]]:
    """A real triggerer, with the configuration and database of this process."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = ["airflow", "triggerer", "--skip-serve-logs"]
    with (FOLDER / f"triggerer-{number}.log").open("w") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, "PATH": path},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until(ready: Any, what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not ready():
        assert time.monotonic() < deadline, f"{what}: {log_of_triggerers()}"
        time.sleep(0.1)


def log_of_triggerers() -> str:
    return "\n".join(file.read_text()[-3000:] for file in sorted(FOLDER.glob("triggerer-*.log")))


def task_instance(task: RunningTask) -> Any:
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        found = session.get_one(TaskInstance, task.id)
        session.expunge(found)
        return found


@pytest.fixture
def provider(airflow_server: AirflowServer) -> Iterator[services.Service]:
    """An identity provider whose access tokens live two seconds."""
    with services.running_service(airflow_server.url, access_token_ttl=2) as running:
        yield running


@pytest.fixture
def api() -> Iterator[Service]:
    with running_service() as service:
        yield service


def test_it_goes_on_with_a_fresh_token_after_a_kill(
    admin: Person, alice: Person, tasks: Tasks, provider: services.Service, api: Service
) -> None:
    body = {**provider.connection(CONN_ID), "host": api.url}
    assert admin.rest.post("/api/v2/connections", json=body).status_code == 201
    assert alice.sign_in(CONN_ID).status_code == 200
    tasks.add_dag(DAG_ID)
    task = tasks.start(DAG_ID, alice.trigger(DAG_ID))
    trigger = ThirdPartyHttpTrigger(
        conn_id=CONN_ID,
        grant=granted(task, CONN_ID),
        method="GET",
        endpoint="/report",
        options={"timeout": SECONDS},
        min_lifetime=0,
        pages=False,
    )
    killed = threading.Event()

    def answer(_headers: dict[str, str]) -> tuple[int, dict[str, str]]:
        killed.wait(SECONDS)  # a report that takes its time
        return 200, {}

    api.answers["/report"] = answer
    tasks.defer(task, trigger)
    with triggerer(1) as first:
        wait_until(lambda: api.requests, "the first request")
        os.killpg(first.pid, signal.SIGKILL)
    killed.set()
    time.sleep(2)  # the token's life
    with triggerer(2):
        wait_until(lambda: task_instance(task).state != "deferred", "the task is resumed")
    [first_token, *_, last_token] = api.credentials()
    assert first_token != last_token
    resumed = task_instance(task)
    event = resumed.next_kwargs["event"]
    assert resumed.next_method == "execute_complete"
    assert [unpacked(one).text for one in event["responses"]] == ["{}"]
    said = log_of_triggerers()
    for token in api.credentials():
        assert token.removeprefix("Bearer ") not in said + repr(event)
