"""Runs a trigger of another provider as the person for whom the deferred task acts."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from airflow.sdk import Connection
from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_thirdparty.exceptions import PermanentError, ThirdPartyAccountError
from airflow_thirdparty.hooks import search_path
from airflow_thirdparty.triggers.base import SETTLES, ActingTrigger
from airflow_thirdparty.triggers.exchange import Exchange, mask
from airflow_thirdparty.triggers.granted import Connections, granted, id_for
from airflow_thirdparty.wire import moment, split_entry

SUFFIX = "conn_id"
"""How the names of arguments end that hold the id of a connection."""

SHORTEST, LONGEST = 30.0, 300.0
"""Seconds between two exchanges: half of what a token still lives, within these."""


def replaced(tree: Any, change: Callable[[str], str]) -> Any:
    """The arguments of a trigger with other ids of connections.

    :param tree: arguments by name, however deep
    :param change: what becomes of each id
    :return: the same with other ids
    """
    if isinstance(tree, Mapping):
        return {
            name: change(value)
            if isinstance(value, str) and str(name).endswith(SUFFIX)
            else replaced(value, change)
            for name, value in tree.items()
        }
    return [replaced(value, change) for value in tree] if isinstance(tree, list) else tree


def _class(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _ending_this_task() -> Callable[[asyncio.Task[None]], None]:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  # a coroutine runs here

    def end(work: asyncio.Task[None]) -> None:
        if _failed(work):
            task.cancel()

    return end


def _failed(work: asyncio.Task[None]) -> BaseException | None:
    return work.exception() if work.done() and not work.cancelled() else None


class ForeignTrigger(ActingTrigger):
    """Another trigger, with the connections of the person for whom its task acts.

    Its arguments: ``classpath`` and ``arguments`` of the other one; ``grants``, sealed, by the id of the
    connection.
    """

    names = ("classpath", "arguments", "grants")
    classpath: str
    arguments: dict[str, Any]
    grants: dict[str, str]
    inner: BaseTrigger | None = None

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Exchange the grants, and let the other trigger run.

        The other one is made here: a trigger that cannot be made would end the whole triggerer.  It is ended
        as soon as an exchange is refused for good: many triggers take that for a passing error, and would
        poll on for ever.  Airflow then fails the task, and writes what is raised here into its log.

        :yields: its events
        :raises PermanentError: when the person's login cannot be used any more, in words
        """
        settled = time.monotonic() + SETTLES
        ti_id = str(getattr(self.task_instance, "id", ""))
        ids = {conn_id: id_for(ti_id, conn_id) for conn_id in self.grants}
        connections: Connections = {}
        pause = min([await self._exchange(conn_id, ids[conn_id], connections) for conn_id in ids])
        granted.set(connections)
        search_path.ask_grants_first()
        arguments = replaced(self.arguments, lambda conn_id: ids.get(conn_id, conn_id))
        self.inner = inner = _class(self.classpath)(**arguments)
        for name in ("task_instance", "trigger_id", "triggerer_job_id", "timeout_after"):
            if hasattr(self, name):
                setattr(inner, name, getattr(self, name))
        renewing = asyncio.create_task(self._renew(ids, connections, pause))
        end = _ending_this_task()
        renewing.add_done_callback(end)
        try:
            async for event in inner.run():
                renewing.remove_done_callback(end)  # the event resumes the task, and nothing else follows
                renewing.cancel()
                await asyncio.sleep(settled - time.monotonic())
                yield event
        except asyncio.CancelledError:
            if not _failed(renewing):
                raise  # somebody else ends it
        finally:
            renewing.remove_done_callback(end)
            renewing.cancel()
        if refusal := _failed(renewing):
            raise refusal.with_traceback(None) from None

    async def cleanup(self) -> None:
        """Let the other trigger clean up."""
        if self.inner is not None:
            await self.inner.cleanup()

    async def on_kill(self) -> None:
        """Let the other trigger end what it began."""
        if self.inner is not None:
            await self.inner.on_kill()

    async def _exchange(self, conn_id: str, own_id: str, connections: Connections) -> float:
        answer = await Exchange(conn_id, self.grants[conn_id]).ask(entry=split_entry(conn_id)[1])
        await mask(answer["token"])
        connections[own_id] = Connection(**{**answer["connection"], "conn_id": own_id})
        if not answer["expires_at"]:
            return LONGEST
        left = moment(answer["expires_at"]) - datetime.now(timezone.utc)
        return min(max(left.total_seconds() / 2, SHORTEST), LONGEST)

    async def _renew(self, ids: Mapping[str, str], connections: Connections, pause: float) -> None:
        while ids:
            await asyncio.sleep(pause)
            pause = min([await self._renewed(conn_id, ids[conn_id], connections) for conn_id in ids])

    async def _renewed(self, conn_id: str, own_id: str, connections: Connections) -> float:
        try:
            return await self._exchange(conn_id, own_id, connections)
        except PermanentError as refusal:
            connections[own_id] = refusal
            raise
        except ThirdPartyAccountError:
            return SHORTEST  # what there is may still be good
