"""Has tasks, triggers and parsed DAG files told why an account was denied.

Airflow loads this module through the ``airflow.policy`` entry point in every process.  It names our way to
the API server in place of Airflow's own, in the list of secrets backends that Airflow looks up by name.
"""

from __future__ import annotations

from airflow.sdk.execution_time.secrets import DEFAULT_SECRETS_SEARCH_PATH_WORKERS

AIRFLOWS_OWN = "airflow.sdk.execution_time.secrets.execution_api.ExecutionAPISecretsBackend"
"""Airflow's way to the API server."""

OURS = "airflow_thirdparty.hooks.explained.ExplainedBackend"
"""The same, in words."""

GRANTED = "airflow_thirdparty.triggers.granted.GrantedBackend"
"""What a trigger of another provider finds while it acts for somebody."""


def install(search_path: list[str] = DEFAULT_SECRETS_SEARCH_PATH_WORKERS) -> None:
    """Name our way wherever Airflow's is named.

    :param search_path: names of classes, in the order in which they are asked
    """
    search_path[:] = [OURS if name == AIRFLOWS_OWN else name for name in search_path]


def ask_grants_first(search_path: list[str] = DEFAULT_SECRETS_SEARCH_PATH_WORKERS) -> None:
    """Have the connections of the trigger that asks looked at before anything else.

    :param search_path: names of classes, in the order in which they are asked
    """
    if GRANTED not in search_path:
        search_path.insert(0, GRANTED)


install()
