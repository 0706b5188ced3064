"""An account at a service that does as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support import faulty_service_client
from tests.support.accounts import Accounts
from tests.support.airflow_server import AirflowServer
from tests.support.faulty_service_client import Remote
from tests.support.people import Person
from tests.support.signing_in import forget_all, rows


@pytest.fixture(scope="module")
def providers() -> Iterator[tuple[Remote, Remote]]:
    with faulty_service_client.running() as honest, faulty_service_client.running() as evil:
        yield honest, evil


def _healed(provider: Remote) -> Remote:
    provider.heal()
    provider.forget()
    provider.configure(subject="alice-there", id_token={}, access_token_ttl=3600)
    return provider


@pytest.fixture
def provider(providers: tuple[Remote, Remote]) -> Remote:
    """The account's own service."""
    return _healed(providers[0])


@pytest.fixture
def evil(providers: tuple[Remote, Remote]) -> Remote:
    """A service of an attacker's."""
    return _healed(providers[1])


@pytest.fixture
def nothing_stored(airflow_server: AirflowServer) -> Iterator[Callable[[], dict[str, int]]]:
    """Counts rows; all of them are gone before and after the test."""
    forget_all()
    yield rows
    forget_all()


@pytest.fixture
def accounts(admin: Person, nothing_stored: object) -> Iterator[Accounts]:
    made = Accounts(admin)
    yield made
    made.remove_all()


@pytest.fixture
def account(accounts: Accounts, provider: Remote) -> str:
    return accounts.add("acme", provider.base_url)
