"""Readers of connections see no secret; whoever may only create changes nothing that is there."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from airflow.models.connection import Connection
from airflow.utils.session import create_session
from sqlalchemy import select

from airflow_thirdparty import wire
from airflow_thirdparty.demo.users import User
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.store import client_secrets
from tests.support.airflow_server import AirflowServer, configured
from tests.support.people import Person

SECRET = "client-secret-canary"
REGISTRATION = {
    "connection_id": "acme",
    "conn_type": wire.CONN_TYPE,
    "login": "client",
    "password": SECRET,
    "extra": json.dumps({"issuer": "https://idp.example"}),
}
ATTACK = {**REGISTRATION, "password": None, "extra": json.dumps({"issuer": "https://evil.example"})}

ROLES = {
    "viewer": "Viewer",
    "creator": [("can_create", "Connections"), ("can_read", "website")],
    "reader": [("can_read", "Connections"), ("can_read", "website")],
}


@pytest.fixture(scope="module")
def people(airflow_server: AirflowServer) -> Iterator[dict[str, Person]]:
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        security = builder.sm
        for name, role in ROLES.items():
            if isinstance(role, list):
                made = security.add_role(name)
                for action, resource in role:
                    security.add_permission_to_role(made, security.create_permission(action, resource))
            found = security.find_role(role if isinstance(role, str) else name)
            security.add_user(name, name, "Example", f"{name}@example.com", found, name)
    made_people = {name: Person(User(name, name), airflow_server.url) for name in ROLES}
    yield made_people
    for person in made_people.values():
        person.close()


@pytest.fixture
def account(admin: Person) -> Iterator[str]:
    assert admin.rest.post("/api/v2/connections", json=REGISTRATION).status_code == 201
    yield "acme"
    admin.rest.delete("/api/v2/connections/acme")


def stored() -> tuple[str | None, str | None]:
    """The issuer that is registered, and the secret for it."""
    with create_session() as session:
        assert session.scalar(select(Connection.__table__.c.password)) is None
        account = registrations.find(session, "acme")
        return account.issuer, client_secrets.read(session, account)


def actions(action: str, **more: str) -> dict[str, object]:
    return {"actions": [{"action": action, "entities": [ATTACK], **more}]}


ATTEMPTS = [
    pytest.param("POST", "/api/v2/connections", ATTACK, id="create again"),
    pytest.param("PATCH", "/api/v2/connections/acme", ATTACK, id="change"),
    pytest.param(
        "PATCH", "/api/v2/connections", actions("create", action_on_existence="overwrite"), id="overwrite"
    ),
    pytest.param(
        "PATCH", "/api/v2/connections", actions("update", action_on_non_existence="fail"), id="bulk"
    ),
    pytest.param(
        "POST", "/api/v2/connections/enqueue-test", {**ATTACK, "commit_on_success": True}, id="test and save"
    ),
    pytest.param("POST", "/api/v2/connections/test", ATTACK, id="test"),
    pytest.param("DELETE", "/api/v2/connections/acme", None, id="delete"),
]


@pytest.mark.parametrize("name", list(ROLES))
@pytest.mark.parametrize(("method", "path", "body"), ATTEMPTS)
def test_nobody_without_the_right_changes_an_account(
    people: dict[str, Person], account: str, name: str, method: str, path: str, body: object
) -> None:
    with configured("core", test_connection="Enabled"):
        answer = people[name].rest.request(method, path, json=body)
    assert SECRET not in answer.text
    assert stored() == ("https://idp.example", SECRET)


@pytest.mark.parametrize("name", [*ROLES, "admin"])
def test_nobody_reads_a_secret(people: dict[str, Person], admin: Person, account: str, name: str) -> None:
    person = admin if name == "admin" else people[name]
    for path in (
        "/api/v2/connections",
        "/api/v2/connections/acme",
        "/api/v2/eventLogs?limit=100",
        "/third-party-accounts/api/v1/accounts",
        "/third-party-accounts/api/v1/accounts/acme",
        "/third-party-accounts/openapi.json",
        "/third-party-accounts/health",
    ):
        answer = person.rest.get(path)
        assert SECRET not in answer.text, path
    assert person.rest.get("/third-party-accounts/api/v1/accounts").json()["user"]["is_admin"] is (
        name == "admin"
    )


def test_whoever_may_only_create_gets_nobodys_secret(
    people: dict[str, Person], admin: Person, account: str
) -> None:
    admin.rest.delete("/api/v2/connections/acme")
    made = people["creator"].rest.post("/api/v2/connections", json={**REGISTRATION, "password": None})
    assert made.status_code == 201, made.text
    with create_session() as session, pytest.raises(Exception, match="no client secret"):
        client_secrets.read(session, registrations.find(session, "acme"))
