"""Where everybody is the same user, nobody signs in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import loopback
from tests.support.airflow_server import AirflowServer, configured, serving_airflow
from tests.support.databases import Database
from tests.support.signing_in import api, rows

SIMPLE = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"


@pytest.fixture(scope="module")
def all_admins(database: Database) -> Iterator[AirflowServer]:
    with (
        configured("core", auth_manager=SIMPLE, simple_auth_manager_all_admins="True"),
        serving_airflow() as server,
    ):
        yield server


def test_all_admins_is_nobody(all_admins: AirflowServer) -> None:
    token = loopback.post(f"{all_admins.url}/auth/token")
    if token.status_code >= 400:
        token = loopback.get(f"{all_admins.url}/auth/token")
    headers = {"Authorization": f"Bearer {token.json()['access_token']}", "Content-Type": "application/json"}
    with loopback.client(base_url=all_admins.url, headers=headers) as everybody:
        answers = [
            everybody.get("/third-party-accounts/api/v1/accounts"),
            everybody.post(f"{api('acme')}/sign-in", content=b'{"return_to": null}'),
            everybody.post(f"{api('acme')}/sign-in", content=b'{"key": "a key"}'),
            everybody.request("DELETE", f"{api('acme')}/sign-in"),
        ]
        callback = everybody.get("/third-party-accounts/callback/acme?state=x&code=y")
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "shared_identity")
    assert callback.status_code == 403
    assert rows() == {"sign_in": 0, "authorization": 0, "revocation": 0}
