"""A trigger of another provider finds its own task's person's connections, and nobody else's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowSecretsBackendAccessDenied
from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_thirdparty.exceptions import SignInLapsed
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
