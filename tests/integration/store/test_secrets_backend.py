"""Accounts that live only in a secrets backend."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from airflow.utils.session import create_session

from airflow_thirdparty import wire
from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.broker.registry.registrations import AccountEntry, NoSuchAccount
from airflow_thirdparty.server.store import client_secrets
from tests.support.airflow_server import configured
from tests.support.people import Person
from tests.support.signing_in import api
from tests.support.tasks import Tasks

SECRET = "secret-in-the-backend"


def entry(**extra: object) -> dict[str, object]:
    return {
        "conn_type": wire.CONN_TYPE,
        "login": "client",
        "host": "https://api.acme.example",
        "password": SECRET,
        "extra": json.dumps({"service": "custom", "kind": "key", **extra}),
    }


@pytest.fixture
def backend(admin: Person, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The API server's own environment is a secrets backend that needs no configuration."""
    monkeypatch.setenv("AIRFLOW_CONN_VAULTED", json.dumps(entry()))
    monkeypatch.setenv("AIRFLOW_CONN_BROKEN", json.dumps(entry(service="githup")))
    monkeypatch.setenv("AIRFLOW_CONN_SHADOWED", json.dumps(entry()))
    with configured("third_party_accounts", accounts="vaulted, broken, missing, shadowed"):
        yield


def test_they_are_listed_with_what_is_wrong(alice: Person, backend: None) -> None:
    seen = alice.browser.get(f"{wire.WEB_PREFIX}/api/v1/accounts")
    assert SECRET not in seen.text
    problems = {view["conn_id"]: (view["problem"] or {}).get("field") for view in seen.json()["accounts"]}
    assert problems == {"vaulted": None, "broken": "service", "missing": "accounts", "shadowed": None}


def test_a_task_gets_the_persons_key_and_not_the_backends_password(
    alice: Person, bob: Person, tasks: Tasks, backend: None
) -> None:
    tasks.add_dag("asks")
    handed_over = alice.browser.post(f"{api('vaulted')}/sign-in", json={"key": "key-of-alice"})
    assert handed_over.status_code == 200, handed_over.text
    expected = {"alice": "key-of-alice", "bob": None}
    for person in (alice, bob):
        task = tasks.start("asks", person.trigger("asks"))
        answers = [task.ask("vaulted"), task.connection("vaulted")]
        assert [answer.json().get("password") for answer in answers] == [expected[person.name]] * 2
        assert SECRET not in "".join(answer.text for answer in answers)


def test_a_password_in_the_backend_is_no_client_secret(
    database: object, backend: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_VAULTED", json.dumps(entry(kind="oauth2", issuer="https://idp.example")))
    with create_session() as session:
        account = registrations.find(session, "vaulted")
        with pytest.raises(AccountMisconfigured, match="has no client secret"):
            client_secrets.read(session, account)


def listed() -> AccountEntry:
    """The account in the environment, as it is listed."""
    with create_session() as session:
        return {item.registration.conn_id: item for item in registrations.list_all(session)}["vaulted"]


ISSUER = "issuer=https%3A%2F%2Fidp.example"


def test_the_port_of_an_address_in_the_environment(
    database: object, backend: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_VAULTED", f"third-party-account://client@127.0.0.1:18331/?{ISSUER}")
    account = listed().account
    assert account is not None
    assert account.host == "https://127.0.0.1:18331"


@pytest.mark.parametrize(
    ("address", "field", "remedy"),
    [
        pytest.param("third-party-account://client@a.example/v2", "schema", "%2Fpath", id="a path"),
        pytest.param("third_party_account://client@a.example/", "accounts", "account://", id="underscores"),
    ],
)
def test_an_address_in_the_environment_that_is_refused(
    database: object,
    backend: None,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    field: str,
    remedy: str,
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_VAULTED", f"{address}?{ISSUER}")
    problem = listed().problem
    assert problem is not None
    assert problem.field == field
    assert remedy in problem.remedy


def test_an_account_that_is_not_named_is_none(database: object, backend: None) -> None:
    with (
        configured("third_party_accounts", accounts="broken"),
        create_session() as session,
        pytest.raises(NoSuchAccount, match="must be named"),
    ):
        registrations.find(session, "vaulted")


def test_the_backend_wins_as_it_does_for_tasks(admin: Person, backend: None) -> None:
    body = {
        **entry(issuer="https://evil.example"),
        "connection_id": "shadowed",
        "password": None,
        "host": "https://evil.example",
    }
    assert admin.rest.post("/api/v2/connections", json=body).status_code == 201
    with create_session() as session:
        assert registrations.find(session, "shadowed").host == "https://api.acme.example"
        listed = {item.registration.conn_id: item for item in registrations.list_all(session)}
    assert listed["shadowed"].registration.host == "https://api.acme.example"
    admin.rest.delete("/api/v2/connections/shadowed")
