"""The accounts a DAG refers to: through operators, templates, and the Python of its tasks."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from airflow_thirdparty.policies.analysis import operators
from airflow_thirdparty.policies.analysis.source import ConnectionUse, mentions
from airflow_thirdparty.policies.analysis.values import UNKNOWN, Values
from airflow_thirdparty.wire import split_entry

log = logging.getLogger(__name__)

_TEMPLATED = re.compile(
    r"""\bconn\s*(?:\.\s*get\s*\(\s*(?:["'](?P<got>[^"']+)["']|(?P<computed>[^"'\s]))"""
    r"""|\.\s*(?P<dotted>(?!get\b)[A-Za-z_]\w*)|\[\s*["'](?P<item>[^"']+)["'])"""
)
_MOST_TEXTS = 1000
"""Texts of one argument that are looked at: bounds what a huge literal costs at every parse."""


class Reference(NamedTuple):
    """One place in which a task refers to a connection that is, or may be, an account.

    :param task_id: id of the task
    :param account: id of the account; ``None`` when it cannot be known before the task runs
    :param written: how it stands in the DAG
    :param ours: whether it is an account for certain, not just any connection
    """

    task_id: str
    account: str | None
    written: str
    ours: bool = False


def references(dag: Any, accounts: Collection[str]) -> list[Reference]:
    """Find every reference of a DAG, sorted by task.

    :param dag: the DAG as its file made it
    :param accounts: ids of all accounts
    :return: each once
    """
    known = frozenset(accounts)
    found: list[Reference] = []
    for task in sorted(dag.tasks, key=lambda task: str(task.task_id)):
        found += _of_task(task, known)
    return list(dict.fromkeys(found))


def _of_task(task: Any, accounts: frozenset[str]) -> list[Reference]:
    try:
        return _in_arguments(task, accounts) + _in_templates(task, accounts) + _in_python(task, accounts)
    except Exception:
        log.exception("Looking for third-party accounts in task %s failed", task.task_id)
        return [Reference(str(task.task_id), None, "this task could not be looked at")]


def _in_arguments(task: Any, accounts: frozenset[str]) -> list[Reference]:
    named = operators.connections(task)
    found: list[Reference] = []
    ours = bool(named) and operators.is_ours(operators.class_of(task))
    for name in sorted(named):
        if ours or name.endswith(operators.SUFFIX):
            found += _sorted_out(task, named[name], f"argument {name}", accounts, ours=ours)
    return found


def _sorted_out(
    task: Any, values: Values, written: str, accounts: frozenset[str], *, ours: bool
) -> Iterator[Reference]:
    for conn_id in sorted(values.known):
        account = split_entry(conn_id)[0]
        if account and (ours or account in accounts):
            yield Reference(str(task.task_id), account, written, ours)
    # as long as there are no accounts, what a foreign hook uses cannot be one
    if not values.complete and (ours or accounts):
        yield Reference(str(task.task_id), None, written, ours)


def _in_templates(task: Any, accounts: frozenset[str]) -> list[Reference]:
    """``{{ conn.github.password }}`` and the like, in the fields that Airflow renders."""
    given = operators.given(task)
    fields = [(name, given.get(name)) for name in task.template_fields or ()]
    fields.append(("expand()", getattr(getattr(task, "expand_input", None), "value", None)))
    found: list[Reference] = []
    for name, value in fields:
        for text in _templates(value) if _may_hold_templates(value) else ():
            for match in _TEMPLATED.finditer(text):
                conn_id = match["got"] or match["dotted"] or match["item"]
                values = Values(frozenset({conn_id})) if conn_id else UNKNOWN
                found += _sorted_out(task, values, f"{match[0]}… in {name}", accounts, ours=False)
    return sorted(found, key=lambda reference: reference.written)


def _may_hold_templates(value: Any) -> bool:
    return "conn" in value if type(value) is str else value is not None


def _templates(value: Any) -> list[str]:
    waiting, found, seen = [value], [], 0
    while waiting and seen < _MOST_TEXTS:
        item, seen = waiting.pop(), seen + 1
        kind = type(item)
        if kind is str:
            if "conn" in item and ("{{" in item or "{%" in item):
                found.append(item)
        elif kind is dict:
            waiting += item.values()
        elif kind in (list, tuple, set):
            waiting += item
    return found


def _in_python(task: Any, accounts: frozenset[str]) -> list[Reference]:
    uses: list[ConnectionUse] = []
    for function in operators.functions(task):
        passed = functools.partial(operators.passed_to, task, function)
        uses += mentions(function, passed, accounts=accounts)
    for method in operators.own_methods(operators.class_of(task)):
        uses += mentions(method, objects={"self": task}, accounts=accounts)
    found: list[Reference] = []
    for use in uses:
        written = f"{use.written} in line {use.line}" if use.line else use.written
        found += _sorted_out(task, use.values, written, accounts, ours=use.ours)
    return found
