"""A secrets backend that knows nothing and writes down every look-up: where, what kind, and for what."""

from __future__ import annotations

import os
from pathlib import Path

from airflow.sdk.definitions.connection import Connection
from airflow.secrets import BaseSecretsBackend


class CountingBackend(BaseSecretsBackend):
    """Asked before Airflow's own backends, in parse processes as well as in the DAG processor's main loop.

    :param log: file to write to
    """

    def __init__(self, log: str) -> None:
        super().__init__()
        self._log = Path(log)

    def get_conn_value(self, conn_id: str, team_name: str | None = None) -> str | None:
        self._note("connection", conn_id)
        return None

    def get_connection(self, conn_id: str, team_name: str | None = None) -> Connection | None:
        self._note("connection", conn_id)
        return None

    def get_variable(self, key: str, team_name: str | None = None) -> str | None:
        self._note("variable", key)
        return None

    def _note(self, kind: str, what: str) -> None:
        where = "file" if os.environ.get("_AIRFLOW_PROCESS_CONTEXT") == "client" else "main loop"
        with self._log.open("a") as file:
            file.write(f"{where}: {kind} {what}\n")
