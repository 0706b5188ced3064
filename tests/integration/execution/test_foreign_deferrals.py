"""An unmodified deferrable operator of another provider acts as the person, on the triggerer too."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.execution.test_real_triggerer import (
    log_of_triggerers,
    triggerer,
    wait_until,
)
from tests.support import real_task
from tests.support.airflow_server import AirflowServer
from tests.support.people import Person
from tests.support.projecting import ACME, KEY
from tests.support.signing_in import api
from tests.support.versions import DEFERS, DEFERS_NOTHING
from tests.support.worker import running_service

DAG_FILE = """
from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import dag

@dag(dag_id="defers", schedule=None)
def defers():
    for task_id, conn_id in (("own", "acme"), ("other", "acme--as--http-key-header")):
        HttpOperator(task_id=task_id, http_conn_id=conn_id, endpoint="me", method="GET", deferrable=True)

defers()
"""


@pytest.fixture
def dags(tmp_path: Path, admin: Person) -> Path:
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "defers.py").write_text(DAG_FILE)
    real_task.load_dags(folder)
    return folder


def instance(run_id: str, task_id: str) -> Any:
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session(scoped=False) as session:
        key = {"dag_id": "defers", "run_id": run_id, "task_id": task_id}
        found = session.scalars(select(TaskInstance).filter_by(**key)).one()
        kept = found.trigger and (found.trigger.classpath, found.trigger.encrypted_kwargs)
        session.expunge_all()
        found.kept = kept  # type: ignore[attr-defined]
        return found


@DEFERS
def test_two_people_at_once_on_one_triggerer(
    airflow_server: AirflowServer, alice: Person, bob: Person, dags: Path, register: Callable[..., None]
) -> None:
    with running_service() as service:
        register(service.url, expose_options={"http-key-header.header": "X-Key"})
        signed_in = bob.browser.post(f"{api(ACME)}/sign-in", json={"key": "key-of-bob"})
        assert signed_in.status_code == 200, signed_in.text
        runs = [(alice.trigger("defers"), "own"), (bob.trigger("defers"), "own")]
        runs.append((bob.trigger("defers"), "other"))
        for run_id, task_id in runs:
            log = real_task.run(airflow_server.url, dags, "defers", run_id, task_id)
            found = instance(run_id, task_id)
            assert found.state == "deferred", log
            assert found.kept[0] == "airflow_thirdparty.triggers.foreign.ForeignTrigger"
            assert KEY not in found.kept[1]
        assert service.credentials() == []
        with triggerer(1):
            wait_until(
                lambda: all(instance(*run).state != "deferred" for run in runs), "the tasks are resumed"
            )
        said = log_of_triggerers()
        assert {instance(*run).next_method for run in runs} == {"execute_complete"}, said
        headers = [headers for _, headers in service.seen]
    seen = sorted(json.dumps([each.get("authorization"), each.get("x-key")]) for each in headers)
    assert seen == sorted(
        json.dumps(pair)
        for pair in ((f"Bearer {KEY}", None), ("Bearer key-of-bob", None), (None, "key-of-bob"))
    )
    for key in (KEY, "key-of-bob"):
        assert key not in said


@DEFERS
def test_who_is_not_signed_in_is_told_before_anything_is_deferred(
    airflow_server: AirflowServer, bob: Person, dags: Path, register: Callable[..., None]
) -> None:
    with running_service() as service:
        register(service.url)
        run_id = bob.trigger("defers")
        log = real_task.run(airflow_server.url, dags, "defers", run_id, "own")
        assert service.seen == []
    assert instance(run_id, "own").state == "failed", log
    assert "has not signed in" in log
    assert "/third-party-accounts/?account=acme" in log


@DEFERS_NOTHING
def test_where_nothing_can_be_deferred_that_is_said(
    airflow_server: AirflowServer, alice: Person, dags: Path, register: Callable[..., None]
) -> None:
    with running_service() as service:
        register(service.url)
        run_id = alice.trigger("defers")
        log = real_task.run(airflow_server.url, dags, "defers", run_id, "own")
        assert service.seen == []
    assert instance(run_id, "own").state == "failed", log
    assert "shows the arguments of triggers" in log
