"""Large tables, made by the database itself, and what is asked of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

from airflow import settings
from airflow.utils.session import create_session
from sqlalchemy import text
from sqlalchemy.orm import Session

from airflow_thirdparty.server.broker.housekeeping import offboarding, pruning
from airflow_thirdparty.server.broker.usage import queries as usage_queries
from airflow_thirdparty.server.broker.views import accounts, admin, task_instances
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import sign_ins

NOW = datetime(2030, 1, 1, tzinfo=timezone.utc)
ACCOUNTS = 100
PERSON = Person("manager", "7")
TASK = task_instances.TaskInstanceKey("dag_1", "run_10", "task", -1)
KEPT_RUN = 1
"""The key of a run that is still there."""

TABLES = ("third_party_sign_in", "third_party_usage", "third_party_attribution")

FILL = (
    f"""
INSERT INTO third_party_sign_in (conn_id, version, kind, sealed_access, sealed_refresh, access_issued_at,
  expiry_assumed, scopes, issuer, subject, subject_name, binding, endpoints, signed_in_at, unknown_times,
  failures, auth_manager, user_id, user_created, user_name)
SELECT 'account_' || n % {ACCOUNTS}, 1, 'oauth2', (:sealed)[1 + n % :texts], (:sealed)[1 + n % :texts], :now,
  false, '', 'i', 's', 'n', '{{}}', '{{}}', :now - n % 1000000 * interval '1 minute', 0, 0, 'manager',
  (n / {ACCOUNTS})::text, '', 'person'
FROM generate_series(:first, :last) AS n
""",
    f"""
INSERT INTO third_party_usage (ti_id, conn_id, dag_id, run_id, task_id, map_index, try_number, first_at,
  last_at, times, auth_manager, user_id, user_created, user_name)
SELECT n::text, 'account_' || n % {ACCOUNTS}, 'dag_' || n % 100, 'run_' || n / 100, 'task', -1, 1, :now,
  :now - n % 80000 * interval '1 minute', 1, 'manager', (n / {ACCOUNTS})::text, '', 'person'
FROM generate_series(:first, :last) AS n
""",
    f"""
INSERT INTO third_party_attribution (kind, dag_id, run_id, run_pk, run_created, clears, attributed, request,
  at, auth_manager, user_id, user_created, user_name)
SELECT 'run', 'dag', 'run', {KEPT_RUN}, :now, 0, true, 'r', :now - interval '1 day', 'manager', '7', '', 'me'
FROM generate_series(:first, :last) AS n
""",
)


def fill(first: int, last: int, sealed: tuple[str, ...] = ("sealed",), *, tables: int = len(FILL)) -> None:
    """Add rows to the large tables, and take statistics of them.

    :param first: number of the first row
    :param last: number of the last
    :param sealed: what stands in the place of tokens, in turns
    :param tables: how many of the tables
    """
    with create_session(scoped=False) as session:
        for statement in FILL[:tables]:
            values: dict[str, Any] = {"first": first, "last": last, "now": NOW}
            if ":sealed" in statement:
                values |= {"sealed": list(sealed), "texts": len(sealed)}
            session.execute(text(statement), values)
    analyze()


def analyze() -> None:
    """Let Postgres look at its tables, as it does by itself in time."""
    with settings.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


QUESTIONS: Mapping[str, Callable[[Session], Any]] = {
    "a task instance's tab": partial(task_instances._used, key=TASK),
    "where mine were used": partial(usage_queries.of_person, person=PERSON),
    "how much each was used": partial(usage_queries.counts, limit=50),
    "my accounts": partial(accounts.of_person, person=PERSON, now=NOW),
    "an admin's accounts": admin.of_accounts,
    "one sign-in": partial(sign_ins.find, person=PERSON, conn_id="account_1"),
    "a step of pruning": partial(pruning.step, now=NOW),
    "orphaned": partial(offboarding.orphaned, after=0),
    "departed": partial(offboarding.departed, after=0),
    "idle": partial(offboarding.idle, after=0, before=NOW - timedelta(days=400)),
}
"""What people, tasks and housekeeping ask of them."""
