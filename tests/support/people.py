"""Alice, Bob, Carol and the admin, as the API server knows them: each with a real log-in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import httpx2
import pytest

from airflow_thirdparty import wire
from airflow_thirdparty.demo import users
from tests.support import loopback
from tests.support.airflow_server import SLOWEST_SECONDS, AirflowServer
from tests.support.identity_provider_login import sign_in


class Person:
    """Somebody who can log in.

    :param user: who
    :param url: the API server
    """

    def __init__(self, user: users.User, url: str) -> None:
        self.name = user.name
        self.url = url
        self._user = user

    @cached_property
    def jwt(self) -> str:
        """The token that Airflow gave at log-in."""
        answer = loopback.post(
            f"{self.url}/auth/token",
            json={"username": self.name, "password": self._user.password},
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["access_token"])

    @cached_property
    def rest(self) -> httpx2.Client:
        """A program of theirs: calls with a bearer token."""
        headers = {"Authorization": f"Bearer {self.jwt}"}
        return loopback.client(base_url=self.url, headers=headers, timeout=SLOWEST_SECONDS)

    @cached_property
    def browser(self) -> httpx2.Client:
        """Their browser: logged in by cookie, same origin, follows no redirects by itself."""
        return self.new_browser()

    def new_browser(self) -> httpx2.Client:
        """Another browser of theirs, which shares nothing with the first but the log-in."""
        return loopback.client(
            base_url=self.url,
            headers={"Origin": self.url},
            cookies={"_token": self.jwt},
            timeout=SLOWEST_SECONDS,
        )

    def trigger(self, dag_id: str, **body: Any) -> str:
        """Trigger a run by the REST API.

        :param dag_id: the DAG
        :param body: more for the request
        :return: the id of the run
        """
        answer = self.rest.post(f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None, **body})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["dag_run_id"])

    def sign_in(self, conn_id: str, as_whom: str | None = None) -> httpx2.Response:
        """Sign in to an account at the identity provider, as a browser would.

        :param conn_id: the account
        :param as_whom: the name there; by default the same as here
        :return: what the callback answered
        """
        path = f"{wire.WEB_PREFIX}/api/v1/accounts/{conn_id}/sign-in"
        begun = self.browser.post(path, json={"return_to": None})
        assert begun.status_code == 200, begun.text
        return self.browser.get(sign_in(begun.json()["authorization_url"], as_whom or self.name))

    def close(self) -> None:
        """Close the connections."""
        for name in ("rest", "browser"):
            if client := self.__dict__.get(name):
                client.close()


def with_role(admin: Person, role: str) -> Person:
    """Somebody who has one of Airflow's own roles and no other.

    :param admin: adds them
    :param role: its name
    """
    user = users.User(f"only-{role.lower()}", role)
    names = {"first_name": user.name, "last_name": "Example", "email": f"{user.name}@example.com"}
    body = {**names, "username": user.name, "password": user.password, "roles": [{"name": role}]}
    answer = admin.rest.post("/auth/fab/v1/users", json=body)
    assert answer.is_success or answer.status_code == 409, answer.text
    return Person(user, admin.url)


def _person(user: users.User, server: AirflowServer) -> Iterator[Person]:
    person = Person(user, server.url)
    yield person
    person.close()


@pytest.fixture
def alice(airflow_server: AirflowServer) -> Iterator[Person]:
    """A user with the role User."""
    yield from _person(users.ALICE, airflow_server)


@pytest.fixture
def bob(airflow_server: AirflowServer) -> Iterator[Person]:
    """Another user with the role User."""
    yield from _person(users.BOB, airflow_server)


@pytest.fixture
def carol(airflow_server: AirflowServer) -> Iterator[Person]:
    """A third user with the role User, who never signs in anywhere."""
    yield from _person(users.CAROL, airflow_server)


@pytest.fixture
def admin(airflow_server: AirflowServer) -> Iterator[Person]:
    """A user with the role Admin."""
    yield from _person(users.ADMIN, airflow_server)
