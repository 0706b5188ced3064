"""``dag.test()`` acts for nobody; a developer may bring a token of their own, marked as such."""

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


@pytest.mark.parametrize(
    ("mark", "said", "credentials"),
    [
        pytest.param('"my_own_login": true', "Using your own token from AIRFLOW_CONN_ACME", 1, id="marked"),
        pytest.param('"my_own_login": false', "AIRFLOW_CONN_ACME shadows", 0, id="not marked"),
        pytest.param(None, "set AIRFLOW_CONN_ACME to a token of your own", 0, id="no variable"),
    ],
)
def test_a_developer_tries_a_dag_out(
    fresh_database: Database, tmp_path: Path, mark: str | None, said: str, credentials: int
) -> None:
    (tmp_path / "tried_out.py").write_text(DAG_FILE)
    with running_service() as service:
        variable = f'{{"host": "{service.url}", "password": "token-of-a-developer", "extra": {{{mark}}}}}'
        variables = {"AIRFLOW_CONN_ACME": variable} if mark else {}
        done = subprocess.run(
            [sys.executable, tmp_path / "tried_out.py"],
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
