"""What may have happened before a task asks for an account, and what is written where it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Update, delete, select, update

from tests.support.projecting import ACME, DAG_ID
from tests.support.tasks import RunningTask

NOW = datetime.now(timezone.utc)
HOUR = timedelta(hours=1)


def _instance(task: RunningTask, **values: Any) -> Update:
    from airflow.models.taskinstance import TaskInstance

    return update(TaskInstance).where(TaskInstance.id == task.id).values(**values)


def _run(**values: Any) -> Update:
    from airflow.models.dagrun import DagRun
    from airflow.utils.types import DagRunTriggeredByType

    if triggered_by := values.pop("triggered_by", None):
        values["triggered_by"] = DagRunTriggeredByType(triggered_by)
    return update(DagRun).where(DagRun.dag_id == DAG_ID).values(**values)


def _cause(**values: Any) -> Update:
    from airflow_thirdparty.server.store.attributions import Attribution

    return update(Attribution).where(Attribution.dag_id == DAG_ID).values(**values)


def _sign_in(**values: Any) -> Update:
    from airflow_thirdparty.server.store.models import SignIn

    return update(SignIn).where(SignIn.conn_id == ACME).values(**values)


def _connection(**values: Any) -> Update:
    from airflow.models.connection import Connection

    table = Connection.__table__
    return update(table).where(table.c.conn_id == ACME).values(**values)


TWISTS: dict[str, Callable[[RunningTask], Update]] = {
    "ended": lambda task: _instance(task, state="success"),
    "deferred": lambda task: _instance(task, state="deferred"),
    "tried too often": lambda task: _instance(task, try_number=9),
    "started long ago": lambda task: _instance(task, start_date=NOW - HOUR),
    "another's name": lambda _: _run(triggering_user_name="bob"),
    "no name": lambda _: _run(triggering_user_name=None),
    "scheduled": lambda _: _run(triggered_by="timetable", run_type="scheduled"),
    "by an asset": lambda _: _run(triggered_by="asset", run_type="asset_triggered"),
    "on the command line": lambda _: _run(triggered_by="cli"),
    "cleared": lambda _: _run(clear_number=1),
    "caused by somebody unknown": lambda _: _cause(user_id="999"),
    "caused by another name": lambda _: _cause(user_name="bob"),
    "never attributed": lambda _: _cause(attributed=False),
    "a rerun only": lambda _: _cause(kind="rerun"),
    "data": lambda _: _cause(kind="data"),
    "re-created": lambda _: _cause(user_created="2001-01-01T00:00:00"),
    "expires in an hour": lambda _: _sign_in(access_issued_at=NOW - HOUR, access_expires_at=NOW + HOUR),
    "just issued": lambda _: _sign_in(access_issued_at=NOW, access_expires_at=NOW + HOUR),
    "about to expire": lambda _: _sign_in(access_expires_at=NOW + timedelta(seconds=3)),
    "expired": lambda _: _sign_in(access_expires_at=NOW - HOUR),
    "expired, as is assumed": lambda _: _sign_in(access_expires_at=NOW - HOUR, expiry_assumed=True),
    "refreshable": lambda _: _sign_in(sealed_refresh="sealed elsewhere"),
    "lapsed": lambda _: _sign_in(lapsed_at=NOW, lapsed_text="it was withdrawn"),
    "for another account": lambda _: _sign_in(binding="{}"),
    "with fewer scopes": lambda _: _sign_in(kind="oauth2", scopes="one", asked_scopes="one"),
    "moved": lambda _: _sign_in(version=7),
    "somebody else's": lambda _: _sign_in(user_id="998"),
    "of an earlier user": lambda _: _sign_in(user_created="2001-01-01T00:00:00"),
    "failed before": lambda _: _sign_in(failed_at=NOW, failures=3, retry_at=NOW + HOUR),
    "plain now": lambda _: _connection(conn_type="http"),
    "another host": lambda _: _connection(host="https://elsewhere.example"),
    "a port": lambda _: _connection(port=8443),
    "no port": lambda _: _connection(port=99_999),
    "a secret in the row": lambda _: _connection(password="found-later"),
    "broken extra": lambda _: _connection(extra="{", is_extra_encrypted=False),
    "sealed by another key": lambda _: _connection(extra="gAAAAA", is_extra_encrypted=True),
    "other DAGs only": lambda _: _extra(allowed_dags="another"),
    "this DAG only": lambda _: _extra(allowed_dags=DAG_ID),
    "wants ten minutes": lambda _: _extra(min_lifetime=600),
    "as a bearer": lambda _: _extra(expose_as="http"),
}
"""What may have happened to a run, a sign-in or an account, each as one change in the database."""


def _extra(**changed: Any) -> Update:
    fields = {"service": "custom", "kind": "key", "issuer": "https://idp.example", **changed}
    return _connection(extra=json.dumps(fields), is_extra_encrypted=False)


@contextmanager
def rows_kept() -> Iterator[None]:
    """Put everything back as it was that a twist may change."""
    from airflow.models.connection import Connection
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    from airflow_thirdparty.server.store.attributions import Attribution
    from airflow_thirdparty.server.store.models import SignIn

    tables = [
        (DagRun.__table__, DagRun.dag_id == DAG_ID),
        (TaskInstance.__table__, TaskInstance.dag_id == DAG_ID),
        (Attribution.__table__, Attribution.dag_id == DAG_ID),
        (SignIn.__table__, SignIn.id > 0),
        (Connection.__table__, Connection.__table__.c.conn_id == ACME),
    ]
    with create_session(scoped=False) as session:
        before = [session.execute(select(table).where(which)).all() for table, which in tables]
    try:
        yield
    finally:
        with create_session(scoped=False) as session:
            for (table, _), rows in zip(tables, before, strict=True):
                for row in rows:
                    values = row._asdict()
                    key = next(iter(table.primary_key.columns))
                    session.execute(update(table).where(key == values.pop(key.name)).values(values))


def twist(task: RunningTask, names: set[str]) -> None:
    """Let these of :data:`TWISTS` have happened."""
    from airflow.utils.session import create_session

    from airflow_thirdparty.server.store.waits import Wait

    with create_session(scoped=False) as session:
        session.execute(delete(Wait))  # the last of several waits is a refusal
        for name in sorted(names):
            session.execute(TWISTS[name](task).execution_options(synchronize_session=False))


@contextmanager
def forgotten_refusals() -> Iterator[Callable[[], list[tuple[Any, ...]]]]:
    """What is written of refusals meanwhile, but for when."""
    from airflow.models.log import Log
    from airflow.utils.session import create_session

    event = "third_party_account.refused"

    def rows() -> list[tuple[Any, ...]]:
        columns = (Log.owner, Log.dag_id, Log.task_id, Log.run_id, Log.map_index, Log.extra)
        with create_session(scoped=False) as session:
            return [tuple(row) for row in session.execute(select(*columns).where(Log.event == event))]

    with create_session(scoped=False) as session:
        session.execute(delete(Log).where(Log.event == event))
    yield rows
