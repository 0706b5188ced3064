"""Keycloak as Airflow's log-in: its real auth manager, at a certified provider that answers like Keycloak."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from airflow.providers.keycloak.version_compat import AIRFLOW_V_3_3_PLUS

from airflow_thirdparty.demo.environment import provider_packages
from tests.foreign import keycloak
from tests.support import loopback
from tests.support.airflow_server import SLOWEST_SECONDS, AirflowServer, configured, serving_airflow
from tests.support.databases import Database, SQLite, used
from tests.support.identity_provider_login import sign_in
from tests.support.tasks import Tasks

AUTH_MANAGER = "airflow.providers.keycloak.auth_manager.keycloak_auth_manager.KeycloakAuthManager"
CLIENT = {"client_id": "airflow", "client_secret": "secret-of-airflow"}
DAG_ID = "by_hand"
TTL = 8
"""Seconds that an access token of Keycloak's lives: the auth manager refreshes it on the way. Longer than one
request takes on a busy machine, or it ends between the two looks of one."""

PERMISSIONS = {
    "admin": ["*"],
    "alice": ["Dag#GET", "Dag#LIST", "Dag#POST", "Dag#PUT", "Custom#GET"],
    "bob": ["Custom#GET"],
}
SERVICE_ACCOUNT = {f"service-account-{CLIENT['client_id']}": PERMISSIONS["alice"]}
"""Airflow's own client, as somebody who may trigger."""
KEEPS_TOKENS = "_access_token" if AIRFLOW_V_3_3_PLUS else "_token"
"""The cookie with Keycloak's access token: before Airflow 3.3 it is inside Airflow's own."""

OUR_API = "/third-party-accounts/api/v1"


class LoggedIn:
    """Somebody's browser after a log-in at Keycloak.

    :param name: who
    :param url: the API server
    """

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        headers = {"Origin": url, "Content-Type": "application/json"}
        self.browser = httpx2.Client(base_url=url, headers=headers, trust_env=False, timeout=SLOWEST_SECONDS)
        begun = self.browser.get("/auth/login")
        back = self.browser.get(sign_in(begun.headers["location"], name))
        assert back.status_code == 303, back.text
        assert {"_token", KEEPS_TOKENS} <= {cookie.name for cookie in self.browser.cookies.jar}

    def ask(self, method: str, path: str, expect: int = 200, **options: Any) -> Any:
        """Send what the page would."""
        answer = self.browser.request(method, path, **options)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    def trigger(self) -> str:
        """Trigger a run of the DAG."""
        body = {"logical_date": None}
        return str(self.ask("POST", f"/api/v2/dags/{DAG_ID}/dagRuns", json=body)["dag_run_id"])


@contextlib.contextmanager
def program(url: str, **credentials: str) -> Iterator[httpx2.Client]:
    """What logs in without a browser, as Airflow documents it for its API.

    :param url: the API server
    :param credentials: the body of the log-in
    """
    answer = loopback.post(f"{url}/auth/token", json=credentials)
    assert answer.status_code == 201, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    with loopback.client(base_url=url, headers=headers) as client:
        yield client


def triggered_by(client: httpx2.Client) -> str:
    answer = client.post(f"/api/v2/dags/{DAG_ID}/dagRuns", json={"logical_date": None})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["dag_run_id"])


@pytest.fixture(scope="module")
def airflow_server() -> Iterator[AirflowServer]:
    """Airflow on a database of its own; where its log-in is, is known once it has an address."""
    from airflow.utils.db import upgradedb

    with used(Database("sqlite", SQLite().empty())), configured("core", auth_manager=AUTH_MANAGER):
        upgradedb()
        with serving_airflow() as server:
            client = {**CLIENT, "redirect_uris": [f"{server.url}/auth/login_callback"]}
            with (
                keycloak.running(
                    provider_packages(), client, {**PERMISSIONS, **SERVICE_ACCOUNT}, TTL
                ) as address,
                configured("keycloak_auth_manager", server_url=address, realm="airflow", **CLIENT),
            ):
                yield server


@pytest.fixture(scope="module")
def tasks(airflow_server: AirflowServer) -> Iterator[Tasks]:
    made = Tasks(airflow_server.url)
    made.add_dag(DAG_ID)
    yield made
    made.close()


@pytest.fixture(scope="module")
def people(airflow_server: AirflowServer) -> Iterator[dict[str, LoggedIn]]:
    found = {name: LoggedIn(name, airflow_server.url) for name in PERMISSIONS}
    yield found
    for person in found.values():
        person.browser.close()


@pytest.fixture(scope="module")
def account(people: dict[str, LoggedIn]) -> str:
    """An account for keys of people's own, to which each has given theirs."""
    body = {
        "connection_id": "demo",
        "conn_type": "third_party_account",
        "host": "https://service.invalid",
        "extra": '{"service": "custom", "kind": "key"}',
    }
    people["admin"].ask("POST", "/api/v2/connections", 201, json=body)
    for name, person in people.items():
        person.ask("POST", f"{OUR_API}/accounts/demo/sign-in", json={"key": f"{name}'s own"})
    return "demo"


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        pytest.param("alice", "/accounts", 200, id="my accounts"),
        pytest.param("alice", "/admin/accounts", 403, id="administration, without the right"),
        pytest.param("admin", "/admin/accounts", 200, id="administration"),
        pytest.param("alice", f"/dags/{DAG_ID}/accounts", 200, id="a DAG that they may read"),
        pytest.param("bob", f"/dags/{DAG_ID}/accounts", 403, id="a DAG that they may not read"),
        pytest.param("admin", "/admin/roles", 200, id="roles, which are kept elsewhere"),
    ],
)
def test_who_may_see_what(
    people: dict[str, LoggedIn], tasks: Tasks, account: str, name: str, path: str, status: int
) -> None:
    people[name].ask("GET", f"{OUR_API}{path}", status)


@pytest.mark.parametrize("name", ["alice", "admin"])
def test_a_run_acts_for_whoever_triggered_it(
    people: dict[str, LoggedIn], tasks: Tasks, account: str, name: str
) -> None:
    answer = tasks.start(DAG_ID, people[name].trigger()).connection(account)
    assert answer.status_code == 200, answer.text
    assert answer.json()["password"] == f"{name}'s own"


def test_it_does_after_the_auth_manager_has_refreshed_the_log_in(
    people: dict[str, LoggedIn], tasks: Tasks, account: str
) -> None:
    before = people["alice"].browser.cookies[KEEPS_TOKENS]
    time.sleep(TTL + 1.5)
    answer = tasks.start(DAG_ID, people["alice"].trigger()).connection(account)
    assert answer.json()["password"] == "alice's own"
    assert people["alice"].browser.cookies[KEEPS_TOKENS] != before


def test_whoever_may_not_trigger_a_dag_delegates_nothing_to_it(
    people: dict[str, LoggedIn], tasks: Tasks, account: str
) -> None:
    path, body = f"{OUR_API}/dags/{DAG_ID}/delegations", {"conn_id": account, "scheduled": True}
    people["bob"].ask("POST", path, 403, json=body)
    people["alice"].ask("POST", path, json=body)
    (made,) = people["alice"].ask("GET", path)["delegations"]
    assert (made["state"], made["user_name"]) == ("active", "alice")
    assert made["rights_until"], "she can be asked about only while she is here"


@pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason="Airflow's own cookie holds Keycloak's tokens before 3.3")
@pytest.mark.parametrize("path", ["/accounts", f"/dags/{DAG_ID}/accounts", "/admin/accounts"])
def test_a_log_in_without_keycloaks_token_is_none(
    people: dict[str, LoggedIn], tasks: Tasks, path: str
) -> None:
    alice = people["alice"].browser
    with httpx2.Client(
        base_url=alice.base_url, cookies={"_token": alice.cookies["_token"]}, trust_env=False
    ) as browser:
        assert browser.get(f"{OUR_API}{path}").status_code == 401


def test_a_run_that_a_program_triggers_acts_for_whom_the_program_logged_in_as(
    airflow_server: AirflowServer, people: dict[str, LoggedIn], tasks: Tasks, account: str
) -> None:
    with program(airflow_server.url, username="alice", password="password-of-alice") as alices:
        run_id = triggered_by(alices)
        listed = alices.get(f"{OUR_API}/accounts")
    answer = tasks.start(DAG_ID, run_id).connection(account)
    assert answer.status_code == 200, answer.text
    assert answer.json()["password"] == "alice's own"
    assert [each["conn_id"] for each in listed.json()["accounts"]] == [account]


def test_a_service_account_is_a_person_of_its_own(
    airflow_server: AirflowServer, people: dict[str, LoggedIn], tasks: Tasks, account: str
) -> None:
    with program(airflow_server.url, grant_type="client_credentials", **CLIENT) as services:
        run_id = triggered_by(services)
    assert tasks.start(DAG_ID, run_id).connection(account).status_code == 403


def test_a_program_with_a_wrong_password_is_nobody(airflow_server: AirflowServer) -> None:
    body = {"username": "alice", "password": "password-of-bob"}
    answer = loopback.post(f"{airflow_server.url}/auth/token", json=body)
    assert (answer.status_code, "access_token" in answer.json()) == (403, False)
