"""Runs a task as an executor's worker does: a process with Airflow's supervisor, and a log of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from airflow_thirdparty.urls import origin_of
from tests.support.scheduler import load_dags

WORKER = """
import sys
from airflow.executors.workloads import ExecuteTask
try:
    from airflow.sdk.execution_time.supervisor import supervise_task
except ImportError:  # Airflow 3.2
    from airflow.sdk.execution_time.supervisor import supervise as supervise_task
work = ExecuteTask.model_validate_json(sys.stdin.read())
supervise_task(ti=work.ti, bundle_info=work.bundle_info, dag_rel_path=work.dag_rel_path, token=work.token,
               server=sys.argv[1], log_path=work.log_path)
"""


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
    work = _workload(dag_id, run_id, task_id)
    logs = dags.with_name("logs")
    done = subprocess.run(
        [sys.executable, "-c", WORKER, f"{origin_of(server_url)}/execution/"],
        input=work,
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
    written = "".join(file.read_text() for file in sorted(logs.rglob("*.log")))
    assert written, done.stdout + done.stderr
    return written


def _workload(dag_id: str, run_id: str, task_id: str) -> str:
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
        key = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": -1}
        instance = session.scalars(select(TaskInstance).filter_by(**key)).one()
        instance.state = "queued"
        instance.try_number += 1
        session.flush()
        return ExecuteTask.make(instance, generator=generator).model_dump_json()


__all__ = ["load_dags", "run"]
