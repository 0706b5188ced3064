"""Accounts made, changed and deleted on the page: no secret comes back, and complaints name labels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.models.connection import Connection
from airflow.models.log import Log
from airflow.utils.session import create_session
from sqlalchemy import select

from airflow_thirdparty.account_form import EXTRA_NAMES
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.store import client_secrets
from tests.support.airflow_server import configured
from tests.support.people import Person

API = "/third-party-accounts/api/v1"
ADMIN = f"{API}/admin/accounts"
SECRET = "client-secret-canary"
GITHUB = {"conn_id": "made", "login": "client", "secret": SECRET, "extra": {"service": "github"}}


@pytest.fixture(autouse=True)
def gone_afterwards(admin: Person) -> Iterator[None]:
    yield
    for conn_id in ("made", "plain"):
        admin.rest.delete(f"/api/v2/connections/{conn_id}")


def make(person: Person, **changes: Any) -> tuple[int, Any]:
    answer = person.browser.post(ADMIN, json={**GITHUB, **changes})
    return answer.status_code, answer.json()


def stored_secret() -> str | None:
    with create_session() as session:
        assert session.scalar(select(Connection._password).where(Connection.conn_id == "made")) is None
        return client_secrets.read(session, registrations.find(session, "made"))


def test_an_account_is_made_and_its_secret_is_sealed(admin: Person, alice: Person) -> None:
    status, form = make(admin, description="Our repositories")
    assert status == 201
    assert SECRET not in json.dumps(form)
    assert (form["conn_id"], form["login"], form["has_secret"]) == ("made", "client", True)
    assert form["redirect_uri"] == f"{admin.url}/third-party-accounts/callback/made"
    assert stored_secret() == SECRET
    seen = alice.browser.get(f"{API}/accounts/made").json()
    assert (seen["service_name"], seen["description"]) == ("GitHub", "Our repositories")
    assert seen["scope_words"]["repo"] == "read and write your repositories, also private ones"


def test_the_form_has_every_field_that_an_account_may_have(admin: Person) -> None:
    make(admin)
    form = admin.browser.get(f"{ADMIN}/made/form").json()
    assert [field["name"] for field in form["fields"]] == list(EXTRA_NAMES)
    assert {field["name"]: field["value"] for field in form["fields"]}["service"] == "github"
    assert form["losses"] == {"sign_ins": 0, "delegations": 0, "dags": []}


def test_a_change_keeps_a_secret_that_is_not_entered(admin: Person) -> None:
    make(admin)
    body = {"login": "client", "description": "new", "extra": {"service": "github", "scopes": "read:user"}}
    answer = admin.browser.patch(f"{ADMIN}/made", json=body)
    assert answer.status_code == 200, answer.text
    assert stored_secret() == SECRET
    assert {field["name"]: field["value"] for field in answer.json()["fields"]}["scopes"] == "read:user"
    answer = admin.browser.patch(f"{ADMIN}/made", json={**body, "secret": "another-secret"})
    assert answer.status_code == 200
    assert stored_secret() == "another-secret"
    assert "another-secret" not in answer.text


def test_what_is_done_is_on_record_without_the_secret(admin: Person) -> None:
    make(admin)
    admin.browser.patch(f"{ADMIN}/made", json={"login": "client", "extra": {"service": "github"}})
    assert admin.browser.request("DELETE", f"{ADMIN}/made", json={}).status_code == 204
    with create_session() as session:
        rows = session.scalars(
            select(Log)
            .where(Log.event.like("third\\_party\\_account.account\\_%", escape="\\"))
            .order_by(Log.id)
        ).all()
    assert [row.event.rpartition(".")[2] for row in rows[-3:]] == [
        "account_created",
        "account_changed",
        "account_deleted",
    ]
    assert {row.owner for row in rows[-3:]} == {"admin"}
    assert SECRET not in "".join(row.extra or "" for row in rows)


@pytest.mark.parametrize(
    ("changes", "status", "field", "words"),
    [
        pytest.param({"conn_id": "a b"}, 422, "conn_id", "characters", id="an id that cannot be"),
        pytest.param({"login": None}, 422, "login", "'Client ID'", id="no client id"),
        pytest.param(
            {"extra": {"service": "github", "min_lifetime": "soon"}},
            422,
            "min_lifetime",
            "'Minimum lifetime'",
            id="a number that is none",
        ),
        pytest.param(
            {"extra": {"service": "microsoft", "tenant": "https://x"}}, 422, "tenant", "Tenant", id="a tenant"
        ),
        pytest.param(
            {"extra": {"service": "github", "colour": "red"}}, 422, "colour", "colour", id="no field"
        ),
        pytest.param({"extra": {"service": "nowhere"}}, 422, "service", "Service", id="no service"),
        pytest.param(
            {"host": "http://service.example"}, 422, "host", "'API base URL'", id="an address without TLS"
        ),
    ],
)
def test_complaints_name_the_label_that_people_see(
    admin: Person, changes: dict[str, Any], status: int, field: str, words: str
) -> None:
    code, answer = make(admin, **changes)
    assert (code, answer["error"]["field"]) == (status, field)
    assert words in answer["error"]["message"]
    with create_session() as session:
        assert session.scalar(select(Connection.id).where(Connection.conn_id == "made")) is None


@pytest.mark.parametrize("conn_id", ["plain", "PLAIN"])
def test_the_id_of_another_connection_is_refused(admin: Person, conn_id: str) -> None:
    admin.rest.post("/api/v2/connections", json={"connection_id": "plain", "conn_type": "http"})
    status, answer = make(admin, conn_id=conn_id)
    assert (status, answer["error"]["code"]) == (409, "id_taken")
    body = {"extra": {"service": "github"}}
    assert admin.browser.patch(f"{ADMIN}/plain", json=body).status_code == 404
    assert admin.browser.request("DELETE", f"{ADMIN}/plain", json={}).status_code == 404
    assert admin.rest.get("/api/v2/connections/plain").json()["conn_type"] == "http"


def test_accounts_in_a_secrets_backend_are_shown_as_such(admin: Person) -> None:
    with configured("third_party_accounts", accounts="vaulted"):
        form = admin.browser.get(f"{ADMIN}/vaulted/form").json()
        assert form["kept_elsewhere"] is True
        answer = admin.browser.patch(f"{ADMIN}/vaulted", json={"extra": {}})
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "kept_elsewhere")
        assert make(admin, conn_id="vaulted")[1]["error"]["code"] == "id_taken"


def test_deleting_says_who_loses_what(admin: Person, alice: Person) -> None:
    make(admin, login=None, secret=None, host="https://x.example", extra={"service": "custom", "kind": "key"})
    signed_in = alice.browser.post(f"{API}/accounts/made/sign-in", json={"key": "a key of alice's"})
    assert signed_in.status_code == 200, signed_in.text
    assert admin.browser.get(f"{ADMIN}/made/form").json()["losses"]["sign_ins"] == 1


def test_a_hundred_services_to_choose_from(admin: Person) -> None:
    answer = admin.browser.get(f"{API}/presets").json()
    ids = [preset["id"] for preset in answer["presets"]]
    assert len(ids) >= 100
    assert answer["callback"] == f"{admin.url}/third-party-accounts/callback/"
    for service in ids:
        preset = admin.browser.get(f"{API}/presets/{service}").json()
        assert preset["id"] == service, preset
    assert admin.browser.get(f"{API}/presets/nowhere").status_code == 404


REQUESTS = [
    pytest.param("GET", f"{API}/presets", None, id="services"),
    pytest.param("GET", f"{API}/presets/github", None, id="a service"),
    pytest.param("GET", f"{ADMIN}/made/form", None, id="the form"),
    pytest.param("POST", ADMIN, GITHUB, id="make"),
    pytest.param("PATCH", f"{ADMIN}/made", {"extra": {}}, id="change"),
    pytest.param("DELETE", f"{ADMIN}/made", {}, id="delete"),
]


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_others_are_refused(alice: Person, method: str, path: str, body: Any) -> None:
    answer = alice.browser.request(method, path, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_admin")


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS[3:])
def test_another_sites_page_changes_nothing(admin: Person, method: str, path: str, body: Any) -> None:
    make(admin)
    answer = admin.browser.request(method, path, json=body, headers={"Origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "cross_site")
    assert stored_secret() == SECRET
