"""``airflow third-party-accounts audit-dags``: what it finds, what it answers, with what exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from airflow.cli import cli_parser
from airflow.models.connection import Connection
from airflow.utils.session import create_session

from airflow_thirdparty import dag_tags
from airflow_thirdparty.wire import CONN_TYPE
from tests.support.databases import Database
from tests.support.tasks import Tasks

COMMAND = ("third-party-accounts", "audit-dags")

HEADER = """\
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, task
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
"""

RISKY = """
with DAG("risky", schedule=None, tags=["public"]) as dag:
    HttpOperator(task_id="post", endpoint="/", http_conn_id="slack")
"""
OWN = """
with DAG("own", schedule=None, tags=["public"]) as dag:
    @task
    def fetch(): ThirdPartyAccountHook("github")
    fetch()
"""
REVIEWED = """
with DAG("reviewed", schedule=None, tags=["public", "third-party-accounts-reviewed:slack"]) as dag:
    HttpOperator(task_id="post", endpoint="/", http_conn_id="slack")
"""
PRIVATE = """
with DAG("private", schedule=None) as dag:
    HttpOperator(task_id="post", endpoint="/", http_conn_id="slack")
"""
DOUBTFUL = """
with DAG("doubtful", schedule=None, tags=["public"]) as dag:
    HttpOperator(task_id="post", endpoint="/", http_conn_id="{{ params.c }}")
"""
UNRELATED = """
with DAG("unrelated", schedule=None, tags=["public"]) as dag:
    BashOperator(task_id="work", bash_command="true")
"""
BROKEN = "with DAG('broken') as dag: this_name_is_not_there\n"


def audit(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run the command in this process; answers exit status and output."""
    args = cli_parser.get_parser().parse_args([*COMMAND, *arguments])
    with pytest.raises(SystemExit) as left:
        args.func(args)
    code = left.value.code
    return code if isinstance(code, int) else 1, capsys.readouterr().out


def write(folder: Path, *bodies: str) -> str:
    for number, body in enumerate(bodies):
        (folder / f"file_{number}.py").write_text(HEADER + body)
    return str(folder)


@pytest.mark.parametrize(
    ("bodies", "options", "status", "standings"),
    [
        pytest.param((), (), 0, {}, id="an empty folder"),
        pytest.param((UNRELATED,), ("--accounts", "slack"), 0, {}, id="nothing to say"),
        pytest.param((PRIVATE,), ("--accounts", "slack"), 0, {"private": "quiet"}, id="private"),
        pytest.param(
            (REVIEWED,), ("--accounts", "slack"), 0, {"reviewed": "acknowledged"}, id="acknowledged"
        ),
        pytest.param((RISKY,), ("--accounts", "slack"), 1, {"risky": "at_risk"}, id="at risk"),
        pytest.param((RISKY,), ("--accounts", "github"), 0, {}, id="another account"),
        pytest.param((RISKY,), (), 0, {}, id="no account named"),
        pytest.param((OWN,), (), 1, {"own": "at_risk"}, id="our hook needs no account named"),
        pytest.param((DOUBTFUL,), ("--accounts", "slack"), 0, {"doubtful": "quiet"}, id="perhaps an account"),
        pytest.param(
            (DOUBTFUL,),
            ("--accounts", "slack", "--strict"),
            1,
            {"doubtful": "quiet"},
            id="perhaps an account, strictly",
        ),
        pytest.param((UNRELATED, BROKEN), ("--accounts", "slack"), 2, {}, id="a file that cannot be loaded"),
        pytest.param(
            (BROKEN, RISKY),
            ("--accounts", " slack , github "),
            1,
            {"risky": "at_risk"},
            id="found, and a file that cannot be loaded",
        ),
    ],
)
def test_a_folder(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    bodies: tuple[str, ...],
    options: tuple[str, ...],
    status: int,
    standings: dict[str, str],
) -> None:
    folder = write(tmp_path, *bodies)
    code, output = audit(capsys, "--dags-folder", folder, "--json", *options)
    answer = json.loads(output)
    assert code == status
    assert {dag["dag_id"]: dag["risk"] for dag in answer["dags"]} == standings
    assert answer["found"] == (1 if status == 1 else 0)
    assert bool(answer["import_errors"]) is (BROKEN in bodies)
    code, output = audit(capsys, "--dags-folder", folder, *options)
    assert code == status
    assert all(dag_id in output for dag_id in standings)


def test_all_that_is_said_of_a_dag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path, REVIEWED + RISKY.replace("slack", "{{ params.c }}").replace("post", "which"))
    _, output = audit(capsys, "--dags-folder", folder, "--accounts", "slack", "--json")
    assert json.loads(output) == {
        "source": "folder",
        "accounts": ["slack"],
        "found": 0,
        "dags": [
            {
                "dag_id": "reviewed",
                "file": "file_0.py",
                "risk": "acknowledged",
                "finding": False,
                "accounts": {"slack": ["post"]},
                "unknown": [],
                "public": "carries the tag 'public'",
                "acknowledged_by": ["tag 'third-party-accounts-reviewed:slack'"],
            },
            {
                "dag_id": "risky",
                "file": "file_0.py",
                "risk": "quiet",
                "finding": False,
                "accounts": {},
                "unknown": ["which: argument http_conn_id"],
                "public": "carries the tag 'public'",
                "acknowledged_by": [],
            },
        ],
        "import_errors": {},
    }


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--dags-folder", "/nowhere/at/all"), id="no such folder"),
        pytest.param(("--accounts", "github"), id="accounts without a folder"),
        pytest.param(("--strict",), id="strict without a folder"),
    ],
)
def test_wrong_arguments(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    status, output = audit(capsys, *arguments)
    assert status == 2
    assert not output


def test_error_mode_hides_nothing_and_the_policy_is_there_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow import settings

    from airflow_thirdparty.policies import dag_policy

    monkeypatch.setenv("AIRFLOW__THIRD_PARTY_ACCOUNTS__PUBLIC_DAG_POLICY", "error")
    status, output = audit(capsys, "--dags-folder", write(tmp_path, RISKY), "--accounts", "slack", "--json")
    assert status == 1
    assert json.loads(output)["import_errors"] == {}
    assert settings.get_policy_plugin_manager().is_registered(dag_policy)


def test_the_command_needs_no_database(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    folder = write(tmp_path / "dags", RISKY)
    done = subprocess.run(
        [sys.executable, "-m", "airflow", *COMMAND, "--dags-folder", folder, "--accounts", "slack", "--json"],
        env={
            **os.environ,
            "AIRFLOW_HOME": str(tmp_path),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/not/there/airflow.db",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["dags"][0]["accounts"] == {"slack": ["post"]}
    assert not (tmp_path / "not").exists()


@pytest.fixture(scope="module")
def stored(database: Database, tmp_path_factory: pytest.TempPathFactory) -> None:
    from airflow.dag_processing.dagbag import DagBag

    folder = tmp_path_factory.mktemp("dags")
    write(folder, RISKY, REVIEWED, PRIVATE, DOUBTFUL, UNRELATED)
    with create_session(scoped=False) as session:
        session.add(
            Connection(conn_id="slack", conn_type=CONN_TYPE, login="client", extra='{"service": "github"}')
        )
    found: dict[str, set[str]] = {
        "risky": {"account:slack", dag_tags.WARNING},
        "reviewed": {"account:slack", dag_tags.ACKNOWLEDGED},
        "private": {"account:slack"},
        "doubtful": {dag_tags.UNKNOWN_ACCOUNT},
    }
    for dag in DagBag(folder).dags.values():
        dag.tags = {*dag.tags, *found.get(dag.dag_id, ())}
        Tasks("http://127.0.0.1:1").store(dag)


def test_the_database(stored: None, capsys: pytest.CaptureFixture[str]) -> None:
    status, output = audit(capsys, "--json")
    answer: dict[str, Any] = json.loads(output)
    assert status == 1
    assert answer["source"] == "database"
    assert answer["accounts"] == ["slack"]
    assert answer["found"] == 1
    assert {dag["dag_id"]: (dag["risk"], dag["accounts"]) for dag in answer["dags"]} == {
        "risky": ("at_risk", {"slack": ["post"]}),
        "reviewed": ("acknowledged", {"slack": ["post"]}),
        "private": ("quiet", {"slack": ["post"]}),
        "doubtful": ("quiet", {}),
    }
    status, output = audit(capsys)
    assert status == 1
    assert "1 finding." in output
    assert "nobody acknowledged that:\n  risky (risky.py)\n    account slack: post" in output
