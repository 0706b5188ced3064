"""Runs a task as an executor's worker does: a process with Airflow's supervisor, and a log of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_thirdparty.urls import origin_of
from tests.support.scheduler import load_dags

if TYPE_CHECKING:
    from airflow.executors.workloads import ExecuteTask

WORKER = """
import sys
from airflow.executors.workloads import ExecuteTask
try:
    from airflow.sdk.execution_time.supervisor import supervise_task
except ImportError:  # Airflow 3.2
    from airflow.sdk.execution_time.supervisor import supervise as supervise_task
for line in sys.stdin.read().splitlines():
    work = ExecuteTask.model_validate_json(line)
    supervise_task(ti=work.ti, bundle_info=work.bundle_info, dag_rel_path=work.dag_rel_path, token=work.token,
                   server=sys.argv[1], log_path=work.log_path)
"""


@dataclass(frozen=True)
class Work:
    """A task to be run.

    :param dag_id: the DAG
    :param run_id: the run
    :param task_id: the task
    """

    dag_id: str
    run_id: str
    task_id: str


def run(
    server_url: str, dags: Path, dag_id: str, run_id: str, task_id: str, environment: Mapping[str, str] = {}
) -> str:
    """Run a task of a run to its end, and answer its log.

    :param server_url: address of the API server
    :param dags: the folder of the DAG files
    :param dag_id: the DAG
    :param run_id: the run
    :param task_id: the task
    :param environment: more for the worker
    """
    return run_all(server_url, dags, [Work(dag_id, run_id, task_id)], environment)[0]


def run_all(
    server_url: str, dags: Path, work: Sequence[Work], environment: Mapping[str, str] = {}
) -> list[str]:
    """Run one task after the other in one worker, each in a process of its own, and answer their logs.

    :param server_url: address of the API server
    :param dags: the folder of the DAG files
    :param work: the tasks
    :param environment: more for the worker
    """
    loads = [_workload(one) for one in work]
    logs = dags.with_name("logs")
    done = subprocess.run(
        [sys.executable, "-c", WORKER, f"{origin_of(server_url)}/execution/"],
        input="\n".join(load.model_dump_json() for load in loads),
        env={
            **os.environ,
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(logs),
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=240,
    )
    files = [logs / str(load.log_path) for load in loads]
    assert all(file.exists() for file in files), done.stdout + done.stderr
    return [file.read_text() for file in files]


def _workload(work: Work) -> ExecuteTask:
    from airflow.api_fastapi.auth.tokens import JWTGenerator, get_signing_args
    from airflow.configuration import conf
    from airflow.executors.workloads import ExecuteTask
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    generator = JWTGenerator(
        valid_for=600,
        audience=conf.get_mandatory_list_value("execution_api", "jwt_audience")[0],
        issuer=conf.get("api_auth", "jwt_issuer", fallback=None),
        **get_signing_args(make_secret_key_if_needed=False),
    )
    with create_session(scoped=False) as session:
        key = {**asdict(work), "map_index": -1}
        instance = session.scalars(select(TaskInstance).filter_by(**key)).one()
        instance.state = "queued"
        instance.try_number += 1
        session.flush()
        return ExecuteTask.make(instance, generator=generator)


__all__ = ["Work", "load_dags", "run", "run_all"]
