"""Whatever the short path answers or refuses, the long one would; where there is a doubt, it says nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Update, delete, select, text, update
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from airflow_thirdparty.wire import TokenRequest
from tests.support import databases
from tests.support.accounts import Accounts
from tests.support.airflow_server import AirflowServer, configured
from tests.support.counting import answer
from tests.support.databases import Database
from tests.support.people import Person
from tests.support.projecting import ACME, DAG_ID, KEY
from tests.support.signing_in import api
from tests.support.tasks import RunningTask, Tasks, task_token
from tests.support.ways import Way

pytestmark = databases.BOTH

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
    from airflow.utils.session import create_session

    from airflow_thirdparty.server.store.waits import Wait

    with create_session(scoped=False) as session:
        session.execute(delete(Wait))  # the last of several waits is a refusal
        for name in sorted(names):
            session.execute(TWISTS[name](task).execution_options(synchronize_session=False))


QUESTIONS = st.one_of(
    st.just(ACME),
    st.sampled_from([f"{ACME}--as--http", f"{ACME}--as--nowhere"]),
    st.builds(
        TokenRequest,
        st.just(ACME),
        scopes=st.sampled_from([(), ("one",), ("one", "two")]),
        min_lifetime=st.sampled_from([0, 60, 7200]),
        force_refresh=st.sampled_from([False, False, True]),
        waits=st.sampled_from([False, False, True]),
        why=st.sampled_from([False, False, True]),
    ).map(TokenRequest.encode),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.sets(st.sampled_from(sorted(TWISTS)), max_size=3), asked_id=QUESTIONS)
def test_whatever_the_short_path_answers(
    task: RunningTask, monkeypatch: pytest.MonkeyPatch, names: set[str], asked_id: str
) -> None:
    way = Way("short")
    with rows_kept():
        twist(task, names)
        way.go(monkeypatch, "short")
        short = task.connection(asked_id)
        if not way.short and not way.refused:
            return
        way.go(monkeypatch, "long")
        long, answers = task.connection(asked_id), [short]
        if short.status_code == 503:  # a run is waited for only so long: that may have ended between the two
            way.go(monkeypatch, "short")
            answers.append(task.connection(asked_id))
    assert _told(long) in map(_told, answers)
    assert short.status_code == 200 or way.refused
    assert KEY not in short.text or way.short


def _told(answer: Any) -> tuple[int, Any, list[tuple[str, str]]]:
    return answer.status_code, answer.json(), _headers(answer)


def _headers(answer: Any) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in answer.headers.items() if name != "date")


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(set(), id="as it is"),
        pytest.param({"this DAG only"}, id="this DAG only"),
        pytest.param({"expires in an hour", "refreshable"}, id="refreshable"),
    ],
)
@pytest.mark.parametrize("asked_id", [ACME, f"{ACME}--as--http", TokenRequest(ACME).encode()])
def test_a_plain_success_is_answered_by_the_short_path(
    task: RunningTask, monkeypatch: pytest.MonkeyPatch, names: set[str], asked_id: str
) -> None:
    for headers in HEADERS:
        way = Way("short")
        with rows_kept():
            twist(task, names)
            answers = []
            for name in ("short", "long"):
                way.go(monkeypatch, name)
                answers.append(task.worker.get(f"/execution/connections/{asked_id}", headers=headers))
        assert way.short == 1, headers
        short, long = answers
        assert KEY in short.text
        assert (short.status_code, short.json(), _headers(short)) == (200, long.json(), _headers(long))


@pytest.mark.parametrize(
    ("names", "code"),
    [
        pytest.param({"somebody else's"}, "sign_in_required", id="nobody signed in"),
        pytest.param({"lapsed"}, "sign_in_lapsed", id="lapsed"),
        pytest.param({"for another account"}, "account_changed", id="for another account"),
        pytest.param({"another's name"}, "acting_user_unknown", id="whose run it is"),
        pytest.param({"cleared"}, "rerun_by_other_user", id="cleared"),
        pytest.param({"ended"}, "account_not_allowed", id="ended"),
        pytest.param({"other DAGs only"}, "account_not_allowed", id="other DAGs only"),
    ],
)
@pytest.mark.parametrize("asked_id", [ACME, TokenRequest(ACME).encode()])
def test_a_refusal_is_found_out_once(
    task: RunningTask, monkeypatch: pytest.MonkeyPatch, names: set[str], code: str, asked_id: str
) -> None:
    way = Way("short")
    with rows_kept():
        twist(task, names)
        answers, written = [], []
        for name in ("short", "long"):
            way.go(monkeypatch, name)
            with forgotten_refusals() as rows:
                answers.append(task.connection(asked_id))
                written += rows()
        assert (way.refused, way.short) == (1, 0)
    short, long = answers
    assert code in short.text
    assert (short.status_code, short.json(), _headers(short)) == (
        long.status_code,
        long.json(),
        _headers(long),
    )
    assert len(written) == 2
    assert written[0] == written[1]
    assert json.loads(written[0][-1])["code"] == code


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


def test_a_refusal_of_one_task_is_no_others(
    tasks: Tasks, bob: Person, task: RunningTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = Way("short")
    way.go(monkeypatch, "short")
    of_bob = tasks.start(DAG_ID, bob.trigger(DAG_ID))
    for _ in range(2):
        assert of_bob.connection(ACME).json()["detail"]["reason"] == "sign_in_required"
        assert KEY in task.connection(ACME).text
    assert (way.refused, way.short) == (2, 2)


def test_what_is_refused_is_given_after_signing_in(
    tasks: Tasks, bob: Person, task: RunningTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = Way("short")
    way.go(monkeypatch, "short")
    of_bob = tasks.start(DAG_ID, bob.trigger(DAG_ID))
    assert of_bob.connection(ACME).json()["detail"]["reason"] == "sign_in_required"
    bob.browser.post(f"{api(ACME)}/sign-in", json={"key": "key-of-bob"})
    assert of_bob.connection(ACME).json()["password"] == "key-of-bob"
    assert (way.refused, way.short) == (1, 1)


HEADERS: list[dict[str, str]] = [
    {},
    {"Airflow-API-Version": "2025-11-05"},
    {"Correlation-Id": "c1", "X-Request-Id": "r1"},
    {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"},
]
"""As tests ask; as an older worker does; with names for the log; as a part of a trace."""


def _env(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", "http://elsewhere")


DOUBTS = {
    "an environment variable": lambda _app, patch: _env(ACME, patch),
    "a secrets backend": lambda _app, patch: patch.setenv(
        "AIRFLOW__SECRETS__BACKEND", "airflow.secrets.local_filesystem.LocalFilesystemBackend"
    ),
    "several teams": lambda _app, patch: patch.setenv("AIRFLOW__CORE__MULTI_TEAM", "True"),
    "an overridden dependency": lambda app, patch: patch.setitem(
        _api(app).dependency_overrides, _known_dependency(), _known_dependency()
    ),
    "a route before it": lambda app, patch: patch.setattr(
        app.router, "routes", [Route("/execution/connections/{connection_id}", _teapot), *app.router.routes]
    ),
    "another dependency": lambda app, patch: _another_dependency(app, patch),
    "another middleware": lambda app, patch: _another_middleware(app, patch),
}


async def _teapot(_request: Request) -> Response:
    return Response(status_code=418)


def _api(app: Any) -> Any:
    return next(route.app for route in app.routes if getattr(route, "path", "") == "/execution")


def _known_dependency() -> Any:
    from airflow.api_fastapi.execution_api.routes.connections import has_connection_access

    return has_connection_access


async def _unknown() -> None: ...


def _another_dependency(app: Any, patch: pytest.MonkeyPatch) -> None:
    from fastapi import Depends
    from fastapi.dependencies.utils import get_parameterless_sub_dependant

    for router in _api(app).router.versioned_routers.values():
        for route in router.routes:
            if route.path == "/connections/{connection_id}":
                added = get_parameterless_sub_dependant(depends=Depends(_unknown), path=route.path)
                dependencies = [*route.dependant.dependencies, added]
                patch.setattr(route.dependant, "dependencies", dependencies)


class Unknown:
    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


def _another_middleware(app: Any, patch: pytest.MonkeyPatch) -> None:
    api = _api(app)
    patch.setattr(api, "middleware_stack", Unknown(api.middleware_stack))


@pytest.mark.parametrize("doubt", DOUBTS)
def test_a_doubt_goes_the_long_way(
    airflow_server: AirflowServer, task: RunningTask, monkeypatch: pytest.MonkeyPatch, doubt: str
) -> None:
    way = Way("short")
    way.go(monkeypatch, "short")
    assert KEY in task.connection(ACME).text
    assert way.short == 1
    with monkeypatch.context() as patch:
        DOUBTS[doubt](airflow_server.app, patch)
        task.connection(ACME)
    assert (way.short, way.asked) == (1, 2)
    assert KEY in task.connection(ACME).text
    assert way.short == 2


def test_a_version_whose_answer_is_converted_goes_the_long_way(
    task: RunningTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.api_fastapi.execution_api.versions import bundle

    from airflow_thirdparty.server.execution import airflow_route

    newest, before, *_ = [version.value for version in bundle.versions]
    converting = bundle.versions[0].changes
    monkeypatch.setattr(airflow_route, "_converts", lambda change: change in converting)
    monkeypatch.setattr(airflow_route.ConnectionRoutes, "hold", lambda *_: False)  # found anew each time
    way = Way("short")
    way.go(monkeypatch, "short")
    for version, short in ((newest, 1), (before, 1), (newest, 2)):
        headers = {"Airflow-API-Version": version}
        assert KEY in task.worker.get(f"/execution/connections/{ACME}", headers=headers).text
        assert way.short == short


@pytest.mark.parametrize("version", ["2024-01-01", "2099-01-01", "none"])
def test_a_version_that_there_is_not(task: RunningTask, way: Way, version: str) -> None:
    task.worker.get(f"/execution/connections/{ACME}", headers={"Airflow-API-Version": version})
    assert way.short == 0


def test_connections_that_broke_are_opened_anew(
    database: Database, task: RunningTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = Way("short")
    way.go(monkeypatch, "short")
    assert KEY in task.connection(ACME).text
    break_connections(database)
    assert KEY in task.connection(ACME).text
    assert way.short == 2


def break_connections(database: Database) -> None:
    from airflow.utils.session import create_session

    if database.kind == "postgres":
        with create_session(scoped=False) as session:
            session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )


def test_a_refusal_is_written_down_though_the_connection_broke(
    airflow_server: AirflowServer, database: Database, task: RunningTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_thirdparty.server.broker.tokens import granting

    way = Way("short")
    way.go(monkeypatch, "short")
    refused, note = {}, granting.note_refused

    async def keep(conn_id: str, found: granting.Refused) -> None:
        refused[conn_id] = found
        await note(conn_id, found)

    from airflow_thirdparty.server.execution import projection

    monkeypatch.setattr(projection, "note_refused", keep)
    with rows_kept():
        twist(task, {"lapsed"})
        assert task.connection(ACME).status_code == 403
    with forgotten_refusals() as rows:
        break_connections(database)
        airflow_server.run(note(ACME, refused[ACME]))
        assert len(rows()) == 1


def test_a_rush_is_answered_on_a_few_connections(
    airflow_server: AirflowServer, task: RunningTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_thirdparty.server.broker import own_pool

    airflow_server.run(own_pool.close_own_pools())
    monkeypatch.setattr(own_pool, "TIMEOUT", 60.0)  # a busy machine opens connections slowly
    way = Way("short")
    way.go(monkeypatch, "short")
    token = task.worker.headers["Authorization"].removeprefix("Bearer ")

    async def rush() -> tuple[set[int], int]:
        path = f"/execution/connections/{ACME}"
        answers = await asyncio.gather(*(answer(airflow_server.app, path, token) for _ in range(40)))
        engine: Any = getattr(own_pool.own_pool(), "_engine")  # noqa: B009  # whichever pool it is
        pool = getattr(engine, "sync_engine", engine).pool
        opened = pool.checkedin() + pool.checkedout()
        await own_pool.close_own_pools()
        return {status for status, _ in answers}, opened

    statuses, connections = airflow_server.run(rush())
    assert statuses == {200}
    assert 1 <= connections <= own_pool.SIZE
    assert way.short == 40


def test_a_tasks_token_near_its_end_is_issued_anew_as_ever(
    task: RunningTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = Way("short")
    way.go(monkeypatch, "short")
    task.worker.headers["Authorization"] = f"Bearer {task_token(task.id, valid_for=25)}"
    answer = task.connection(ACME)
    assert KEY in answer.text
    assert answer.headers["refreshed-api-token"]
    assert (way.short, way.asked) == (0, 1)


def test_signed_out_is_signed_out_at_once(alice: Person, task: RunningTask, way: Way) -> None:
    assert KEY in task.connection(ACME).text
    path = f"/third-party-accounts/api/v1/accounts/{ACME}/sign-in"
    alice.browser.request("DELETE", path, headers={"Content-Type": "application/json"})
    refused = task.connection(ACME)
    assert refused.status_code == 403
    assert refused.json()["detail"]["reason"] == "sign_in_required"
    assert way.short == (way.name == "short")


def test_an_account_that_changed_is_changed_at_once(accounts: Accounts, task: RunningTask, way: Way) -> None:
    assert KEY in task.connection(ACME).text
    accounts.change(ACME, host="https://elsewhere.example")
    refused = task.connection(ACME)
    assert refused.status_code == 403
    assert refused.json()["detail"]["reason"] == "account_changed"
    assert way.short == (way.name == "short")


def test_both_ways_note_the_use(task: RunningTask, airflow_server: AirflowServer, way: Way) -> None:
    from airflow.utils.session import create_session

    from airflow_thirdparty.server.broker.usage.recorder import usage_recorder
    from airflow_thirdparty.server.store.usage import Usage

    for _ in range(3):
        assert KEY in task.connection(ACME).text
    airflow_server.run(usage_recorder().write_due(True))
    with create_session(scoped=False) as session:
        row = session.scalars(select(Usage).where(Usage.ti_id == str(task.id))).one()
        assert (row.user_name, row.times, row.conn_id) == ("alice", 3, ACME)
        session.execute(delete(Usage).where(Usage.ti_id == str(task.id)))
    assert way.short == (3 if way.name == "short" else 0)


def test_a_connection_that_became_plain_is_answered_as_it_is(task: RunningTask) -> None:
    assert KEY in task.connection(ACME).text
    with rows_kept():
        twist(task, {"plain now"})
        answer = task.connection(ACME)
        assert (answer.status_code, answer.json()["password"]) == (200, None)
    assert KEY in task.connection(ACME).text


def test_the_remote_logs_connection_is_refused_in_both_ways(task: RunningTask, way: Way) -> None:
    with configured("logging", remote_log_conn_id=ACME):
        assert task.connection(ACME).status_code == 403
    assert task.connection(ACME).status_code == 200
    assert way.short == (way.name == "short")
