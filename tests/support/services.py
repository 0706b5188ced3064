"""The identity provider, and accounts registered for it."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from airflow_thirdparty import wire
from airflow_thirdparty.demo import identity_provider as provider
from airflow_thirdparty.demo.environment import provider_packages
from tests.support import accounts
from tests.support.airflow_server import AirflowServer
from tests.support.people import Person

CONN_IDS = ("service_a", "service_b")
"""Accounts that the provider knows the callbacks of."""

CLIENT_ID = "airflow-tests"


class Service:
    """A running identity provider with one client.

    :param issuer: its address
    :param client_secret: of its client
    """

    def __init__(self, issuer: str, client_secret: str) -> None:
        self.issuer = issuer
        self.client_secret = client_secret

    def connection(self, conn_id: str, **extra: Any) -> dict[str, Any]:
        """An account as the REST API takes it.

        :param conn_id: its id, one of :data:`CONN_IDS` if somebody is to sign in
        :param extra: further fields of the account
        """
        fields = {"issuer": self.issuer, "scopes": "openid offline_access", **extra}
        return accounts.connection(conn_id, self.issuer, CLIENT_ID, self.client_secret, **fields)


@contextlib.contextmanager
def running_service(base_url: str, conn_ids: Sequence[str] = CONN_IDS, **settings: Any) -> Iterator[Service]:
    """Run the identity provider for an Airflow.

    :param base_url: of that Airflow
    :param conn_ids: accounts whose callbacks it knows
    :param settings: see :func:`airflow_thirdparty.demo.identity_provider.running`
    """
    secret = secrets.token_urlsafe(24)
    client = {
        "client_id": CLIENT_ID,
        "client_secret": secret,
        "redirect_uris": [f"{base_url}{wire.WEB_PREFIX}/callback/{conn_id}" for conn_id in conn_ids],
    }
    with provider.running(provider_packages(), [client], **settings) as issuer:
        yield Service(issuer, secret)


@pytest.fixture(scope="module")
def service(airflow_server: AirflowServer) -> Iterator[Service]:
    """The certified identity provider, with a client for :data:`CONN_IDS`."""
    with running_service(airflow_server.url) as running:
        yield running


@pytest.fixture
def register(admin: Person, service: Service) -> Iterator[Callable[..., str]]:
    """Registers an account by the REST API, and removes it after the test."""
    registered: list[str] = []

    def make(conn_id: str = CONN_IDS[0], **extra: Any) -> str:
        answer = admin.rest.post("/api/v2/connections", json=service.connection(conn_id, **extra))
        assert answer.status_code == 201, answer.text
        registered.append(conn_id)
        return conn_id

    yield make
    for conn_id in registered:
        admin.rest.delete(f"/api/v2/connections/{conn_id}")
