"""What the DAG of a sensor needs: the accounts it uses, and the scopes that its tasks declare."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from airflow_thirdparty.exceptions import NotProjected
from airflow_thirdparty.hooks.uses_account import SCOPES_ATTRIBUTE
from airflow_thirdparty.wire import OF_DAG, PROJECTION_KEY, TokenRequest


def accounts_of_dag() -> tuple[str, ...]:
    """The accounts that the running task's DAG uses, as its page shows them.

    :raises NotProjected: when the API server does not answer that
    :return: their ids
    """
    try:
        connection = Connection.get(TokenRequest(OF_DAG, dag=True).encode())
        return tuple(json.loads(connection.extra or "{}")[PROJECTION_KEY]["accounts"])
    except (AirflowNotFoundException, PermissionError, ValueError, KeyError, TypeError):
        raise NotProjected(
            "The API server did not say which third-party accounts this DAG uses.",
            "Name them in the sensor's accounts, or check that airflow-thirdparty is installed where the API "
            "server runs.",
        ) from None


def declared_scopes(dag: Any, account: str) -> tuple[str, ...]:
    """The scopes that a DAG's tasks say they need of an account: our operators, and ``@uses_account``.

    :param dag: the DAG; ``None`` where there is none
    :param account: id of the account
    :return: each once
    """
    tasks = dag.tasks if dag is not None else ()
    return tuple(dict.fromkeys(scope for task in tasks for scope in _of_task(task, account)))


def _of_task(task: Any, account: str) -> Iterator[str]:
    written = getattr(task, "partial_kwargs", None) or vars(task)
    if written.get("third_party_account_conn_id") == account:
        yield from written.get("scopes") or ()
    function = written.get("python_callable")
    while function is not None:
        yield from getattr(function, SCOPES_ATTRIBUTE, {}).get(account, ())
        function = getattr(function, "__wrapped__", None)
