"""A worker with logins of its own, the services of an account and of somebody else, and a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foreign.sdks.clients import SDKS, Sdk, signed_in
from tests.foreign.sdks.services import Person, Service, serving
from tests.support.certificates import certificate
from tests.support.worker import Supervisor, supervisor

__all__ = ["supervisor"]


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture(autouse=True)
def a_machine_with_logins_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What SDKs would find by themselves; nothing of it may be used."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATHEMACHINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-machine")
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "token-of-the-machine")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "secret-of-the-machine")
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))


@pytest.fixture(params=SDKS)
def sdk(request: pytest.FixtureRequest) -> Sdk:
    return SDKS[request.param]


@pytest.fixture
def service(sdk: Sdk, trusted: Path) -> Iterator[Service]:
    with serving(trusted if sdk.tls else None) as running:
        running.bodies = sdk.bodies
        yield running


@pytest.fixture
def elsewhere(sdk: Sdk, trusted: Path) -> Iterator[Service]:
    with serving(trusted if sdk.tls else None) as running:
        running.bodies = sdk.bodies
        running.judge = lambda sent: (200, {"Content-Type": "application/json"}, "{}")
        yield running


@pytest.fixture
def alice(sdk: Sdk, service: Service, supervisor: Supervisor) -> Person:
    return signed_in("alice", sdk, service, supervisor)
