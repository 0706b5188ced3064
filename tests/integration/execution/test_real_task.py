"""What stands in the log of a real task whose hooks are those of other providers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import real_task
from tests.support.airflow_server import AirflowServer
from tests.support.people import Person
from tests.support.projecting import KEY

DAG_FILE = """
from airflow.sdk import BaseHook, Connection, dag, task

@dag(dag_id="prints", schedule=None)
def prints():
    @task
    def token(entry):
        connection = BaseHook.get_connection(f"acme--as--{entry}")
        extra = connection.extra_dejson
        print("found", entry, connection.conn_type, connection.password, extra)
        for name, value in extra.items():
            print("alone", name, value)

    @task
    def foreign():
        from airflow.providers.http.hooks.http import HttpHook
        HttpHook(method="GET", http_conn_id="acme").run("/things")

    for entry in ("http", "azure-sas", "trino-jwt", "snowflake-oidc"):
        token.override(task_id=entry)(entry)
    foreign()

prints()
"""


@pytest.fixture
def dags(tmp_path: Path, admin: Person) -> Path:
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "prints.py").write_text(DAG_FILE)
    real_task.load_dags(folder)
    return folder


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        pytest.param("http", "alone Authorization ***", id="a password, and a header"),
        pytest.param("azure-sas", "alone sas_token ***", id="no password"),
        pytest.param("trino-jwt", "alone jwt__token ***", id="none either"),
        pytest.param("snowflake-oidc", "alone token ***", id="nor here"),
    ],
)
def test_tokens_are_masked_wherever_an_entry_puts_them(
    airflow_server: AirflowServer,
    alice: Person,
    dags: Path,
    register: Callable[..., None],
    entry: str,
    said: str,
) -> None:
    register(expose_options={"snowflake-oidc.account": "mine", "trino-jwt.user": "alice"})
    log = real_task.run(airflow_server.url, dags, "prints", alice.trigger("prints"), entry)
    assert f"found {entry}" in log, log
    assert said in log
    assert KEY not in log


def test_a_refusal_stands_in_the_log_with_the_link(
    airflow_server: AirflowServer, bob: Person, dags: Path, register: Callable[..., None]
) -> None:
    register()
    log = real_task.run(airflow_server.url, dags, "prints", bob.trigger("prints"), "foreign")
    assert "has not signed in" in log, log
    assert "/third-party-accounts/?account=acme" in log
    assert "SignInRequired" in log


def test_a_workers_variable_that_shadows_an_account_is_told(
    airflow_server: AirflowServer, alice: Person, dags: Path, register: Callable[..., None]
) -> None:
    register()
    robot = '{"conn_type": "http", "host": "http://127.0.0.1:9", "password": "robots-password"}'
    robots = {"AIRFLOW_CONN_ACME": robot, "AIRFLOW_CONN_OTHER": robot}
    log = real_task.run(airflow_server.url, dags, "prints", alice.trigger("prints"), "foreign", robots)
    assert "AIRFLOW_CONN_ACME on this worker shadows the third-party account 'acme'" in log, log
    assert "AIRFLOW_CONN_OTHER" not in log, "another connection's variable"
    assert "robots-password" not in log
