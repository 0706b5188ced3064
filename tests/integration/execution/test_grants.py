"""A trigger acts as the person of its deferred task, with a grant that nobody else can use."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from airflow_thirdparty.exceptions import CannotDefer, SignInRequired, from_dict
from airflow_thirdparty.grants import open_sealed
from airflow_thirdparty.server.broker.database import utcnow
from airflow_thirdparty.server.broker.tokens import trigger_grants
from airflow_thirdparty.server.broker.tokens.trigger_grants import issue
from airflow_thirdparty.server.people.person import Person as SomePerson
from airflow_thirdparty.settings import fernet_key
from airflow_thirdparty.triggers import http, sign_in
from airflow_thirdparty.triggers.http import ThirdPartyHttpTrigger, unpacked
from airflow_thirdparty.triggers.sign_in import ThirdPartySignInTrigger
from airflow_thirdparty.wire import OF_DAG, PROJECTION_KEY, TOKEN_PATH
from tests.support import loopback, scheduler
from tests.support.people import Person
from tests.support.projecting import ACME, DAG_ID, KEY
from tests.support.signing_in import api
from tests.support.tasks import RunningTask, Tasks
from tests.support.versions import DEFERS, DEFERS_TO_TRIGGERS
from tests.support.worker import Service, running_service


def answer_to(task: RunningTask, conn_id: str = ACME, **wanted: object) -> dict[str, Any]:
    answer = task.ask(conn_id, **wanted)
    assert answer.status_code == 200, answer.text
    assert answer.json()["password"] is None
    return dict(json.loads(answer.json()["extra"])[PROJECTION_KEY])


def granted(task: RunningTask, conn_id: str = ACME, *, waits: bool = False) -> str:
    return str(answer_to(task, conn_id, grant=True, waits=waits)["grant"])


def exchange(url: str, shown: str, **question: object) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {shown}"}
    return loopback.post(f"{url}{TOKEN_PATH}", json=question, headers=headers, timeout=60)


def http_trigger(grant: str, **arguments: Any) -> ThirdPartyHttpTrigger:
    values = {
        "method": "GET",
        "endpoint": "/x",
        "options": {},
        "min_lifetime": 0,
        "pages": False,
        **arguments,
    }
    return ThirdPartyHttpTrigger(conn_id=ACME, grant=grant, **values)


@pytest.fixture(autouse=True)
def a_scheduler_that_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here nothing waits until Airflow's scheduler has seen a deferral."""
    for module in (http, sign_in):
        monkeypatch.setattr(module, "SETTLES", 0)


async def event_of(trigger: Any) -> dict[str, Any]:
    async for event in trigger.run():
        return dict(event.payload)
    raise AssertionError("nothing was fired")


@pytest.fixture
def service() -> Iterator[Service]:
    with running_service() as service:
        yield service


@pytest.fixture
def running(alice: Person, tasks: Tasks, service: Service, register: Callable[..., None]) -> RunningTask:
    """A task that acts for alice."""
    register(host=service.url)
    return tasks.start(DAG_ID, alice.trigger(DAG_ID))


@pytest.fixture
def carols(carol: Person, tasks: Tasks, running: RunningTask) -> RunningTask:
    """A task that acts for carol, who has not signed in."""
    return tasks.start(DAG_ID, carol.trigger(DAG_ID))


@DEFERS
async def test_a_trigger_acts_as_the_person(running: RunningTask, tasks: Tasks, service: Service) -> None:
    trigger = http_trigger(granted(running), pages=True)
    service.answers["/x"] = lambda _: (200, {"Link": '</y>; rel="next"'})
    tasks.defer(running, trigger)
    event = await event_of(trigger)
    assert [unpacked(one).url.path for one in event["responses"]] == ["/x", "/y"]
    assert service.credentials() == [f"Bearer {KEY}"] * 2
    assert KEY not in repr(event)


@DEFERS
async def test_a_trigger_that_runs_into_an_error_says_so(
    running: RunningTask, tasks: Tasks, service: Service, alice: Person
) -> None:
    trigger = http_trigger(granted(running))
    tasks.defer(running, trigger)
    service.answers["/x"] = lambda _: (418, {})
    failed = await event_of(trigger)
    assert (failed["status"], "418" in failed["message"]) == ("failed", True)
    alice.browser.request("DELETE", f"{api(ACME)}/sign-in", headers={"Content-Type": "application/json"})
    refused = await event_of(trigger)
    assert type(from_dict(refused["refusal"])) is SignInRequired
    assert KEY not in repr([failed, refused])


@DEFERS
def test_a_grant_holds_while_its_task_is_deferred(running: RunningTask, tasks: Tasks, alice: Person) -> None:
    grant = granted(running)
    shown = open_sealed(grant, fernet_key())
    before = exchange(alice.url, shown)
    assert (before.status_code, before.json()["error"]["code"]) == (403, "account_not_allowed")
    tasks.defer(running, http_trigger(grant))
    for question in ({}, {"min_lifetime": 60}, {"force_refresh": True}):
        answer = exchange(alice.url, shown, **question)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["token"], answer.headers["cache-control"]) == (KEY, "no-store")
    set_state(running, "success")
    after = exchange(alice.url, shown)
    assert after.status_code == 403
    assert "not deferred" in after.json()["error"]["message"]
    assert KEY not in after.text


@DEFERS
def test_a_trigger_is_not_told_what_is_for_workers_only(
    running: RunningTask, tasks: Tasks, alice: Person
) -> None:
    grant, at_work = granted(running), running.connection(f"{ACME}--as--http").json()
    tasks.defer(running, http_trigger(grant))
    deferred = exchange(alice.url, open_sealed(grant, fernet_key()), entry="http").json()["connection"]
    header = {"Authorization": f"Bearer {KEY}"}
    assert json.loads(at_work["extra"]) == {**header, "trust_env": False}
    assert json.loads(deferred["extra"]) == header


@DEFERS
@pytest.mark.parametrize(
    ("given", "deferred", "status"),
    [
        pytest.param(timedelta(days=14), timedelta(days=14), 200, id="two weeks on"),
        pytest.param(timedelta(minutes=50), timedelta(), 200, id="a client that had to try again"),
        pytest.param(timedelta(days=14), timedelta(days=13), 403, id="deferred anew since"),
        pytest.param(timedelta(), timedelta(days=1), 403, id="given during the deferral"),
    ],
)
def test_a_grant_holds_as_long_as_the_deferral_that_it_was_given_for(
    running: RunningTask,
    tasks: Tasks,
    alice: Person,
    monkeypatch: pytest.MonkeyPatch,
    given: timedelta,
    deferred: timedelta,
    status: int,
) -> None:
    now = utcnow()
    monkeypatch.setattr(trigger_grants, "utcnow", lambda: now - given)
    shown = open_sealed(granted(running), fernet_key())
    tasks.defer(running, http_trigger("x"))
    tasks.deferred_earlier(running.id, deferred)
    answer = exchange(alice.url, shown)
    assert answer.status_code == status, answer.text
    assert (KEY in answer.text) is (status == 200)


@DEFERS
def test_who_reads_the_database_or_rest_has_nothing_to_show(
    running: RunningTask, tasks: Tasks, alice: Person, bob: Person
) -> None:
    grant = granted(running)
    shown = open_sealed(grant, fernet_key())
    tasks.defer(running, http_trigger(grant))
    assert exchange(alice.url, grant).status_code == 401
    for person in (alice, bob):
        for path in REST:
            text = person.rest.get(path.format(dag=DAG_ID, id=running.id)).text
            assert grant not in text
            assert shown not in text
    assert "ThirdPartyHttpTrigger" in alice.rest.get(REST[0].format(dag=DAG_ID)).text, "the trigger is shown"


REST = (
    "/api/v2/dags/{dag}/dagRuns/~/taskInstances",
    "/api/v2/dags/~/dagRuns/~/taskInstances?state=deferred",
    "/api/v2/eventLogs",
    "/api/v2/dags/{dag}/dagRuns/~/taskInstances/work/xcomEntries",
    "/ui/grid/runs/{dag}",
    "/api/v2/jobs",
)


@DEFERS
@pytest.mark.parametrize(
    ("authorization", "body", "status"),
    [
        pytest.param(None, {}, 401, id="nothing shown"),
        pytest.param("Basic YTpi", {}, 401, id="another scheme"),
        pytest.param("Bearer x.y", {}, 401, id="no grant"),
        pytest.param("Bearer", {}, 401, id="an empty one"),
        pytest.param("Bearer x.y", {"min_lifetime": -1}, 422, id="a negative lifetime"),
        pytest.param("Bearer x.y", {"user": "bob"}, 422, id="a field of its own"),
    ],
)
def test_anything_else_is_refused(
    alice: Person, authorization: str | None, body: dict[str, Any], status: int
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = loopback.post(f"{alice.url}{TOKEN_PATH}", json=body, headers=headers, timeout=60)
    assert answer.status_code == status, answer.text


@DEFERS
def test_a_run_with_somebody_elses_hand_in_it_ends_the_grant(
    running: RunningTask, tasks: Tasks, alice: Person, admin: Person
) -> None:
    grant = granted(running)
    tasks.defer(running, http_trigger(grant))
    shown = open_sealed(grant, fernet_key())
    assert exchange(alice.url, shown).status_code == 200
    body = {"dry_run": False, "task_ids": ["work"], "reset_dag_runs": False, "only_failed": False}
    cleared = admin.rest.post(f"/api/v2/dags/{DAG_ID}/clearTaskInstances", json=body)
    assert cleared.status_code == 200, cleared.text
    assert exchange(alice.url, shown).status_code == 403


@DEFERS
def test_who_is_not_signed_in_is_refused_before_anything_defers(carols: RunningTask) -> None:
    assert answer_to(carols, grant=True)["refusal"]["code"] == "sign_in_required"


@DEFERS
async def test_a_grant_that_waits_yields_no_token(carols: RunningTask, tasks: Tasks, carol: Person) -> None:
    grant = granted(carols, waits=True)
    trigger = ThirdPartySignInTrigger(grants={ACME: grant}, interval=0.01, min_lifetime=0)
    tasks.defer(carols, trigger)
    shown = open_sealed(grant, fernet_key())
    waiting = exchange(carol.url, shown)
    assert (waiting.status_code, waiting.json()["error"]["code"]) == (403, "sign_in_required")
    assert carol.browser.post(f"{api(ACME)}/sign-in", json={"key": "key-of-carol"}).status_code == 200
    answer = exchange(carol.url, shown)
    assert (answer.status_code, answer.json()["token"]) == (200, None)
    assert "key-of-carol" not in answer.text
    assert await event_of(trigger) == {"status": "success"}


def test_whether_somebody_is_signed_in_is_no_use_and_no_refusal(
    running: RunningTask, carols: RunningTask, admin: Person
) -> None:
    before = refusals(admin)
    assert answer_to(running, waits=True)["signed_in"] is True
    assert answer_to(carols, waits=True)["refusal"]["code"] == "sign_in_required"
    assert refusals(admin) == before


def test_a_task_learns_which_accounts_its_dag_uses(running: RunningTask) -> None:
    assert answer_to(running, OF_DAG, dag=True) == {"accounts": []}
    scheduler.tag(DAG_ID, f"account:{ACME}")
    scheduler.tag(DAG_ID, "account:gone")
    assert answer_to(running, OF_DAG, dag=True) == {"accounts": [ACME]}
    assert running.connection(OF_DAG).status_code == 404


def test_nothing_is_granted_where_arguments_are_shown(
    running: RunningTask,
) -> None:
    alice = SomePerson("fab", "1")
    with pytest.raises(CannotDefer, match="shows the arguments"):
        issue("id", ACME, alice, (), waits=False, version="3.2.2")
    assert issue("id", ACME, alice, (), waits=False, version="3.3.0rc1")
    if not DEFERS_TO_TRIGGERS:
        assert answer_to(running, grant=True)["refusal"]["code"] == "cannot_defer"


def refusals(admin: Person) -> int:
    answer = admin.rest.get("/api/v2/eventLogs", params={"event": "third_party_account.refused"})
    return int(answer.json()["total_entries"])


def set_state(task: RunningTask, state: str) -> None:
    """As the scheduler does."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import update

    with create_session(scoped=False) as session:
        session.execute(update(TaskInstance).where(TaskInstance.id == task.id).values(state=state))
