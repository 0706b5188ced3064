"""What stands in the log of a real task whose hooks are those of other providers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.support import real_task
from tests.support.airflow_server import AirflowServer
from tests.support.people import Person
from tests.support.projecting import KEY
from tests.support.real_task import Work

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


SAID = {
    "http": "alone Authorization ***",  # a password, and a header
    "azure-sas": "alone sas_token ***",  # no password
    "trino-jwt": "alone jwt__token ***",
    "snowflake-oidc": "alone token ***",
}
"""Where each entry puts the token, as the log has it."""


def test_tokens_are_masked_wherever_an_entry_puts_them_and_a_refusal_says_why(
    airflow_server: AirflowServer, alice: Person, bob: Person, dags: Path, register: Callable[..., None]
) -> None:
    register(expose_options={"snowflake-oidc.account": "mine", "trino-jwt.user": "alice"})
    run_id = alice.trigger("prints")
    work = [Work("prints", run_id, entry) for entry in SAID]
    work.append(Work("prints", bob.trigger("prints"), "foreign"))
    *logs, refused = real_task.run_all(airflow_server.url, dags, work)
    for (entry, said), log in zip(SAID.items(), logs, strict=True):
        assert f"found {entry}" in log, log
        assert said in log
        assert KEY not in log
    for said in ("has not signed in", "/third-party-accounts/?account=acme", "SignInRequired"):
        assert said in refused, refused


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
