"""Tells in a task's log when a worker's own variable stands in an account's place.

A worker asks its environment before it asks the server, so `AIRFLOW_CONN_<id>` is one login for everybody.
Our own hook refuses it.  A hook of another provider cannot know, so what its task names is compared once at
the start, and the server is asked whether it is an account only for what the environment has too.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from airflow.policies import hookimpl

from airflow_thirdparty.wire import ENVIRONMENT_PREFIX, REQUEST_PREFIX, TokenRequest, split_entry

log = logging.getLogger(__name__)


@hookimpl(tryfirst=True)
def get_airflow_context_vars(context: Mapping[str, Any]) -> None:
    """Look before a task's function runs; Airflow calls this policy there, and gets nothing from us.

    :param context: of the task instance
    """
    try:
        for conn_id in _shadowed(context["task"]):
            if _is_account(conn_id):
                log.warning(
                    "%s%s on this worker shadows the third-party account '%s': whoever triggered the run, "
                    "this task acts with that one login. Remove the variable where workers run.",
                    ENVIRONMENT_PREFIX,
                    conn_id.upper(),
                    split_entry(conn_id)[0],
                )
    except Exception:  # nobody's task fails for a look
        log.debug("The worker's variables could not be compared", exc_info=True)


def _shadowed(task: Any) -> Iterator[str]:
    """The ids of connections that a task names and the environment has."""
    there = {name for name in os.environ if name.startswith(ENVIRONMENT_PREFIX)}
    if not there:
        return
    from airflow_thirdparty.policies.analysis.references import references

    candidates = _spellings(there)
    found = references(SimpleNamespace(tasks=[task]), candidates)
    yield from sorted({reference.account for reference in found if reference.account in candidates} - {None})


def _spellings(variables: Collection[str]) -> frozenset[str]:
    # ids are mostly small letters; others are told only where the variable spells them so
    ids = {name.removeprefix(ENVIRONMENT_PREFIX) for name in variables}
    return frozenset({*ids, *(name.lower() for name in ids)})


def _is_account(conn_id: str) -> bool:
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    if conn_id.startswith(REQUEST_PREFIX):
        return False
    try:
        Connection.get(TokenRequest(conn_id, why=True).encode())
    except AirflowNotFoundException:
        return False
    return True
