"""A denial is told in words, on a worker where this package is."""

from __future__ import annotations

import asyncio
import logging
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Connection
from airflow.sdk.exceptions import (
    AirflowFailException,
    AirflowNotFoundException,
    AirflowSecretsBackendAccessDenied,
    ErrorType,
)
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import ErrorResponse, GetConnection
from airflow.sdk.execution_time.secrets import (
    DEFAULT_SECRETS_SEARCH_PATH_WORKERS,
    ExecutionAPISecretsBackend,
)

from airflow_thirdparty.exceptions import ServiceUnavailable, SignInRequired
from airflow_thirdparty.hooks import search_path
from airflow_thirdparty.wire import PROJECTION_KEY, REQUEST_PREFIX, TokenRequest
from tests.support.worker import answered

LINK = "https://airflow.example/third-party-accounts/"
REFUSAL = SignInRequired("Alice has not signed in to 'acme'.", "Sign in.", link=LINK)


class Server:
    """What the supervisor answers, by id.

    :param answers: by bare id; what our questions for a reason are answered stands under the account's
    """

    def __init__(self, answers: dict[str, Any], reasons: dict[str, Any]) -> None:
        self.answers, self.reasons = answers, reasons
        self.asked: list[str] = []

    def send(self, message: Any) -> Any:
        if not isinstance(message, GetConnection):
            return None
        self.asked.append(message.conn_id)
        if message.conn_id.startswith(REQUEST_PREFIX):
            request = TokenRequest.decode(message.conn_id)
            assert request.why
            return self.reasons.get(request.conn_id, ErrorResponse(error=ErrorType.CONNECTION_NOT_FOUND))
        return self.answers.get(message.conn_id, ErrorResponse(error=ErrorType.CONNECTION_NOT_FOUND))

    async def asend(self, message: Any) -> Any:
        return self.send(message)


DENIED = ErrorResponse(error=ErrorType.PERMISSION_DENIED, detail={})


def told(refusal: Any) -> Any:
    import json

    return answered(extra=json.dumps({PROJECTION_KEY: {"refusal": refusal.as_dict()}}))


@pytest.fixture(params=["get", "async_get"])
def get(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    def ask(conn_id: str) -> Any:
        found = getattr(Connection, request.param)(conn_id)
        return asyncio.run(found) if asyncio.iscoroutine(found) else found

    return ask


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server({"plain": answered(conn_id="plain", conn_type="http", host="x.example")}, {})
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", made, raising=False)
    return made


def test_ours_stands_in_airflows_list() -> None:
    assert search_path.OURS in DEFAULT_SECRETS_SEARCH_PATH_WORKERS
    assert search_path.AIRFLOWS_OWN not in DEFAULT_SECRETS_SEARCH_PATH_WORKERS


def test_what_is_not_denied_costs_nothing(server: Server, get: Callable[[str], Any]) -> None:
    assert get("plain").host == "x.example"
    with pytest.raises(AirflowNotFoundException):
        get("nowhere")
    assert server.asked == ["plain", "nowhere"]


@pytest.mark.parametrize("asked_id", ["acme", "acme--as--http"])
def test_the_reason_is_raised_and_stands_in_the_log(
    server: Server, get: Callable[[str], Any], asked_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers[asked_id], server.reasons["acme"] = DENIED, told(REFUSAL)
    with caplog.at_level(logging.ERROR), pytest.raises(SignInRequired) as raised:
        get(asked_id)
    assert isinstance(raised.value, (AirflowSecretsBackendAccessDenied, AirflowFailException))
    assert isinstance(raised.value, AirflowFailException), "another try does not mend it"
    assert str(raised.value) == str(REFUSAL)
    assert caplog.messages == ["Alice has not signed in to 'acme'. Sign in.", LINK]
    entry = TokenRequest.decode(server.asked[-1]).entry
    assert entry == asked_id.partition("--as--")[2]
    assert type(pickle.loads(pickle.dumps(raised.value))) is SignInRequired


def test_a_service_that_is_away_is_tried_again(server: Server, get: Callable[[str], Any]) -> None:
    server.answers["acme"] = DENIED
    server.reasons["acme"] = told(ServiceUnavailable("It does not answer."))
    with pytest.raises(ServiceUnavailable) as raised:
        get("acme")
    assert isinstance(raised.value, AirflowSecretsBackendAccessDenied)
    assert not isinstance(raised.value, AirflowFailException)


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param(ErrorResponse(error=ErrorType.CONNECTION_NOT_FOUND), id="nobody there"),
        pytest.param(DENIED, id="denied again"),
        pytest.param(answered(extra=None), id="no extra"),
        pytest.param(answered(extra="[]"), id="another extra"),
        pytest.param(answered(extra=f'{{"{PROJECTION_KEY}": {{}}}}'), id="signed in meanwhile"),
    ],
)
def test_where_nobody_gives_a_reason_that_is_said(
    server: Server, get: Callable[[str], Any], reason: Any
) -> None:
    server.answers["acme"], server.reasons["acme"] = DENIED, reason
    with pytest.raises(AirflowSecretsBackendAccessDenied) as raised:
        get("acme")
    assert "If 'acme' is a third-party account: no user acts here" in str(raised.value)
    assert "not at the top of the DAG file" in str(raised.value)


def test_without_this_package_airflow_prints_the_line_that_the_manual_names(server: Server) -> None:
    server.answers["acme"] = DENIED
    with pytest.raises(AirflowSecretsBackendAccessDenied) as raised:
        ExecutionAPISecretsBackend().get_connection("acme")
    line = str(raised.value).replace("'acme'", "'…'").rstrip(".")
    assert f"`{line}`" in (Path(__file__).parents[3] / "docs" / "foreign_hooks.md").read_text()
