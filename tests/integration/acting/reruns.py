"""Every way in which somebody can make tasks of a run start again, or change what runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from airflow.api_fastapi.core_api.routes.public import dag_run as run_routes
from airflow.api_fastapi.core_api.routes.public import task_instances as task_routes
from airflow.cli import cli_config
from airflow.cli.commands import dag_command

from tests.support import shell
from tests.support.airflow import Airflow

Way = Callable[[Airflow, str, str], None]
"""Called with the server, the user and the run."""


@dataclass(frozen=True)
class Rerun:
    """One way.

    :param way: does it
    :param on_record: there is an authenticated user to put on record
    """

    name: str
    way: Way
    on_record: bool = True


def clear_tasks(server: Airflow, user: str, run_id: str, **body) -> None:
    body = {"dry_run": False, "only_failed": False, "dag_run_id": run_id, **body}
    server.rest(user, "POST", "/dags/by_hand/clearTaskInstances", json=body)


def clear_a_task(server: Airflow, user: str, run_id: str) -> None:
    clear_tasks(server, user, run_id, task_ids=["third"])


def clear_only_upstream(server: Airflow, user: str, run_id: str) -> None:
    clear_tasks(server, user, run_id, task_ids=["first"])


def clear_without_reset(server: Airflow, user: str, run_id: str) -> None:
    clear_tasks(server, user, run_id, task_ids=["first"], reset_dag_runs=False)


def clear_by_date(server: Airflow, user: str, run_id: str) -> None:
    clear_tasks(server, user, run_id, dag_run_id=None, task_ids=["second"])


def clear_run(server: Airflow, user: str, run_id: str) -> None:
    server.rest(user, "POST", f"/dags/by_hand/dagRuns/{run_id}/clear", json={"dry_run": False})


def clear_runs_in_bulk(server: Airflow, user: str, run_id: str) -> None:
    body = {"dry_run": False, "dag_runs": [{"dag_run_id": run_id}]}
    server.rest(user, "POST", "/dags/by_hand/clearDagRuns", json=body)


def clear_partitions(server: Airflow, user: str, run_id: str) -> None:
    body = {"dry_run": False, "run_id": run_id, "clear_task_instances": True}
    server.rest(user, "POST", "/dags/by_hand/clearPartitions", json=body)


def set_run_state(state: str) -> Way:
    def way(server: Airflow, user: str, run_id: str) -> None:
        server.rest(user, "PATCH", f"/dags/by_hand/dagRuns/{run_id}", json={"state": state})

    return way


def set_run_states_in_bulk(server: Airflow, user: str, run_id: str) -> None:
    entity = {"dag_run_id": run_id, "state": "queued"}
    body = {"actions": [{"action": "update", "entities": [entity]}]}
    server.rest(user, "PATCH", "/dags/by_hand/dagRuns", json=body)


def set_task_state(server: Airflow, user: str, run_id: str) -> None:
    path = f"/dags/by_hand/dagRuns/{run_id}/taskInstances/second"
    server.rest(user, "PATCH", path, json={"new_state": "success"})


def set_task_state_by_map_index(server: Airflow, user: str, run_id: str) -> None:
    path = f"/dags/by_hand/dagRuns/{run_id}/taskInstances/second/-1"
    server.rest(user, "PATCH", path, json={"new_state": "success"})


def set_task_states_in_bulk(server: Airflow, user: str, run_id: str) -> None:
    entity = {"task_id": "second", "new_state": "success", "dag_id": "by_hand", "dag_run_id": run_id}
    body = {"actions": [{"action": "update", "entities": [entity]}]}
    answer = server.rest(user, "PATCH", "/dags/~/dagRuns/~/taskInstances", json=body)
    assert answer["update"]["success"]


def set_task_group_state(server: Airflow, user: str, run_id: str) -> None:
    path = f"/dags/by_hand/dagRuns/{run_id}/taskGroupInstances/group"
    server.rest(user, "PATCH", path, json={"new_state": "skipped"})


def delete_task(server: Airflow, user: str, run_id: str) -> None:
    server.rest(user, "DELETE", f"/dags/by_hand/dagRuns/{run_id}/taskInstances/second")


def delete_tasks_in_bulk(server: Airflow, user: str, run_id: str) -> None:
    body = {"actions": [{"action": "delete", "entities": ["second"]}]}
    answer = server.rest(user, "PATCH", f"/dags/by_hand/dagRuns/{run_id}/taskInstances", json=body)
    assert answer["delete"]["success"]


def reset_by_a_task(server: Airflow, user: str, run_id: str) -> None:
    """TriggerDagRunOperator(trigger_run_id=run_id, reset_dag_run=True) in a run of the user's own."""
    own = server.start("child", server.trigger(user, "child"))
    server.execution(own, "POST", f"/dag-runs/by_hand/{run_id}", expect=409, json={})
    server.execution(own, "POST", f"/dag-runs/by_hand/{run_id}/clear", expect=204)


def clear_on_the_command_line(server: Airflow, user: str, run_id: str) -> None:
    shell.run_here("tasks", "clear", "--yes", "by_hand", LOGNAME=user)


def clear_run_on_the_command_line(server: Airflow, user: str, run_id: str) -> None:
    shell.run_here("dags", "clear", "--yes", "--run-id", run_id, "by_hand", LOGNAME=user)


def clear_partitions_on_the_command_line(server: Airflow, user: str, run_id: str) -> None:
    words = ("--run-id", run_id, "--clear-task-instances")
    shell.run_here("partitions", "clear", "-d", "by_hand", *words, LOGNAME=user)


RERUNS = [
    Rerun("clear a task", clear_a_task),
    Rerun("clear only a task upstream of the one that asks", clear_only_upstream),
    Rerun("clear with reset_dag_runs=false", clear_without_reset),
    Rerun("clear a task in all runs", clear_by_date),
    Rerun("clear a run", clear_run),
    Rerun("set the run to queued", set_run_state("queued")),
    Rerun("set the run to success", set_run_state("success")),
    Rerun("set a task to success", set_task_state),
    Rerun("set a task to success by its map index", set_task_state_by_map_index),
    Rerun("set tasks to success in bulk", set_task_states_in_bulk),
    Rerun("delete a task instance", delete_task),
    Rerun("delete task instances in bulk", delete_tasks_in_bulk),
    Rerun("TriggerDagRunOperator with reset_dag_run", reset_by_a_task),
    Rerun("clear on the command line", clear_on_the_command_line, on_record=False),
]
"""In every Airflow that is supported."""

NEWER = [
    (run_routes, "clear_dag_runs", Rerun("clear runs in bulk", clear_runs_in_bulk)),
    (run_routes, "bulk_dag_runs", Rerun("set runs to queued in bulk", set_run_states_in_bulk)),
    (run_routes, "clear_dag_run_partitions", Rerun("clear partitions and their tasks", clear_partitions)),
    (
        dag_command,
        "dag_clear",
        Rerun("clear a run on the command line", clear_run_on_the_command_line, on_record=False),
    ),
    (
        cli_config,
        "PARTITIONS_COMMANDS",
        Rerun(
            "clear partitions and their tasks on the command line",
            clear_partitions_on_the_command_line,
            on_record=False,
        ),
    ),
    (task_routes, "patch_task_group_instances", Rerun("set a task group to skipped", set_task_group_state)),
]
"""Where this Airflow has them."""

RERUNS += [rerun for routes, endpoint, rerun in NEWER if hasattr(routes, endpoint)]


def harmless(server: Airflow, user: str, run_id: str) -> dict[str, Callable[[], object]]:
    """What looks like a re-run and changes nothing."""
    run = f"/dags/by_hand/dagRuns/{run_id}"
    clear = "/dags/by_hand/clearTaskInstances"
    return {
        "a dry run of clearing tasks": lambda: clear_tasks(server, user, run_id, dry_run=True),
        "a dry run of clearing the run": lambda: server.rest(
            user, "POST", f"{run}/clear", json={"dry_run": True}
        ),
        "a note on the run": lambda: server.rest(user, "PATCH", run, json={"note": "looked at it"}),
        "a note on a task": lambda: server.rest(
            user, "PATCH", f"{run}/taskInstances/first", json={"note": "looked at it"}
        ),
        "a dry run of setting a task's state": lambda: server.rest(
            user, "PATCH", f"{run}/taskInstances/second/dry_run", json={"new_state": "success"}
        ),
        "clearing a task that there is not": lambda: server.rest(
            user, "POST", clear, expect=404, json={"dry_run": False, "dag_run_id": "none"}
        ),
        "a clear that Airflow refused": lambda: server.rest(
            "viewer", "POST", clear, expect=403, json={"dry_run": False, "dag_run_id": run_id}
        ),
        "setting the state a refused way": lambda: server.rest(
            "viewer", "PATCH", run, expect=403, json={"state": "queued"}
        ),
    }
