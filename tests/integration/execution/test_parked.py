"""A task that is parked until its person has signed in: their required action, resumed by the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_thirdparty.server.broker import runtime
from airflow_thirdparty.server.broker.database import in_transaction
from airflow_thirdparty.server.broker.housekeeping import loop, parked
from airflow_thirdparty.server.web import app
from airflow_thirdparty.wire import RESUME_METHOD
from tests.integration.execution.test_grants import answer_to
from tests.support.airflow_server import AirflowServer
from tests.support.people import Person
from tests.support.projecting import ACME, DAG_ID
from tests.support.signing_in import api
from tests.support.tasks import RunningTask, Tasks
from tests.support.versions import PARKS

pytestmark = PARKS


@pytest.fixture(scope="module", autouse=True)
def alone() -> Iterator[None]:
    """The server's own rounds, one of which would do a test's or lock its database, do not begin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "AFTER_START", 3600.0)
        yield


@pytest.fixture
def waiting(carol: Person, tasks: Tasks, register: Callable[..., None]) -> RunningTask:
    """A task of carol's, who has not signed in, as our operator parks it."""
    register()
    return park(tasks, carol, third_party_accounts={ACME: []})


def park(tasks: Tasks, who: Person, **arguments: Any) -> RunningTask:
    """A task of somebody's who has not signed in."""
    task = tasks.start(DAG_ID, who.trigger(DAG_ID))
    person = answer_to(task, waits=True)["person"]
    assert person["name"] == who.name
    tasks.park(task, RESUME_METHOD, person["id"], **arguments)
    return task


def sign_in(person: Person) -> None:
    answer = person.browser.post(f"{api(ACME)}/sign-in", json={"key": f"key-of-{person.name}"})
    assert answer.status_code == 200, answer.text


def rounds(after: float = 60) -> int:
    """One round of housekeeping, so many seconds from now."""
    now = datetime.now(timezone.utc) + timedelta(seconds=after)
    return in_transaction(parked.resume, broker=runtime.token_broker(), now=now)


def stored(task: RunningTask) -> Any:
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        instance, detail = session.get_one(TaskInstance, task.id), session.get_one(HITLDetail, task.id)
        return instance.state, instance.next_kwargs, detail.responded_by, detail.chosen_options


def test_it_is_resumed_once_the_person_has_signed_in(waiting: RunningTask, carol: Person) -> None:
    assert (rounds(), stored(waiting)[0]) == (0, "awaiting_input")
    sign_in(carol)
    assert rounds(after=0) == 0, "Airflow may not have seen the end of the process that parked it"
    assert rounds() == 1
    state, kwargs, responded_by, chosen = stored(waiting)
    assert (state, responded_by["name"], chosen) == ("scheduled", "carol", ["I have signed in"])
    assert "event" in repr(kwargs)
    assert rounds() == 0


def test_somebody_elses_sign_in_resumes_nothing(waiting: RunningTask, bob: Person) -> None:
    sign_in(bob)
    assert rounds() == 0


def test_what_one_task_left_there_keeps_nobody_waiting(
    waiting: RunningTask, tasks: Tasks, carol: Person, bob: Person
) -> None:
    park(tasks, bob, third_party_accounts=None)
    park(tasks, bob)
    sign_in(carol)
    assert rounds() == 1
    assert stored(waiting)[0] == "scheduled"


def test_who_waits_in_vain_keeps_nobody_from_their_turn(
    waiting: RunningTask,
    tasks: Tasks,
    bob: Person,
    airflow_server: AirflowServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parked, "AT_ONCE", 1)
    monkeypatch.setattr(parked, "SETTLES", timedelta())
    of_bob = park(tasks, bob, third_party_accounts={ACME: []})
    sign_in(bob)
    for number in range(in_transaction(parked.how_many_wait, now=datetime.now(timezone.utc))):
        airflow_server.run(loop.run_once(runtime.refresher(), number))
    assert [stored(task)[0] for task in (waiting, of_bob)] == ["awaiting_input", "scheduled"]


def run_of(task: RunningTask) -> str:
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        return str(session.get_one(TaskInstance, task.id).run_id)


def test_only_the_person_may_answer(waiting: RunningTask, carol: Person, bob: Person) -> None:
    run = f"/api/v2/dags/{DAG_ID}/dagRuns/{run_of(waiting)}"
    asked = carol.rest.get(f"{run}/hitlDetails?response_received=false").json()
    assert asked["total_entries"] == 1
    body = {"chosen_options": ["I have signed in"], "params_input": {}}
    answer = f"{run}/taskInstances/work/-1/hitlDetails"
    assert bob.rest.patch(answer, json=body).status_code == 403
    assert carol.rest.patch(answer, json=body).status_code == 200


def test_a_run_with_somebody_elses_hand_in_it_stays_parked(
    waiting: RunningTask, carol: Person, admin: Person
) -> None:
    body = {"key": "return_value", "value": "x", "map_index": -1}
    path = f"/api/v2/dags/{DAG_ID}/dagRuns/{run_of(waiting)}/taskInstances/work/xcomEntries"
    assert admin.rest.post(path, json=body).status_code == 201
    sign_in(carol)
    assert rounds() == 0
