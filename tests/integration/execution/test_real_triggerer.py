"""Real triggerers: triggers act as the person, after a kill and a token's end, and other providers', too."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from airflow_thirdparty.triggers.http import ThirdPartyHttpTrigger, unpacked
from tests.integration.execution.test_grants import granted
from tests.support import real_task, services
from tests.support.airflow_home import FOLDER
from tests.support.airflow_server import AirflowServer
from tests.support.people import Person
from tests.support.projecting import ACME, DAG_ID, KEY
from tests.support.real_task import Work
from tests.support.services import CONN_IDS
from tests.support.signing_in import api as api_of
from tests.support.tasks import RunningTask, Tasks
from tests.support.versions import DEFERS, DEFERS_NOTHING
from tests.support.worker import Service, running_service

DAG_FILE = """
from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import dag

@dag(dag_id="defers", schedule=None)
def defers():
    for task_id, conn_id in (("own", "acme"), ("other", "acme--as--http-key-header")):
        HttpOperator(task_id=task_id, http_conn_id=conn_id, endpoint="me", method="GET", deferrable=True)

defers()
"""

CONN_ID = CONN_IDS[0]
SECONDS = 120
"""For what takes a busy machine its time."""

SOON_MISSED = {
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "8",
}
"""So that the next triggerer need not wait for half a minute until it takes over from one that is gone."""


@contextlib.contextmanager
def triggerer(name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A real triggerer, with the configuration and database of this process."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = ["airflow", "triggerer", "--skip-serve-logs"]
    with (FOLDER / f"triggerer-{name}.log").open("w") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, **SOON_MISSED, "PATH": path},
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


class LastingTriggerer:
    """A triggerer for all tests, since each takes a while to start.

    :param stack: ends it
    """

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._process: subprocess.Popen[bytes] | None = None

    def work(self) -> None:
        """Let it run from now on."""
        if self._process is None:
            self._process = self._stack.enter_context(triggerer("lasting"))
        else:
            os.killpg(self._process.pid, signal.SIGCONT)

    def rest(self) -> None:
        """Let it do nothing until further notice."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGSTOP)


@pytest.fixture(scope="module")
def lasting_triggerer(airflow_server: AirflowServer) -> Iterator[LastingTriggerer]:
    with contextlib.ExitStack() as stack:
        yield LastingTriggerer(stack)


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


@DEFERS
def test_it_goes_on_with_a_fresh_token_after_a_kill(
    admin: Person,
    alice: Person,
    tasks: Tasks,
    provider: services.Service,
    api: Service,
    lasting_triggerer: LastingTriggerer,
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
    with triggerer("killed") as first:
        wait_until(lambda: api.requests, "the first request")
        os.killpg(first.pid, signal.SIGKILL)
    killed.set()
    time.sleep(2)  # the token's life
    lasting_triggerer.work()
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


def instance(work: Work) -> Any:
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session(scoped=False) as session:
        key = asdict(work)
        found = session.scalars(select(TaskInstance).filter_by(**key)).one()
        kept = found.trigger and (found.trigger.classpath, found.trigger.encrypted_kwargs)
        session.expunge_all()
        found.kept = kept  # type: ignore[attr-defined]
        return found


@DEFERS
def test_two_people_at_once_and_a_third_who_has_not_signed_in(
    airflow_server: AirflowServer,
    alice: Person,
    bob: Person,
    carol: Person,
    dags: Path,
    register: Callable[..., None],
    lasting_triggerer: LastingTriggerer,
) -> None:
    with running_service() as service:
        register(service.url, expose_options={"http-key-header.header": "X-Key"})
        signed_in = bob.browser.post(f"{api_of(ACME)}/sign-in", json={"key": "key-of-bob"})
        assert signed_in.status_code == 200, signed_in.text
        lasting_triggerer.rest()
        bobs = bob.trigger("defers")
        refused = Work("defers", carol.trigger("defers"), "own")
        runs = [Work("defers", alice.trigger("defers"), "own")]
        runs += [Work("defers", bobs, task_id) for task_id in ("own", "other")]
        *logs, log_of_refused = real_task.run_all(airflow_server.url, dags, [*runs, refused])
        for one, log in zip(runs, logs, strict=True):
            found = instance(one)
            assert found.state == "deferred", log
            assert found.kept[0] == "airflow_thirdparty.triggers.foreign.ForeignTrigger"
            assert KEY not in found.kept[1]
        assert instance(refused).state == "failed", "before anything is deferred"
        for said in ("has not signed in", "/third-party-accounts/?account=acme"):
            assert said in log_of_refused
        assert service.credentials() == []
        lasting_triggerer.work()
        wait_until(lambda: all(instance(one).state != "deferred" for one in runs), "the tasks are resumed")
        said = log_of_triggerers()
        assert {instance(one).next_method for one in runs} == {"execute_complete"}, said
        headers = [headers for _, headers in service.seen]
    seen = sorted(json.dumps([each.get("authorization"), each.get("x-key")]) for each in headers)
    assert seen == sorted(
        json.dumps(pair)
        for pair in ((f"Bearer {KEY}", None), ("Bearer key-of-bob", None), (None, "key-of-bob"))
    )
    for key in (KEY, "key-of-bob"):
        assert key not in said


@DEFERS_NOTHING
def test_where_nothing_can_be_deferred_that_is_said(
    airflow_server: AirflowServer, alice: Person, dags: Path, register: Callable[..., None]
) -> None:
    with running_service() as service:
        register(service.url)
        run_id = alice.trigger("defers")
        log = real_task.run(airflow_server.url, dags, "defers", run_id, "own")
        assert service.seen == []
    assert instance(Work("defers", run_id, "own")).state == "failed", log
    assert "shows the arguments of triggers" in log
