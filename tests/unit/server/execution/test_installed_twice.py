"""Where our middlewares stand twice before a server, they work once."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from unittest.mock import AsyncMock

import pytest

from airflow_thirdparty.server.broker import health
from airflow_thirdparty.server.execution import middleware
from airflow_thirdparty.server.execution.projection import ExecutionResponse
from airflow_thirdparty.server.recording import changes
from airflow_thirdparty.server.recording.middleware import AttributionMiddleware
from airflow_thirdparty.wire import CONN_TYPE

ROW = json.dumps({"conn_id": "acme", "conn_type": CONN_TYPE}).encode()


class Task:
    id = "0199"


def get_connection() -> None: ...


async def airflow(scope: Any, receive: Any, send: Any) -> None:
    """Routes to where a task's question is answered, and answers the registration."""
    get_connection.__module__ = middleware.ENDPOINT[0]
    scope.update(endpoint=get_connection, path_params={"connection_id": "acme"}, ti_token=Task())
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": ROW})


def ask(app: Any, method: str = "GET") -> tuple[list[Any], dict[str, Any]]:
    sent: list[Any] = []
    scope = {"type": "http", "method": method, "path": "/execution/connections/acme"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, None, send))
    return sent, scope


def test_an_account_is_projected_once(monkeypatch: pytest.MonkeyPatch) -> None:
    projected = AsyncMock(return_value=ExecutionResponse(200, {"conn_type": CONN_TYPE, "password": "t"}))
    monkeypatch.setattr(middleware, "project", projected)
    sent, scope = ask(middleware.ProjectionMiddleware(middleware.ProjectionMiddleware(airflow)))
    assert projected.await_count == 1
    assert json.loads(sent[-1]["body"])["password"] == "t"
    assert scope[health.PASSED] == ["projection"]


def test_changes_are_tracked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tracked: list[object] = []
    original = changes.track_changes

    def track(scope: Any) -> Any:
        tracked.append(scope)
        return original(scope)

    monkeypatch.setattr(changes, "track_changes", track)
    _, scope = ask(AttributionMiddleware(AttributionMiddleware(airflow)), "POST")
    assert len(tracked) == 1
    assert scope[health.PASSED] == ["attribution"]
