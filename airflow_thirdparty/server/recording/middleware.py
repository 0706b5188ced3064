"""Puts on record who caused a run or a re-run, before the answer to their request leaves."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import anyio
from fastapi import Request

from airflow_thirdparty.server.broker import health
from airflow_thirdparty.server.broker.acting.queries import gather
from airflow_thirdparty.server.broker.acting.resolver import acting_user
from airflow_thirdparty.server.broker.database import in_database, utcnow
from airflow_thirdparty.server.broker.telemetry import metrics
from airflow_thirdparty.server.people.caller import user_of
from airflow_thirdparty.server.people.directory import person_of
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.recording import changes
from airflow_thirdparty.server.store.attributions import attribute

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110 section 9.2.1)."""


class AttributionMiddleware:
    """Holds the answer of a request that caused a run or a re-run until it is on record whose request it was.

    Every other answer passes untouched.  When the record cannot be written the answer still leaves, a metric
    and a log line say so, and the run acts for nobody.

    :param app: the application inside
    """

    def __init__(self, app: App) -> None:
        self.app = app
        changes.listen()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        is_first = scope["type"] == "http" and health.mark_passed(scope, "attribution")
        if not is_first or scope["method"] in READING:
            await self.app(scope, receive, send)
            return
        with changes.track_changes(scope) as noted:

            async def hold(message: Message) -> None:
                if message["type"] == "http.response.start" and noted.recording:
                    await _put_on_record(scope, noted)
                await send(message)

            await self.app(scope, receive, hold)


async def _put_on_record(scope: Scope, noted: changes.RequestChanges) -> None:
    try:
        # whoever closes the window now has made the change all the same
        with anyio.CancelScope(shield=True):
            person = await _whose(scope)
            await in_database(attribute, recording=noted.recording, person=person)
    except Exception:
        metrics.attribution_not_recorded()
        log.exception("It could not be put on record who caused a run; it acts for nobody")


async def _whose(scope: Scope) -> Person | None:
    """Find whose request it is: a task's is its own user's, any other that of whom Airflow authenticated."""
    token = scope.get("ti_token")
    if token is not None:
        return await in_database(_user_of_task, ti_id=token.id)
    user = await user_of(Request(scope))
    return person_of(user) if user is not None else None


def _user_of_task(session: Any, ti_id: Any) -> Person | None:
    facts = gather(session, ti_id, "", utcnow())
    # without an account there is no delegation, so what a delegate allowed to one DAG is not inherited
    return acting_user(facts).person if facts is not None else None
