"""No wait and no refusal is *not found* to a hook of another provider: it would go on as somebody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk.api.client import Client
from airflow.sdk.exceptions import ErrorType
from airflow.utils.session import create_session
from tenacity import wait_none

from airflow_thirdparty.exceptions import ServiceUnavailable
from airflow_thirdparty.server.broker.database import utcnow
from airflow_thirdparty.server.broker.tokens.broker import TokenBroker
from airflow_thirdparty.server.broker.tokens.refresher import StillRefreshing
from airflow_thirdparty.server.store.waits import SERIES, count_wait
from tests.support.airflow_server import AirflowServer, configured
from tests.support.projecting import ACME
from tests.support.tasks import RunningTask, task_token
from tests.support.ways import Way

WAITING = StillRefreshing("The refresh goes on.", "Ask again.")
AWAY = ServiceUnavailable("The service does not answer.", "Try again later.")


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    async def hand_out(*_: Any) -> None:
        raise request.param

    monkeypatch.setattr(TokenBroker, "hand_out", hand_out)
    Way("long").go(monkeypatch, "long")  # the short path has a good token, or steps aside


@pytest.mark.parametrize("outcome", [WAITING], indirect=True)
def test_the_last_try_of_a_workers_client_is_refused(task: RunningTask, outcome: None) -> None:
    asked = [task.connection(ACME) for _ in range(6)]
    assert [answer.status_code for answer in asked] == [503, 503, 503, 503, 403, 403]
    assert asked[-1].json()["detail"]["reason"] == "still_refreshing"
    assert task.ask(ACME).status_code == 503, "our own hook reads a wait as what it is"


@pytest.mark.parametrize("outcome", [WAITING], indirect=True)
def test_workers_that_try_twice(task: RunningTask, outcome: None) -> None:
    with configured("workers", execution_api_retries="2"):
        assert [task.connection(ACME).status_code for _ in range(2)] == [503, 403]


@pytest.mark.parametrize("outcome", [AWAY], indirect=True)
def test_a_service_that_is_away_is_a_refusal(task: RunningTask, outcome: None) -> None:
    assert task.connection(ACME).status_code == 403


@pytest.mark.parametrize("outcome", [WAITING, AWAY, RuntimeError("a fault")], indirect=True, ids=str)
def test_airflows_own_client_is_denied_and_never_told_of_nothing(
    airflow_server: AirflowServer, task: RunningTask, outcome: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client.request.retry, "wait", wait_none())  # type: ignore[attr-defined]
    client = Client(base_url=f"{airflow_server.url}/execution/", token=task_token(task.id))
    for asked_id in (ACME, f"{ACME}--as--http"):
        assert client.connections.get(asked_id).error == ErrorType.PERMISSION_DENIED


def test_waits_that_lie_apart_are_counted_apart(task: RunningTask) -> None:
    now = utcnow()
    with create_session() as session:
        counted = [
            count_wait(session, str(task.id), ACME, now + later) for later in (timedelta(), SERIES / 2)
        ]
        counted.append(count_wait(session, str(task.id), "other", now))
        counted.append(count_wait(session, str(task.id), ACME, now + SERIES * 2))
    assert counted == [1, 2, 1, 1]
