"""Runs and tasks without a scheduler: rows as it leaves them, and the token a worker gets."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from airflow_thirdparty import wire
from tests.support import loopback
from tests.support.airflow_server import SLOWEST_SECONDS, AirflowServer

if TYPE_CHECKING:
    from airflow.sdk import DAG
    from airflow.triggers.base import BaseTrigger

BUNDLE = "dags-folder"


@dataclass(frozen=True)
class RunningTask:
    """A task instance in the middle of its work.

    :param id: id of the task instance
    :param worker: a client of the Execution API with the task's own token
    """

    id: uuid.UUID
    worker: httpx2.Client

    def connection(self, conn_id: str) -> httpx2.Response:
        """Ask for a connection, as Airflow's SDK does for the task.

        :param conn_id: bare id, as foreign hooks ask
        """
        return self.worker.get(f"/execution/connections/{conn_id}")

    def ask(self, conn_id: str, **wanted: object) -> httpx2.Response:
        """Ask as our own hook does.

        :param conn_id: id of the account
        :param wanted: fields of :class:`airflow_thirdparty.wire.TokenRequest`
        """
        return self.connection(wire.TokenRequest(conn_id, **wanted).encode())  # type: ignore[arg-type]


class Tasks:
    """Stands in for DAG processor, scheduler and executor.

    :param url: the API server
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._workers: list[httpx2.Client] = []

    def add_dag(self, dag_id: str, *task_ids: str) -> None:
        """Store a DAG as the DAG processor does.

        :param dag_id: the DAG
        :param task_ids: its tasks, one after the other; ``work`` if none is named
        """
        from airflow.providers.standard.operators.empty import EmptyOperator
        from airflow.sdk import DAG

        with DAG(dag_id, schedule=None) as dag:
            before = None
            for task_id in task_ids or ("work",):
                task = EmptyOperator(task_id=task_id)
                if before is not None:
                    before.set_downstream(task)
                before = task
        self.store(dag)

    def store(self, dag: DAG) -> None:
        """Store a DAG object as the DAG processor does.

        :param dag: the DAG
        """
        from airflow.dag_processing.collection import update_dag_parsing_results_in_db
        from airflow.models.dagbundle import DagBundleModel
        from airflow.serialization.serialized_objects import LazyDeserializedDAG
        from airflow.utils.session import create_session

        dag.relative_fileloc = f"{dag.dag_id}.py"
        with create_session() as session:
            if session.get(DagBundleModel, BUNDLE) is None:
                session.add(DagBundleModel(name=BUNDLE))
        with create_session() as session:
            update_dag_parsing_results_in_db(
                BUNDLE, None, [LazyDeserializedDAG.from_dag(dag)], {}, None, set(), session
            )

    def start(self, dag_id: str, run_id: str, task_id: str = "work", map_index: int = -1) -> RunningTask:
        """Let a task of a run start, as scheduler and executor do for each try.

        :param dag_id: the DAG
        :param run_id: the run
        :param task_id: the task
        :param map_index: which of a mapped task's instances
        """
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session
        from sqlalchemy import func, select, update

        with create_session(scoped=False) as session:
            instance = session.scalars(
                select(TaskInstance).where(
                    TaskInstance.dag_id == dag_id,
                    TaskInstance.run_id == run_id,
                    TaskInstance.task_id == task_id,
                    TaskInstance.map_index == map_index,
                )
            ).one()
            # as DagRun.schedule_tis does
            again = instance.state == "up_for_reschedule"
            number = instance.try_number + (not again)
            session.execute(
                update(TaskInstance)
                .where(TaskInstance.id == instance.id)
                .values(
                    state="queued",
                    try_number=number,
                    scheduled_dttm=func.now(),
                    queued_dttm=datetime.now(timezone.utc),
                )
                .execution_options(synchronize_session=False)
            )
            instance_id = instance.id
        running = RunningTask(instance_id, self.worker(instance_id))
        started = running.worker.patch(
            f"/execution/task-instances/{instance_id}/run",
            json={
                "state": "running",
                "hostname": "localhost",
                "unixname": "tests",
                "pid": 1,
                "start_date": _now(),
            },
        )
        assert started.status_code == 200, started.text
        return running

    def finish(self, running: RunningTask, state: str = "success") -> None:
        """Let a running task end.

        :param running: the task
        :param state: ``success`` or ``failed``
        """
        body = {"state": state, "end_date": _now()}
        if state == "success":
            body |= {"task_outlets": [], "outlet_events": []}  # type: ignore[dict-item]
        answer = running.worker.patch(f"/execution/task-instances/{running.id}/state", json=body)
        assert answer.status_code == 204, answer.text

    def defer(self, running: RunningTask, trigger: BaseTrigger) -> None:
        """Let a running task defer.

        :param running: the task
        :param trigger: what it waits for
        """
        from airflow.sdk.serde import serialize

        classpath, arguments = trigger.serialize()
        body = {
            "state": "deferred",
            "classpath": classpath,
            "trigger_kwargs": serialize(arguments),
            "next_method": "execute_complete",
            "next_kwargs": {},
        }
        answer = running.worker.patch(f"/execution/task-instances/{running.id}/state", json=body)
        assert answer.status_code == 204, answer.text

    def park(self, running: RunningTask, method: str, user_id: str, **arguments: Any) -> None:
        """Let a running task become a required action of somebody's.

        :param running: the task
        :param method: by which it goes on
        :param user_id: whose
        :param arguments: of that method
        """
        from airflow.sdk.serde import serialize

        asked = {
            "ti_id": str(running.id),
            "options": ["I have signed in"],
            "subject": "Sign in",
            "assigned_users": [{"id": user_id, "name": "somebody"}],
        }
        answer = running.worker.post(f"/execution/hitlDetails/{running.id}", json=asked)
        assert answer.status_code == 201, answer.text
        body = {"state": "awaiting_input", "next_method": method, "next_kwargs": serialize(arguments)}
        answer = running.worker.patch(f"/execution/task-instances/{running.id}/state", json=body)
        assert answer.status_code == 204, answer.text

    def running(self, dag_id: str, run_id: str, task_id: str = "work") -> uuid.UUID:
        """The id of a task instance, which is started unless it runs already.

        :param dag_id: the DAG
        :param run_id: the run
        :param task_id: the task
        """
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session
        from sqlalchemy import select

        key = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": -1}
        with create_session(scoped=False) as session:
            found = session.scalars(select(TaskInstance).filter_by(**key)).one()
            if found.state == "running":
                return found.id
        return self.start(dag_id, run_id, task_id).id

    def ran(self, dag_id: str, run_id: str, minutes: float) -> None:
        """Let it be that a run has ended well and took its time.

        :param dag_id: the DAG
        :param run_id: the run
        :param minutes: how long
        """
        from airflow.models.dagrun import DagRun
        from airflow.utils.session import create_session
        from sqlalchemy import update

        now = datetime.now(timezone.utc)
        times = {"start_date": now - timedelta(minutes=minutes), "end_date": now}
        run = update(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
        with create_session(scoped=False) as session:
            session.execute(run.values(state="success", **times).execution_options(synchronize_session=False))

    def started_earlier(self, instance_id: uuid.UUID, seconds: float) -> None:
        """Let it be that a task started some time ago.

        :param instance_id: the task instance
        :param seconds: how long ago
        """
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session

        with create_session(scoped=False) as session:
            found = session.get_one(TaskInstance, instance_id)
            assert found.start_date is not None
            found.start_date -= timedelta(seconds=seconds)

    def deferred_earlier(self, instance_id: uuid.UUID, before: timedelta) -> None:
        """Let it be that a task was deferred some time ago.

        :param instance_id: the task instance
        :param before: how long ago
        """
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session

        with create_session(scoped=False) as session:
            session.get_one(TaskInstance, instance_id).trigger.created_date -= before

    def queued_earlier(self, instance_id: uuid.UUID, minutes: float) -> None:
        """Let it be that a task was queued some time ago.

        :param instance_id: the task instance
        :param minutes: how long ago
        """
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session

        with create_session(scoped=False) as session:
            found = session.get_one(TaskInstance, instance_id)
            assert found.queued_dttm is not None
            found.queued_dttm -= timedelta(minutes=minutes)

    def known(self, instance_id: uuid.UUID) -> RunningTask:
        """A task instance of which only the id is known.

        :param instance_id: the task instance
        """
        return RunningTask(instance_id, self.worker(instance_id))

    def worker(self, instance_id: uuid.UUID) -> httpx2.Client:
        """A client with the token of a task instance, whatever its state.

        :param instance_id: the task instance
        """
        headers = {"Authorization": f"Bearer {task_token(instance_id)}"}
        client = loopback.client(base_url=self._url, headers=headers, timeout=SLOWEST_SECONDS)
        self._workers.append(client)
        return client

    def close(self) -> None:
        """Close the connections."""
        for worker in self._workers:
            worker.close()


def task_token(instance_id: uuid.UUID, scope: str = "execution", valid_for: int = 600) -> str:
    """The token that an executor makes for a task.

    :param instance_id: the task instance
    :param scope: ``execution``, or ``workload`` for the one that may only start it
    :param valid_for: seconds
    """
    from airflow.api_fastapi.auth.tokens import JWTGenerator, get_signing_args
    from airflow.configuration import conf

    generator = JWTGenerator(
        valid_for=valid_for,
        audience=conf.get_mandatory_list_value("execution_api", "jwt_audience")[0],
        issuer=conf.get("api_auth", "jwt_issuer", fallback=None),
        **get_signing_args(make_secret_key_if_needed=False),
    )
    return generator.generate({"sub": str(instance_id), "scope": scope})


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()


@pytest.fixture
def tasks(airflow_server: AirflowServer) -> Iterator[Tasks]:
    """Makes DAGs and running tasks on the server."""
    maker = Tasks(airflow_server.url)
    yield maker
    maker.close()
