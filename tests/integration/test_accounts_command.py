"""The command line's view of accounts, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.support.databases import Database

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
def vault(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A secrets backend with one account."""
    path = tmp_path_factory.mktemp("vault") / "connections.json"
    account = {"conn_type": "third_party_account", "login": "abc", "extra": {"service": "github"}}
    path.write_text(json.dumps({"vaulted": account}))
    return {
        **BACKEND,
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"connections_file_path": str(path)}),
    }


def test_an_account_in_a_secrets_backend_gets_its_secret_from_the_command_line(
    database: Database, vault: dict[str, str]
) -> None:
    listed = airflow("third-party-accounts", "list", "-o", "json", **vault)
    assert [line["account"] for line in json.loads(listed.stdout)] == ["vaulted"], listed.stderr
    before = airflow("third-party-accounts", "check", "vaulted", **vault)
    assert before.returncode != 0
    assert "has no client secret" in before.stderr
    stored = airflow("third-party-accounts", "set-secret", "vaulted", given="s3cr3t-of-github\n", **vault)
    assert stored.returncode == 0, stored.stderr
    assert "s3cr3t" not in stored.stdout + stored.stderr
    after = airflow("third-party-accounts", "check", "vaulted", **vault)
    assert after.returncode == 0, after.stderr
    assert "/third-party-accounts/callback/vaulted" in after.stdout


@pytest.mark.parametrize(
    ("arguments", "given", "words"),
    [
        pytest.param(("set-secret", "nobody"), "secret", "no third-party account 'nobody'", id="no account"),
        pytest.param(("set-secret", "nobody"), "", "No client secret was given", id="no secret"),
        pytest.param(("check", "nobody"), "", "no third-party account 'nobody'", id="check nothing"),
    ],
)
def test_bad_input_is_said_in_words(
    database: Database, arguments: tuple[str, ...], given: str, words: str
) -> None:
    answer = airflow("third-party-accounts", *arguments, given=given)
    assert answer.returncode != 0
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr
