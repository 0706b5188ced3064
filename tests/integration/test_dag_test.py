"""``dag.test()`` and ``tasks test`` act for nobody; a developer may bring a token of their own, marked so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.databases import Database
from tests.support.worker import running_service

DAG_FILE = """
from airflow.sdk import dag, task
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook

@dag(dag_id="tried_out", schedule=None)
def tried_out():
    @task
    def work():
        hook = ThirdPartyAccountHook("acme")
        hook.run("GET", "/things")
        print("seen by the service")

    work()

tried = tried_out()
if __name__ == "__main__":
    tried.test()
"""


DAG_TEST = ("tried_out.py",)
TASKS_TEST = ("-m", "airflow", "tasks", "test", "tried_out", "work")


@pytest.mark.parametrize(
    ("command", "mark", "said", "credentials"),
    [
        pytest.param(DAG_TEST, '"my_own_login": true', "Using your own token from AIRFLOW", 1, id="marked"),
        pytest.param(DAG_TEST, '"my_own_login": false', "AIRFLOW_CONN_ACME shadows", 0, id="not marked"),
        pytest.param(DAG_TEST, None, "set AIRFLOW_CONN_ACME to a token of your own", 0, id="no variable"),
        pytest.param(TASKS_TEST, '"my_own_login": true', "Using your own token from", 1, id="tasks test"),
    ],
)
def test_a_developer_tries_a_dag_out(
    fresh_database: Database,
    tmp_path: Path,
    command: tuple[str, ...],
    mark: str | None,
    said: str,
    credentials: int,
) -> None:
    (tmp_path / "tried_out.py").write_text(DAG_FILE)
    with running_service() as service:
        variable = f'{{"host": "{service.url}", "password": "token-of-a-developer", "extra": {{{mark}}}}}'
        variables = {"AIRFLOW_CONN_ACME": variable} if mark else {}
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env={**os.environ, "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path), **variables},
            capture_output=True,
            text=True,
            timeout=120,
        )
        said_in_all = done.stdout + done.stderr
    assert said in said_in_all
    assert service.credentials() == ["Bearer token-of-a-developer"] * credentials
    assert ("seen by the service" in said_in_all) is bool(credentials)
    assert "token-of-a-developer" not in said_in_all
