"""``dag.test()`` and ``tasks test`` act for nobody; a developer may bring a token of their own, marked so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

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
"""

DEVELOPER = """
import json
import os
import sys
import traceback

from airflow.__main__ import main
from tried_out import tried

for name, command, variable in json.loads(sys.argv[1]):
    print(f"\\n== {name}", flush=True)
    os.environ.pop("AIRFLOW_CONN_ACME", None)
    if variable is not None:
        os.environ["AIRFLOW_CONN_ACME"] = variable
    try:
        if command == "dag.test()":
            tried.test()
        else:
            sys.argv = command.split()
            main()
    except (Exception, SystemExit):
        traceback.print_exc()
    sys.stdout.flush()
"""
"""Does one after the other in one process, each after a line with its name."""

TASKS_TEST = "airflow tasks test tried_out work"


@dataclass(frozen=True)
class Try:
    """What a developer does.

    :param command: as they write it
    :param mark: what the variable's extra says; ``None``: there is no variable
    :param said: what they are told
    :param works: whether the service is asked with their token
    """

    command: str
    mark: str | None
    said: str
    works: bool


TRIES = {
    "marked": Try("dag.test()", '"my_own_login": true', "Using your own token from AIRFLOW", works=True),
    "not marked": Try("dag.test()", '"my_own_login": false', "AIRFLOW_CONN_ACME shadows", works=False),
    "no variable": Try("dag.test()", None, "set AIRFLOW_CONN_ACME to a token of your own", works=False),
    "tasks test": Try(TASKS_TEST, '"my_own_login": true', "Using your own token from", works=True),
}


def token_of(name: str) -> str:
    return f"token-of-a-developer-{name.replace(' ', '-')}"


@pytest.fixture(scope="module")
def seen(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What was said in each try; what the service was shown is under an empty name."""
    folder = tmp_path_factory.mktemp("dags")
    (folder / "tried_out.py").write_text(DAG_FILE)
    with running_service() as service:
        tries = [
            (name, one.command, one.mark and variable(service.url, token_of(name), one.mark))
            for name, one in TRIES.items()
        ]
        done = subprocess.run(
            [sys.executable, "-c", DEVELOPER, json.dumps(tries)],
            cwd=folder,
            env={**os.environ, "AIRFLOW__CORE__DAGS_FOLDER": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
        )
        shown = "\n".join(service.credentials())
    parts = [part.partition("\n") for part in done.stdout.split("\n== ")]
    return {"": shown, **{name: said for name, _, said in parts[1:]}}


def variable(url: str, token: str, mark: str) -> str:
    return f'{{"host": "{url}", "password": "{token}", "extra": {{{mark}}}}}'


@pytest.mark.parametrize("name", TRIES)
def test_a_developer_tries_a_dag_out(seen: Mapping[str, str], name: str) -> None:
    expected = TRIES[name]
    assert expected.said in seen[name]
    assert seen[""].splitlines().count(f"Bearer {token_of(name)}") == expected.works
    assert ("seen by the service" in seen[name]) is expected.works
    assert token_of(name) not in "".join(said for where, said in seen.items() if where)
