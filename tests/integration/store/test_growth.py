"""What is asked of large tables reads no table from end to end, as Postgres itself plans it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest
from airflow import settings
from airflow.utils.session import create_session
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from airflow_thirdparty.server.broker.housekeeping import offboarding, pruning
from airflow_thirdparty.server.broker.usage import queries as usage_queries
from airflow_thirdparty.server.broker.views import accounts, admin, task_instances
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import sign_in_counts, sign_ins
from airflow_thirdparty.server.store.models import SignInCount
from tests.support.databases import Database

pytestmark = pytest.mark.parametrize("database_kind", ["postgres"], indirect=True, scope="module")

NOW = datetime(2030, 1, 1, tzinfo=timezone.utc)
PERSON = Person("manager", "7")
LARGE = ("third_party_sign_in", "third_party_usage", "third_party_attribution")

FILL = """
INSERT INTO third_party_sign_in (conn_id, version, kind, sealed_access, access_issued_at, expiry_assumed,
  scopes, issuer, subject, subject_name, binding, endpoints, signed_in_at, unknown_times, failures,
  auth_manager, user_id, user_created, user_name)
SELECT 'account_' || n % 20, 1, 'oauth2', 'sealed', :now, false, '', 'i', 's', 'n', '{}', '{}',
  :now - n * interval '1 minute', 0, 0, 'manager', (n / 20)::text, '', 'person'
FROM generate_series(1, 20000) AS n;
INSERT INTO third_party_usage (ti_id, conn_id, dag_id, run_id, task_id, map_index, try_number, first_at,
  last_at, times, auth_manager, user_id, user_created, user_name)
SELECT n::text, 'account_' || n % 20, 'dag_' || n % 100, 'run_' || n / 100, 'task', -1, 1, :now,
  :now - n * interval '1 minute', 1, 'manager', ((n / 20) % 1000)::text, '', 'person'
FROM generate_series(1, 60000) AS n;
INSERT INTO third_party_attribution (kind, dag_id, run_id, run_pk, run_created, clears, attributed, request,
  at, auth_manager, user_id, user_created, user_name)
SELECT 'run', 'dag', 'run_' || n, n, :now, 0, true, 'r', :now - interval '1 day', 'manager', '7', '', 'me'
FROM generate_series(1, 60000) AS n;
"""


@pytest.fixture(scope="module")
def grown(database: Database) -> Database:
    """A database with many sign-ins, uses and records, and statistics of them."""
    with create_session(scoped=False) as session:
        for statement in FILL.split(";\n"):
            if statement.strip():
                session.execute(text(statement), {"now": NOW})
        session.add(SignInCount(conn_id="account_1", sign_ins=20_000, lapsed=0, counted_at=NOW))
    with settings.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
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
            if (node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE)
            or (node["Node Type"] == "Sort" and node["Plan Rows"] > 1000)
        ]
    return found


KEY = task_instances.TaskInstanceKey("dag_1", "run_10", "task", -1)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(partial(task_instances._used, key=KEY), id="a task instance's tab"),
        pytest.param(partial(usage_queries.of_person, person=PERSON), id="where mine were used"),
        pytest.param(partial(usage_queries.counts, limit=50), id="how much each was used"),
        pytest.param(partial(accounts.of_person, person=PERSON, now=NOW), id="my accounts"),
        pytest.param(admin.of_accounts, id="an admin's accounts"),
        pytest.param(partial(sign_ins.find, person=PERSON, conn_id="account_1"), id="one sign-in"),
        pytest.param(partial(pruning.step, now=NOW), id="a step of pruning"),
        pytest.param(partial(offboarding.orphaned, after=0), id="orphaned"),
        pytest.param(partial(offboarding.departed, after=0), id="departed"),
        pytest.param(partial(offboarding.idle, after=0, before=NOW - timedelta(days=400)), id="idle"),
    ],
)
def test_no_large_table_is_read_whole(grown: Database, ask: Callable[[Session], Any]) -> None:
    with create_session(scoped=False) as session:
        with noted(session) as asked:
            ask(session)
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
        assert len(sign_in_counts.counted_now(session)) == 20
