"""What of Airflow the record of causes and the table of whom a run acts for rest on.

When a new Airflow fails here, look where the message says before anything else.
"""

from __future__ import annotations

import importlib
import inspect

import pytest
from airflow.models.backfill import Backfill
from airflow.models.dag import DagModel, DagTag
from airflow.models.dag_version import DagVersion
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagcode import DagCode
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancehistory import TaskInstanceHistory
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from fastapi import APIRouter

from airflow_thirdparty.server.broker.acting.resolver import NEVER, ON_RECORD
from airflow_thirdparty.server.recording import changes
from tests.integration.acting.reruns import RERUNS

CORE = "airflow.api_fastapi.core_api.routes.public"
EXECUTION = "airflow.api_fastapi.execution_api.routes"


@pytest.mark.parametrize(
    ("model", "columns"),
    [
        pytest.param(DagRun, changes.RUN_COLUMNS, id="columns that show a hand in a run"),
        pytest.param(TaskInstance, changes.TASK_COLUMNS, id="columns that show a hand in a task"),
        pytest.param(DagRun, ("id", "dag_id", "run_id", "created_at", "backfill_id"), id="which run it is"),
        pytest.param(DagRun, ("bundle_version",), id="code of a run"),
        pytest.param(Backfill, ("id", "dag_id"), id="which backfill it is"),
        pytest.param(
            TaskInstance,
            ("id", "state", "try_number", "max_tries", "start_date", "dag_version_id"),
            id="which try it is",
        ),
        pytest.param(
            TaskInstanceHistory,
            ("dag_id", "run_id", "task_id", "map_index", "try_number", "max_tries"),
            id="earlier tries",
        ),
        pytest.param(DagCode, ("dag_version_id", "source_code"), id="code of a DAG"),
        pytest.param(
            DagModel,
            (
                "dag_id",
                "bundle_name",
                "bundle_version",
                "relative_fileloc",
                "fileloc",
                "last_parsed_time",
                "is_stale",
            ),
            id="where a DAG is, and when it was parsed",
        ),
        pytest.param(
            DagVersion,
            ("id", "dag_id", "version_number", "bundle_name", "bundle_version", "last_updated"),
            id="where each version of a DAG is",
        ),
        pytest.param(DagBundleModel, ("name", "active"), id="bundles"),
        pytest.param(DagTag, ("dag_id", "name"), id="tags of a DAG"),
        pytest.param(TaskInstance, ("queued_dttm",), id="when a task was queued"),
    ],
)
def test_columns(model: type, columns: tuple[str, ...]):
    missing = set(columns) - set(model.__mapper__.columns.keys())
    where = "broker/acting/queries.py and recording/changes.py"
    assert not missing, f"{model.__name__} has no {sorted(missing)} any more: look at {where}"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (f"{CORE}.dag_run", "trigger_dag_run"),
        (f"{CORE}.dag_run", "clear_dag_run"),
        (f"{CORE}.dag_run", "patch_dag_run"),
        (f"{CORE}.dag_run", "delete_dag_run"),
        (f"{CORE}.backfills", "create_backfill"),
        (f"{CORE}.assets", "materialize_asset"),
        (f"{CORE}.task_instances", "post_clear_task_instances"),
        (f"{CORE}.task_instances", "patch_task_instance"),
        (f"{CORE}.task_instances", "bulk_task_instances"),
        (f"{CORE}.task_instances", "delete_task_instance"),
        (changes.RUNS, "trigger_dag_run"),
        (changes.RUNS, "clear_dag_run"),
    ],
)
def test_endpoints(module: str, name: str):
    assert callable(getattr(importlib.import_module(module), name, None)), (
        f"Airflow has moved {module}.{name}: look at recording/changes.py, and try its successor in reruns.py"
    )


def changing_routes(module: str) -> set[str]:
    """Endpoints of a module that may change something."""
    found = importlib.import_module(module)
    routers = [value for value in vars(found).values() if isinstance(value, APIRouter)]
    return {
        route.endpoint.__name__
        for router in routers
        for route in router.routes
        if set(route.methods) - {"GET", "HEAD", "OPTIONS"}
    }


@pytest.mark.parametrize(
    ("module", "known"),
    [
        pytest.param(
            f"{CORE}.dag_run",
            {
                "trigger_dag_run",
                "clear_dag_run",
                "clear_dag_runs",
                "clear_dag_run_partitions",
                "patch_dag_run",
                "bulk_dag_runs",
                "delete_dag_run",
                "get_list_dag_runs_batch",
            },
            id="runs",
        ),
        pytest.param(
            f"{CORE}.task_instances",
            {
                "post_clear_task_instances",
                "patch_task_instance",
                "patch_task_instance_dry_run",
                "patch_task_group_instances",
                "patch_task_group_instances_dry_run",
                "bulk_task_instances",
                "delete_task_instance",
                "get_task_instances_batch",
            },
            id="task instances",
        ),
        pytest.param(
            f"{CORE}.backfills",
            {
                "create_backfill",
                "create_backfill_dry_run",
                "pause_backfill",
                "unpause_backfill",
                "cancel_backfill",
            },
            id="backfills",
        ),
        pytest.param(f"{EXECUTION}.dag_runs", {"trigger_dag_run", "clear_dag_run"}, id="runs, by tasks"),
    ],
)
def test_there_is_no_further_way_to_change_runs(module: str, known: set[str]):
    new = changing_routes(module) - known
    assert not new, f"{module} can do more now: {sorted(new)}. Try each in tests/integration/acting/reruns.py"


def test_the_ways_in_which_runs_come_about():
    delegated = {"timetable", "asset"}
    known = {*ON_RECORD, *NEVER, *delegated}
    values = {each.value for each in DagRunTriggeredByType}
    assert values == known, f"runs come about by {sorted(values ^ known)}: look at broker/acting/resolver.py"
    assert {"scheduled", "asset_triggered"} <= {each.value for each in DagRunType}


def test_a_task_is_named_by_its_token():
    from airflow.api_fastapi.execution_api import security

    assert security._REQUEST_SCOPE_TOKEN_KEY == "ti_token", "look at recording/ and execution/middleware.py"


def test_a_clear_raises_the_clear_number_and_renames_the_try():
    from airflow.models import taskinstance

    source = inspect.getsource(taskinstance.clear_task_instances)
    assert "clear_number += 1" in source, "clears show elsewhere now: look at broker/acting/queries.py"
    assert "prepare_db_for_next_try" in source, (
        "tries are superseded otherwise: look at broker/acting/queries.py"
    )


def test_a_worker_is_sent_where_the_dag_is_when_its_task_is_queued():
    from airflow.executors.workloads.task import ExecuteTask
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

    made = inspect.getsource(ExecuteTask.make)
    assert "name=ti.dag_model.bundle_name" in made, "look at resolver.py, sightings.py and acting_user.md"
    assert "version=ti.dag_run.bundle_version" in made, (
        "look at what queries.py compares with a pinned version"
    )
    queued = inspect.getsource(SchedulerJobRunner._executable_task_instances_to_queued)
    assert "queued_dttm" in queued, "it is on record elsewhere now when a task is queued: look at queries.py"


def test_each_parse_of_a_dag_is_on_record_together_with_its_bundle():
    from airflow.dag_processing.collection import DagModelOperation

    source = inspect.getsource(DagModelOperation.update_dags)
    for line in ("dm.last_parsed_time = utcnow()", "dm.bundle_name = ", "dm.relative_fileloc = "):
        assert line in source, "parses are on record elsewhere now: look at acting/listener.py"


def test_every_way_to_rerun_is_tried():
    assert len({rerun.name for rerun in RERUNS}) == len(RERUNS) >= 14
