"""The people of the rehearsal, who reach Airflow and the identity provider by TLS and the prefix."""

from __future__ import annotations

import json
import ssl
import time
from typing import Any

import httpx2

from rehearsal.topology import Topology
from tests.support import identity_provider_login

NAMES = ("alice", "bob", "carol")
CONN_ID = "demo_service"
PAGES = "/third-party-accounts/api/v1"

PATIENT_SECONDS = 90
"""How long a person tries again while nobody answers: an API server that was killed takes a while."""


class Person:
    """Somebody who logs in to Airflow.

    :param topology: where
    :param name: their name, here and at the identity provider
    :param password: their password
    """

    def __init__(self, topology: Topology, name: str, password: str) -> None:
        self.name = name
        self._password = password
        self._trusted = ssl.create_default_context(cafile=str(topology.authorities))
        self._base = f"{topology.origin}/airflow"
        self._client = httpx2.Client(
            verify=self._trusted, trust_env=False, timeout=30, headers={"Origin": topology.origin}
        )
        self._token = ""

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call an API; again while nobody answers.

        :param method: of HTTP
        :param path: after the prefix
        :param body: as JSON
        :raises RuntimeError: when it is refused, or nobody answers for long
        :return: what it answered
        """
        ends = time.monotonic() + PATIENT_SECONDS
        while True:
            answer = self._try(method, path, body)
            if answer is not None and answer.status_code < 400:
                return answer.json() if answer.content else None
            if (answer is not None and answer.status_code < 500) or time.monotonic() > ends:
                said = f"{answer.status_code}: {answer.text[:300]}" if answer is not None else "no answer"
                raise RuntimeError(f"{self.name}: {method} {path}: {said}")
            time.sleep(1)

    def _try(self, method: str, path: str, body: Any) -> httpx2.Response | None:
        try:
            if not self._token:
                who = {"username": self.name, "password": self._password}
                answer = self._client.post(f"{self._base}/auth/token", json=who)
                if answer.status_code != 201:
                    return answer
                self._token = answer.json()["access_token"]
            cookie = {"Cookie": f"_token={self._token}", "Authorization": f"Bearer {self._token}"}
            return self._client.request(method, f"{self._base}{path}", json=body, headers=cookie)
        except httpx2.TransportError:
            return None

    def sign_in(self) -> None:
        """Sign in to the account, as a browser would.

        :raises RuntimeError: when it ends in anything but a sign-in
        :raises LoginFailedError: when the identity provider does not send the browser back
        """
        begun = self._client.post(
            f"{self._base}{PAGES}/accounts/{CONN_ID}/sign-in",
            json={"return_to": None},
            headers={"Cookie": f"_token={self._token}"},
        )
        binding = "; ".join(f"{name}={value}" for name, value in begun.cookies.items())
        address = begun.raise_for_status().json()["authorization_url"]
        callback = identity_provider_login.sign_in(address, self.name, trusted=self._trusted)
        done = self._client.get(callback, headers={"Cookie": f"_token={self._token}; {binding}"})
        if done.status_code != 200:
            raise RuntimeError(f"{self.name} could not sign in: {done.status_code} {done.text[:300]}")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def register(admin: Person, topology: Topology) -> None:
    """Register the identity provider as an account.

    :param admin: does so
    :param topology: where it is
    """
    extra = {
        "kind": "oauth2",
        "service": "openid",
        "issuer": topology.issuer,
        "scopes": "openid profile offline_access",
    }
    body = {
        "connection_id": CONN_ID,
        "conn_type": "third_party_account",
        "host": topology.issuer,
        "login": "airflow",
        "password": topology.secret("client_secret"),
        "extra": json.dumps(extra),
    }
    admin.call("POST", "/api/v2/connections", body)


def arrive(admin: Person, topology: Topology) -> dict[str, Person]:
    """Let people have a log-in, and sign in to the account.

    :param admin: makes their log-ins
    :param topology: where
    :return: the people, by name
    """
    people = {}
    for name in NAMES:
        password = f"{name} of the rehearsal"
        user = {"username": name, "first_name": name, "last_name": "Example", "email": f"{name}@example.com"}
        admin.call("POST", "/auth/fab/v1/users", {**user, "roles": [{"name": "User"}], "password": password})
        people[name] = Person(topology, name, password)
        people[name].call("GET", f"{PAGES}/accounts")
        people[name].sign_in()
    return people
