"""What is asked of large tables reads no table from end to end, as Postgres itself plans it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from airflow.utils.session import create_session
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from airflow_thirdparty.server.store import sign_in_counts
from airflow_thirdparty.server.store.models import SignInCount
from tests.support import growth
from tests.support.databases import Database

pytestmark = pytest.mark.parametrize("database_kind", ["postgres"], indirect=True, scope="module")

ROWS = 60_000


@pytest.fixture(scope="module")
def grown(database: Database) -> Database:
    """A database with many sign-ins, uses and records, and statistics of them."""
    growth.fill(1, ROWS)
    with create_session(scoped=False) as session:
        session.add(SignInCount(conn_id="account_1", sign_ins=20_000, lapsed=0, counted_at=growth.NOW))
    return database


@contextmanager
def noted(session: Session) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the database meanwhile."""
    connection = session.connection()
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(connection, "before_cursor_execute", note)


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


def whole_reads(session: Session, asked: list[tuple[str, Any]]) -> list[str]:
    """What of it would read a large table whole, or sort more than a page."""
    found = []
    for statement, parameters in asked:
        if not statement.lstrip().upper().startswith(("SELECT", "DELETE")):
            continue
        explained = (
            session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar()
        )
        plan = explained if isinstance(explained, list) else json.loads(explained)
        found += [
            f"{node['Node Type']} of {node.get('Relation Name', '…')}: {statement}"
            for node in nodes(plan[0]["Plan"])
            if (node["Node Type"] == "Seq Scan" and node["Relation Name"] in growth.TABLES)
            or (node["Node Type"] == "Sort" and node["Plan Rows"] > 1000)
        ]
    return found


@pytest.mark.parametrize("name", growth.QUESTIONS)
def test_no_large_table_is_read_whole(grown: Database, name: str) -> None:
    with create_session(scoped=False) as session:
        with noted(session) as asked:
            growth.QUESTIONS[name](session)
        assert asked
        assert whole_reads(session, asked) == []
        session.rollback()


def test_a_whole_read_is_noticed(grown: Database) -> None:
    with create_session(scoped=False) as session:
        with noted(session) as asked:
            session.execute(text("SELECT * FROM third_party_usage ORDER BY times"))
        assert len(whole_reads(session, asked)) == 2


def test_many_sign_ins_are_not_counted_when_asked(grown: Database) -> None:
    with create_session(scoped=False) as session:
        assert sign_in_counts.counts(session) == {"account_1": (20_000, 0)}, "as it was counted before"
        assert len(sign_in_counts.counted_now(session)) == growth.ACCOUNTS
