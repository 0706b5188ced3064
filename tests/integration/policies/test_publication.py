"""The list of account ids follows the accounts."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from airflow.models.connection import Connection
from airflow.models.variable import Variable
from airflow.utils.session import create_session
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_thirdparty.server.broker.housekeeping.publication import account_ids, publish_account_ids
from airflow_thirdparty.wire import ACCOUNTS_VARIABLE, CONN_TYPE
from tests.support import databases
from tests.support.databases import Database

pytestmark = databases.BOTH


def account(conn_id: str) -> Connection:
    return Connection(conn_id=conn_id, conn_type=CONN_TYPE, login="client", extra='{"service": "github"}')


def published() -> list[str] | None:
    with create_session(scoped=False) as session:
        row = session.scalar(select(Variable).where(Variable.key == ACCOUNTS_VARIABLE))
        return None if row is None else json.loads(row.get_val() or "null")


def _connection(session: Session, conn_id: str) -> Connection:
    return session.scalars(select(Connection).where(Connection.conn_id == conn_id)).one()


def _add(session: Session) -> None:
    session.add(account("slack"))


def _add_other(session: Session) -> None:
    session.add(Connection(conn_id="plain", conn_type="http"))


def _delete(session: Session) -> None:
    session.delete(_connection(session, "github"))


def _change_type(session: Session) -> None:
    _connection(session, "github").conn_type = "http"


def _change_other(session: Session) -> None:
    _connection(session, "github").description = "ours"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(_add, ["github", "slack"], id="added"),
        pytest.param(_add_other, ["github"], id="another type added"),
        pytest.param(_delete, [], id="deleted"),
        pytest.param(_change_type, [], id="type changed"),
        pytest.param(_change_other, ["github"], id="something else changed"),
    ],
)
def test_it_follows_what_is_saved(
    fresh_database: Database, change: Callable[[Session], None], expected: list[str]
) -> None:
    with create_session(scoped=False) as session:
        session.add(account("github"))
        session.flush()
        publish_account_ids(session)
    assert published() == ["github"]
    with create_session(scoped=False) as session:
        change(session)
    with create_session(scoped=False) as session:
        assert publish_account_ids(session) is (expected != ["github"])
    with create_session(scoped=False) as session:
        assert not publish_account_ids(session), "nothing to write a second time"
    assert published() == expected
    with create_session(scoped=False) as session:
        assert account_ids(session) == set(expected)


def test_what_is_rolled_back_is_not_published(fresh_database: Database) -> None:
    with create_session(scoped=False) as session:
        session.add(account("github"))
        session.flush()
        publish_account_ids(session)
        session.rollback()
    assert not published()


def test_accounts_of_a_secrets_backend_are_named_by_configuration(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__THIRD_PARTY_ACCOUNTS__ACCOUNTS", "vaulted, other")
    with create_session(scoped=False) as session:
        session.add(account("github"))
        session.flush()
        publish_account_ids(session)
    assert published() == ["github", "other", "vaulted"]


def test_an_account_deleted_behind_our_back_is_gone_after_the_next_round(fresh_database: Database) -> None:
    from sqlalchemy import delete

    with create_session(scoped=False) as session:
        session.add(account("github"))
        session.flush()
        publish_account_ids(session)
    with create_session(scoped=False) as session:
        session.execute(delete(Connection))
    with create_session(scoped=False) as session:
        assert publish_account_ids(session)
    assert published() == []
