"""The command line's view of accounts, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import Database
from tests.support.services import Service, running_service

IN_THE_VAULT = "conn_type", "host", "login", "extra"

BACKEND = {
    "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
    "AIRFLOW__THIRD_PARTY_ACCOUNTS__ACCOUNTS": "vaulted",
}


def airflow(
    *arguments: str, given: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "airflow", *arguments],
        input=given or "",
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """An identity provider that knows the account of the vault."""
    with running_service("http://localhost:8080", ["vaulted"]) as running:
        yield running


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory, service: Service) -> dict[str, str]:
    """A secrets backend with one account."""
    path = tmp_path_factory.mktemp("vault") / "connections.json"
    account = service.connection("vaulted")
    path.write_text(json.dumps({"vaulted": {name: account[name] for name in IN_THE_VAULT}}))
    return {
        **BACKEND,
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"connections_file_path": str(path)}),
    }


def test_an_account_in_a_secrets_backend_gets_its_secret_from_the_command_line(
    database: Database, vault: dict[str, str], service: Service
) -> None:
    listed = airflow("third-party-accounts", "list", "-o", "json", **vault)
    assert [line["account"] for line in json.loads(listed.stdout)] == ["vaulted"], listed.stderr
    before = airflow("third-party-accounts", "check", "vaulted", **vault)
    assert before.returncode == 1
    assert "has no client secret" in before.stderr
    given = f"{service.client_secret}\n"
    stored = airflow("third-party-accounts", "set-secret", "vaulted", given=given, **vault)
    assert stored.returncode == 0, stored.stderr
    assert service.client_secret not in stored.stdout + stored.stderr
    after = airflow("third-party-accounts", "check", "--all", "-o", "json", **vault)
    assert after.returncode == 0, after.stderr
    found = {row["step"]: row for row in json.loads(after.stdout)}
    assert found["client"]["outcome"] == "fine", "the service is asked, as Check on the page does"
    assert {row["account"] for row in found.values()} == {"vaulted"}
    assert "/third-party-accounts/callback/vaulted" in found["address"]["found"]


@pytest.mark.parametrize(
    ("arguments", "given", "words"),
    [
        pytest.param(("set-secret", "nobody"), "secret", "no third-party account 'nobody'", id="no account"),
        pytest.param(("set-secret", "nobody"), "", "No client secret was given", id="no secret"),
        pytest.param(("check", "nobody"), "", "no third-party account 'nobody'", id="check nothing"),
        pytest.param(("check",), "", "Name one account, or say --all", id="check what"),
        pytest.param(("prune", "--idle", "0"), "", "at least 1", id="idle for no time"),
    ],
)
def test_bad_input_is_said_in_words(
    database: Database, arguments: tuple[str, ...], given: str, words: str
) -> None:
    answer = airflow("third-party-accounts", *arguments, given=given)
    assert answer.returncode != 0
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        pytest.param(
            ("--conn-extra", '{"service": "github", "scopes": 7}'), 1, "field 'scopes'", id="a field"
        ),
        pytest.param(("--conn-extra", '{"service": "githug"}'), 1, "githug", id="a service"),
        pytest.param(("--conn-extra", '{"service": "github"}'), 0, "", id="as it should be"),
    ],
)
def test_connections_add_says_what_is_wrong_and_not_that_it_was_added(
    fresh_database: Database, arguments: tuple[str, ...], status: int, words: str
) -> None:
    account = ("--conn-type", "third_party_account", "--conn-login", "abc")
    answer = airflow("connections", "add", "added", *account, *arguments)
    assert answer.returncode == status, answer.stderr
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr
    assert ("Successfully added" in answer.stdout) == (status == 0)


def test_connections_import_says_which_account_is_refused(fresh_database: Database, tmp_path: Path) -> None:
    file = tmp_path / "connections.json"
    file.write_text(
        json.dumps({"wrong": {"conn_type": "third_party_account", "extra": {"service": "githug"}}})
    )
    answer = airflow("connections", "import", str(file))
    assert answer.returncode == 1
    assert "Account 'wrong'" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_before_the_first_migration_commands_say_what_to_do(empty_database: Database) -> None:
    answer = airflow("third-party-accounts", "list")
    assert answer.returncode == 2
    assert "run 'airflow db migrate'" in answer.stderr
    assert "Traceback" not in answer.stderr
