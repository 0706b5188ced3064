"""What people are told before it hurts, and that nothing is told twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from airflow.cli import cli_parser
from airflow.models.dag import DagModel
from airflow.sdk import BaseNotifier
from airflow.utils.session import create_session
from sqlalchemy import delete, update

from airflow_thirdparty.server.store.delegations import Delegation
from airflow_thirdparty.server.store.models import AccountHealth, SignIn
from airflow_thirdparty.server.store.notices import ToldNotice
from tests.support import databases
from tests.support.people import Person
from tests.support.tasks import Tasks

pytestmark = databases.BOTH

DAG_ID = "nightly"
NOW = datetime.now(timezone.utc)

sent: list[str] = []


class Postbox(BaseNotifier):
    """Keeps what is sent, or fails."""

    template_fields = ("text",)

    def __init__(self, text: str, broken: bool = False) -> None:
        super().__init__()
        self.text = text
        self.broken = broken

    def notify(self, context: Any) -> None:
        if self.broken:
            raise ConnectionError("the post office is closed")
        sent.append(self.text)


def notify(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    """Run the command, and answer what it lists."""
    arguments = cli_parser.get_parser().parse_args(["third-party-accounts", "notify", "-o", "json", *words])
    capsys.readouterr()
    arguments.func(arguments)
    printed = capsys.readouterr().out
    return json.loads(printed) if printed.startswith("[") else []


@pytest.fixture
def delegated(register: Callable[..., str], bob: Person, tasks: Tasks) -> Iterator[str]:
    """An account that Bob lets a nightly DAG act with."""
    conn_id = register()
    assert bob.sign_in(conn_id).status_code == 200
    tasks.add_dag(DAG_ID)
    change(DagModel, is_paused=False, is_stale=False)
    path = f"/third-party-accounts/api/v1/dags/{DAG_ID}/delegations"
    assert bob.browser.post(path, json={"conn_id": conn_id, "scheduled": True}).status_code == 200
    yield conn_id
    sent.clear()
    with create_session(scoped=False) as session:
        for model in (SignIn, Delegation, ToldNotice, AccountHealth):
            session.execute(delete(model))


def change(model: Any, **values: Any) -> None:
    with create_session(scoped=False) as session:
        session.execute(update(model).values(**values))


def flag(conn_id: str) -> None:
    with create_session(scoped=False) as session:
        session.merge(
            AccountHealth(
                conn_id=conn_id,
                flagged_at=NOW,
                flagged_code="invalid_client",
                flagged_text="the client is not known",
                several_failed=False,
            )
        )


def lapse(_conn_id: str) -> None:
    change(SignIn, lapsed_at=NOW, lapsed_code="invalid_grant", lapsed_text="withdrawn")


def lapse_for_a_paused_dag(conn_id: str) -> None:
    lapse(conn_id)
    change(DagModel, is_paused=True)


CASES = {
    "all is well": (lambda conn_id: None, None),
    "lapsed": (lapse, "sign_in_again"),
    "lapsed, but the DAG is paused": (lapse_for_a_paused_dag, None),
    "the delegation ends": (
        lambda conn_id: change(Delegation, expires_at=datetime.now(timezone.utc) + timedelta(days=3)),
        "delegation_ends",
    ),
    "it ends later": (
        lambda conn_id: change(Delegation, expires_at=datetime.now(timezone.utc) + timedelta(days=30)),
        None,
    ),
    "the account is flagged": (flag, "account_flagged"),
}


@pytest.mark.parametrize("case", CASES)
def test_told_once(capsys: pytest.CaptureFixture[str], delegated: str, case: str) -> None:
    happen, kind = CASES[case]
    happen(delegated)
    expected = [kind] if kind else []
    assert [row["kind"] for row in notify(capsys, "--dry-run")] == expected
    assert [row["kind"] for row in notify(capsys)] == expected
    assert notify(capsys) == []
    assert [row["kind"] for row in notify(capsys, "--dry-run")] == expected


def test_a_second_lapse_is_told_again(
    capsys: pytest.CaptureFixture[str], delegated: str, bob: Person
) -> None:
    lapse(delegated)
    assert len(notify(capsys)) == 1
    assert bob.sign_in(delegated).status_code == 200
    assert notify(capsys) == []
    lapse(delegated)
    (row,) = notify(capsys)
    assert row["user"] == "bob"
    assert "has to sign in again" in row["text"]


def test_what_is_not_sent_is_told_the_next_time(capsys: pytest.CaptureFixture[str], delegated: str) -> None:
    flag(delegated)
    words = ["--notifier", f"{__name__}.Postbox", "--notifier-args"]
    given = {"text": "{{ notices | length }}: {{ text }}"}
    with pytest.raises(ConnectionError):
        notify(capsys, *words, json.dumps({**given, "broken": True}))
    notify(capsys, *words, json.dumps(given))
    notify(capsys, *words, json.dumps(given))
    (text,) = sent
    assert text.startswith("1: ")
    assert "the client is not known" in text
