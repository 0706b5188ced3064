"""A worker, its account's own service, and somebody else's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from airflow.sdk.execution_time import task_runner

from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from tests.support.worker import TOKEN, Service, Supervisor, projected, running_service


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    stand_in = Supervisor()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", stand_in, raising=False)
    return stand_in


@pytest.fixture
def service() -> Iterator[Service]:
    """The account's own service."""
    with running_service() as service:
        yield service


@pytest.fixture
def elsewhere() -> Iterator[Service]:
    """Somebody else's server."""
    with running_service() as service:
        yield service


@pytest.fixture
def hook(supervisor: Supervisor, service: Service) -> ThirdPartyAccountHook:
    supervisor.answers["acme"] = lambda request: projected(TOKEN, service.url)
    return ThirdPartyAccountHook("acme")
