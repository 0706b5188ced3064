"""Whatever the short path answers or refuses, the long one would; where there is a doubt, it says nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from airflow_thirdparty.wire import TokenRequest
from tests.support import databases
from tests.support.accounts import Accounts
from tests.support.airflow_server import AirflowServer, configured
from tests.support.people import Person
from tests.support.projecting import ACME, DAG_ID, KEY
from tests.support.signing_in import api
from tests.support.tasks import RunningTask, Tasks, task_token
from tests.support.twists import TWISTS, forgotten_refusals, rows_kept, twist
from tests.support.ways import Way

pytestmark = databases.BOTH

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
