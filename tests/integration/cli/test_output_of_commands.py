"""What commands list, and what dry runs leave alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from airflow.utils.session import create_session
from sqlalchemy import delete, func, select

from airflow_thirdparty.cli.commands import output
from airflow_thirdparty.server.store.models import SignIn
from tests.support.people import Person
from tests.support.shell import run_ours


@pytest.fixture
def account(register: Callable[..., str], alice: Person, bob: Person) -> Iterator[str]:
    """An account that Alice and Bob have signed in to."""
    conn_id = register()
    for person in (alice, bob):
        assert person.sign_in(conn_id).status_code == 200
    yield conn_id
    with create_session(scoped=False) as session:
        session.execute(delete(SignIn))


@pytest.mark.parametrize(
    ("variable", "is_told"),
    [
        pytest.param("AIRFLOW_CONN_SERVICE_A", True, id="shadows the account"),
        pytest.param("AIRFLOW_CONN_SERVICE_B", False, id="is another connection's"),
    ],
)
def test_check_tells_of_a_variable_that_shadows_the_account(
    capsys: pytest.CaptureFixture[str],
    register: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    is_told: bool,
) -> None:
    monkeypatch.setenv(variable, "http://robot:robots-password@x.example")
    status, out, err = run_ours(capsys, "check", register(), "-o", "json")
    told = [row["found"] for row in json.loads(out) if f"{variable} is set here" in row["found"]]
    assert bool(told) is is_told, out
    assert all("shadows the account" in line and "Remove it where workers run" in line for line in told)
    assert status == int(is_told)
    assert "robots-password" not in out + err


@pytest.mark.parametrize(
    ("words", "users"),
    [
        pytest.param([], {"alice", "bob"}, id="all"),
        pytest.param(["--user", "bob"], {"bob"}, id="of a user"),
        pytest.param(["--account", "service_a"], {"alice", "bob"}, id="to an account"),
        pytest.param(["--account", "service_b"], set(), id="to another"),
    ],
)
def test_sign_ins(
    capsys: pytest.CaptureFixture[str], account: str, words: list[str], users: set[str]
) -> None:
    status, out, _ = run_ours(capsys, "sign-ins", *words, "-o", "json")
    assert status == 0
    rows = json.loads(out)
    assert {row["user"] for row in rows} == users
    assert {row["status"] for row in rows} <= {"signed_in"}
    assert not [name for row in rows for name in row if "sealed" in name or "token" in name]


def test_a_dry_run_of_sign_out_ends_nothing(capsys: pytest.CaptureFixture[str], account: str) -> None:
    status, out, err = run_ours(capsys, "sign-out", "--user", "alice", "--dry-run", "-o", "json")
    assert status == 0
    assert json.loads(out) == [{"user": "alice", "account": account, "reason": "asked for"}]
    assert "Nothing was changed" in err
    with create_session(scoped=False) as session:
        assert session.scalar(select(func.count()).select_from(SignIn)) == 2


def test_people_see_as_many_rows_as_they_would_read(
    capsys: pytest.CaptureFixture[str], account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "LISTED", 1)
    _, out, err = run_ours(capsys, "sign-ins")
    assert out.count(account) == 1
    assert "And 1 more" in err
    _, out, err = run_ours(capsys, "sign-ins", "-o", "json")
    assert len(json.loads(out)) == 2
    assert "more" not in err
