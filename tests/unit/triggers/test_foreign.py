"""A trigger of another provider finds its own task's person's connections, and nobody else's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.jobs.triggerer_job_runner import TriggerRunner
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowSecretsBackendAccessDenied
from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_thirdparty.exceptions import ServiceUnavailable, SignInLapsed, SignInRequired
from airflow_thirdparty.hooks import deferrals, search_path
from airflow_thirdparty.triggers import foreign
from airflow_thirdparty.triggers.foreign import ForeignTrigger, replaced
from airflow_thirdparty.triggers.granted import granted, id_for
from tests.support.versions import DEFERS

pytestmark = DEFERS


class Asking(BaseTrigger):
    """Asks for its connection in every way there is."""

    def __init__(self, some_conn_id: str, hook_params: dict[str, Any]) -> None:
        super().__init__()
        self.some_conn_id, self.hook_params = some_conn_id, hook_params

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{__name__}.Asking", {"some_conn_id": self.some_conn_id, "hook_params": self.hook_params}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        await asyncio.sleep(0.01)  # the other person's trigger goes on meanwhile
        found = {
            "in the loop": BaseHook.get_connection(self.some_conn_id).password,
            "asynchronous": (await BaseHook.aget_connection(self.hook_params["deep_conn_id"])).password,
            "in a worker thread": (
                await asyncio.to_thread(BaseHook.get_connection, self.some_conn_id)
            ).password,
            "in a task": (await asyncio.create_task(BaseHook.aget_connection(self.some_conn_id))).password,
            "id": self.some_conn_id,
        }
        denied: list[BaseException] = []

        def bare() -> None:
            try:
                BaseHook.get_connection(self.some_conn_id)
            except BaseException as error:
                denied.append(error)

        thread = threading.Thread(target=bare)
        thread.start()
        thread.join()
        yield TriggerEvent({**found, "bare thread": type(denied[0]).__name__})


@pytest.fixture(autouse=True)
def fires_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "SETTLES", 0.0)


@pytest.fixture
def exchanges(monkeypatch: pytest.MonkeyPatch, supervisor: Any) -> None:
    """Each grant yields its person's token."""

    class Exchange:
        def __init__(self, conn_id: str, sealed: str) -> None:
            self.person = sealed.removeprefix("grant-of-")

        async def ask(self, **question: Any) -> dict[str, Any]:
            assert question == {"entry": "http"}
            connection = {"conn_type": "http", "password": f"token-of-{self.person}"}
            return {"token": connection["password"], "connection": connection, "expires_at": None}

    async def mask(secret: str) -> None: ...

    monkeypatch.setattr(foreign, "Exchange", Exchange)
    monkeypatch.setattr(foreign, "mask", mask)
    monkeypatch.setitem(search_path.__dict__, "ask_grants_first", search_path.ask_grants_first)


async def events_of(person: str) -> dict[str, Any]:
    trigger = ForeignTrigger(
        classpath=f"{__name__}.Asking",
        arguments={"some_conn_id": "acme--as--http", "hook_params": {"deep_conn_id": "acme--as--http"}},
        grants={"acme--as--http": f"grant-of-{person}"},
    )
    trigger._task_instance = SimpleNamespace(id=f"ti-of-{person}", task_id="work")
    [event] = [event async for event in trigger.run()]
    return dict(event.payload)


async def test_two_people_at_once(exchanges: None) -> None:
    of_alice, of_bob = await asyncio.gather(events_of("alice"), events_of("bob"))
    for person, found in (("alice", of_alice), ("bob", of_bob)):
        token = f"token-of-{person}"
        assert found == {
            "in the loop": token,
            "asynchronous": token,
            "in a worker thread": token,
            "in a task": token,
            "id": id_for(f"ti-of-{person}", "acme--as--http"),
            "bare thread": "AirflowSecretsBackendAccessDenied",
        }


class Polling(BaseTrigger):
    """Takes whatever goes wrong for a passing error, as many do."""

    polls = 0
    fires_at = 0
    cleaned_up = False

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{__name__}.Polling", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        while not self.fires_at or self.polls < self.fires_at:
            type(self).polls += 1
            await asyncio.sleep(0.005)
        yield TriggerEvent("done")
        await asyncio.sleep(0.05)  # what comes after the event ends nothing any more

    async def cleanup(self) -> None:
        type(self).cleaned_up = True


OVER = SignInRequired("'alice' has not signed in to the third-party account 'acme'.", "Sign in.")
OUTAGE = ServiceUnavailable("The API server does not answer.", "Wait.")


@pytest.fixture
def polling(exchanges: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A trigger of alice's that polls, whose grant is exchanged every 10 ms, the second time on in vain."""

    def with_answers(*answers: Exception | None, fires_at: int = 0) -> Any:
        left = list(answers)

        async def ask(self: Any, **_question: Any) -> dict[str, Any]:
            error = left.pop(0) if len(left) > 1 else left[0]
            if error is not None:
                raise error
            return {"token": "token", "connection": {"conn_type": "http"}, "expires_at": None}

        monkeypatch.setattr(foreign.Exchange, "ask", ask)
        monkeypatch.setattr(foreign, "LONGEST", 0.01)
        monkeypatch.setattr(foreign, "SHORTEST", 0.01)
        for name, value in (("polls", 0), ("fires_at", fires_at), ("cleaned_up", False)):
            monkeypatch.setattr(Polling, name, value)
        trigger = ForeignTrigger(classpath=f"{__name__}.Polling", arguments={}, grants={"acme": "grant"})
        trigger._task_instance = SimpleNamespace(id="ti", dag_id="dag", run_id="run", task_id="work")
        trigger._task_instance.__dict__.update(try_number=1, map_index=-1, context_carrier=None)
        return trigger

    return with_answers


async def in_triggerer(trigger: Any) -> TriggerRunner:
    """Airflow's own code runs it to its end."""
    runner = TriggerRunner()
    details: Any = {"name": "trigger", "events": 0, "task": None}
    runner.triggers[1] = details
    details["task"] = asyncio.create_task(runner.run_trigger(1, trigger))
    await asyncio.wait({details["task"]}, timeout=30)
    await runner.cleanup_finished_triggers()
    return runner


@pytest.mark.parametrize(
    "answers", [(None, OVER), (None, OUTAGE, OUTAGE, OVER)], ids=["refused", "refused after an outage"]
)
async def test_a_refusal_ends_what_polls_on_for_ever(
    polling: Callable[..., Any], answers: tuple[Exception | None, ...]
) -> None:
    runner = await in_triggerer(polling(*answers))
    [(_trigger_id, error)] = runner.failed_triggers
    assert error is OVER
    assert Polling.polls > 1
    assert Polling.cleaned_up
    assert not runner.events


async def test_an_outage_ends_nothing(polling: Callable[..., Any]) -> None:
    runner = await in_triggerer(polling(None, OUTAGE, fires_at=10))
    assert [entry.event.payload for entry in runner.events] == ["done"]
    assert not runner.failed_triggers


async def test_a_refusal_after_the_event_ends_nothing(polling: Callable[..., Any]) -> None:
    runner = await in_triggerer(polling(None, OVER, fires_at=1))
    assert [entry.event.payload for entry in runner.events] == ["done"]
    assert not runner.failed_triggers


async def test_it_does_not_fire_before_the_scheduler_knows_of_the_deferral(
    polling: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign, "SETTLES", 15.0)
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def counted(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(min(seconds, 0.01))

    monkeypatch.setattr(asyncio, "sleep", counted)
    [event] = [event async for event in polling(None, fires_at=1).run()]
    assert event.payload == "done"
    assert max(pauses) > 5


async def test_ended_by_somebody_else_it_says_nothing(polling: Callable[..., Any]) -> None:
    trigger = polling(None)
    running = asyncio.create_task(anext(trigger.run()))
    await asyncio.sleep(0.05)
    assert Polling.polls
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_what_is_over_is_said() -> None:
    own_id = id_for("ti", "acme")
    token = granted.set({own_id: SignInLapsed("It lapsed.", "Sign in again.")})
    search_path.ask_grants_first()
    try:
        from airflow_thirdparty.triggers.granted import GrantedBackend

        with pytest.raises(SignInLapsed):
            GrantedBackend().get_connection(own_id)
        assert GrantedBackend().get_connection("another") is None
    finally:
        granted.reset(token)
    with pytest.raises(AirflowSecretsBackendAccessDenied, match="outside of the trigger"):
        GrantedBackend().get_connection(own_id)


def test_ids_are_found_however_deep() -> None:
    tree = {"a_conn_id": "x", "b": [{"conn_id": "y", "other": "z"}], "conn_id": None, "c": {"d": ["w"]}}
    assert replaced(tree, str.upper) == {
        "a_conn_id": "X",
        "b": [{"conn_id": "Y", "other": "z"}],
        "conn_id": None,
        "c": {"d": ["w"]},
    }


def test_a_trigger_that_names_no_account_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferrals, "_grant", lambda conn_id: None)
    trigger = Asking("plain", {})
    assert deferrals.acting(trigger) is trigger
    monkeypatch.setattr(deferrals, "_grant", lambda conn_id: f"grant-for-{conn_id}")
    made = deferrals.acting(trigger)
    assert isinstance(made, ForeignTrigger)
    assert made.serialize() == (
        "airflow_thirdparty.triggers.foreign.ForeignTrigger",
        {
            "classpath": f"{__name__}.Asking",
            "arguments": {"some_conn_id": "plain", "hook_params": {}},
            "grants": {"plain": "grant-for-plain"},
        },
    )
    assert deferrals.acting(made) is made
