"""In which tasks of a DAG an account stands: told from the DAG's stored code and form, as well as they tell.

The policy knows for certain while it parses a file, but a tag has no room for tasks.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import Any

from airflow.models.dagcode import DagCode
from airflow.models.serialized_dag import SerializedDagModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_thirdparty.wire import split_entry

_SUFFIX = "conn_id"


def tasks_by_account(session: Session, dag_id: str, account_ids: Collection[str]) -> dict[str, list[str]]:
    """The ids of the tasks that name an account, by account; an account nobody names by a constant has none.

    :param session: a session
    :param dag_id: id of the DAG
    :param account_ids: ids of the accounts the DAG uses
    :return: ids of tasks, by id of the account
    """
    stored = SerializedDagModel.get(dag_id, session=session)
    data = stored.data if stored is not None else None
    tasks = [_Task(task.get("__var") or {}) for task in data["dag"]["tasks"]] if data else []
    code = session.scalar(
        select(DagCode.source_code)
        .where(DagCode.dag_id == dag_id)
        .order_by(DagCode.last_updated.desc())
        .limit(1)
    )
    found: dict[str, set[str]] = {conn_id: set() for conn_id in account_ids}
    for conn_id, label in _labels(code or "", account_ids):
        found[conn_id] |= {task.task_id for task in tasks if task.is_called(label)}
    for task in tasks:
        for conn_id in task.named & found.keys():
            found[conn_id].add(task.task_id)
    return {conn_id: sorted(task_ids) for conn_id, task_ids in sorted(found.items())}


class _Task:
    """A task as Airflow stores it.

    :param stored: its JSON
    """

    def __init__(self, stored: dict[str, Any]) -> None:
        partial = stored.get("partial_kwargs") or {}
        self.task_id = str(stored.get("task_id"))
        function = stored.get("python_callable_name") or partial.get("python_callable_name") or ""
        self.function = str(function).rpartition(".")[2]
        self.named = {
            split_entry(value)[0]
            for fields in (stored, partial)
            for name, value in fields.items()
            if name.endswith(_SUFFIX) and isinstance(value, str)
        }

    def is_called(self, label: str) -> bool:
        """Whether this is a task with this id, inside any group, or whose function has this name."""
        return label in (self.task_id, self.function) or self.task_id.endswith(f".{label}")


def _labels(code: str, account_ids: Collection[str]) -> Iterator[tuple[str, str]]:
    """Where ids stand in the code: inside which function, and in which call with a ``task_id``."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):  # a zip file, or a DAG that is no Python
        return
    waiting: list[tuple[ast.AST, tuple[str, ...]]] = [(tree, ())]
    while waiting:
        node, around = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            around = (*around, node.name)
        elif isinstance(node, ast.Call):
            around = (*around, *_task_ids(node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            account = split_entry(node.value)[0]
            if account in account_ids:
                yield from ((account, label) for label in around)
        waiting += [(child, around) for child in ast.iter_child_nodes(node)]


def _task_ids(call: ast.Call) -> Iterator[str]:
    # HttpOperator.partial(task_id="fetch").expand(http_conn_id=[...]) has the task's id in an inner call
    inner = call.func.value if isinstance(call.func, ast.Attribute) else None
    for part in (call, inner):
        for keyword in part.keywords if isinstance(part, ast.Call) else ():
            if keyword.arg == "task_id" and isinstance(keyword.value, ast.Constant):
                yield str(keyword.value.value)
