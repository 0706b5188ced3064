"""However an account is saved, its client secret leaves the connection row in the same transaction."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.models.connection import Connection
from airflow.models.crypto import get_fernet
from airflow.sdk.exceptions import AirflowSecretsBackendAccessDenied
from airflow.utils.session import create_session
from sqlalchemy import delete, select, text, update

from airflow_thirdparty import wire
from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.store import client_secrets
from airflow_thirdparty.server.store.models import ClientSecret
from tests.support.airflow_server import AirflowServer, configured
from tests.support.databases import Database
from tests.support.people import Person
from tests.support.versions import PRINTS_ADDRESSES, TESTS_ON_WORKERS

ACME = "acme"
SECRET = "client-secret-canary"
EXTRA = {"issuer": "https://idp.example"}
ELSEWHERE = {"issuer": "https://evil.example"}

TABLE = Connection.__table__


def body(**values: Any) -> dict[str, Any]:
    extra = values.pop("extra", EXTRA)
    text_ = extra if extra is None or isinstance(extra, str) else json.dumps(extra)
    plain = {"connection_id": ACME, "conn_type": wire.CONN_TYPE, "host": None, "login": "client"}
    return {**plain, "password": SECRET, "extra": text_, **values}


def in_row() -> str | None:
    """What the connection row holds."""
    with create_session() as session:
        row = session.execute(select(TABLE).where(TABLE.c.conn_id == ACME)).mappings().one_or_none()
    assert row is None or SECRET not in repr(dict(row))
    return None if row is None else row["password"]


def kept() -> str | None:
    """The client secret as the account would use it, or why it would not be used."""
    with create_session() as session:
        try:
            return client_secrets.read(session, registrations.find(session, ACME))
        except AccountMisconfigured as error:
            return f"refused: {error.field}"


@pytest.fixture(autouse=True)
def _no_account(database: Database) -> Iterator[None]:
    yield
    with create_session() as session:
        session.execute(delete(TABLE))
        session.execute(delete(ClientSecret))


@pytest.fixture
def saved(admin: Person) -> None:
    answer = admin.rest.post("/api/v2/connections", json=body())
    assert answer.status_code == 201, answer.text
    assert SECRET not in answer.text


def bulk(admin: Person, action: str, **values: Any) -> Any:
    entity = {"action": action, "entities": [body(**values)]}
    if action == "create":
        entity["action_on_existence"] = "overwrite"
    if action == "update":
        entity["action_on_non_existence"] = "fail"
    return admin.rest.patch("/api/v2/connections", json={"actions": [entity]})


def patch(admin: Person, mask: list[str] | None = None, **values: Any) -> Any:
    params = {"update_mask": mask} if mask else None
    return admin.rest.patch(f"/api/v2/connections/{ACME}", params=params, json=body(**values))


WAYS: dict[str, Callable[[Person], Any]] = {
    "post": lambda admin: admin.rest.post("/api/v2/connections", json=body()),
    "bulk create": lambda admin: bulk(admin, "create"),
}

CHANGES: dict[str, Callable[[Person], Any]] = {
    "patch": lambda admin: patch(admin, password="the-new-secret"),
    "patch with mask": lambda admin: patch(admin, ["password"], password="the-new-secret"),
    "bulk update": lambda admin: bulk(admin, "update", password="the-new-secret"),
    "bulk overwrite": lambda admin: bulk(admin, "create", password="the-new-secret"),
}


@pytest.mark.parametrize("way", WAYS)
def test_creating(admin: Person, way: str) -> None:
    answer = WAYS[way](admin)
    assert answer.is_success, answer.text
    assert SECRET not in answer.text
    assert (in_row(), kept()) == (None, SECRET)


@pytest.mark.parametrize("way", CHANGES)
def test_changing_the_secret(admin: Person, saved: None, way: str) -> None:
    assert CHANGES[way](admin).is_success
    assert (in_row(), kept()) == (None, "the-new-secret")


@pytest.mark.parametrize("password", [None, "", "***"], ids=["null", "empty", "stars"])
@pytest.mark.parametrize("mask", [None, ["password"], ["login", "extra"]], ids=["whole", "masked", "others"])
def test_a_field_left_empty_keeps_the_secret(
    admin: Person, saved: None, password: str | None, mask: list[str] | None
) -> None:
    answer = patch(admin, mask, password=password)
    assert answer.status_code == 200, answer.text
    assert (in_row(), kept()) == (None, SECRET)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"extra": ELSEWHERE}, id="issuer"),
        pytest.param({"extra": {**EXTRA, "exchange_url": "https://evil.example/x"}}, id="exchange_url"),
        pytest.param({"extra": {**EXTRA, "revoke_url": "https://evil.example/x"}}, id="revoke_url"),
        pytest.param({"host": "evil.example"}, id="host"),
        pytest.param({"login": "another"}, id="client id"),
    ],
)
def test_the_secret_is_not_sent_elsewhere(admin: Person, saved: None, change: dict[str, Any]) -> None:
    assert patch(admin, **{"password": None, **change}).status_code == 200
    assert kept() == "refused: password"
    assert patch(admin, password=None).status_code == 200
    assert kept() == SECRET, "back at its place it is good again"


def test_another_port_is_another_place(admin: Person) -> None:
    admin.rest.post("/api/v2/connections", json=body(host="a.example"))
    assert kept() == SECRET
    assert patch(admin, ["port"], port=8443).status_code == 200
    assert kept() == "refused: password"
    with create_session() as session:
        assert registrations.find(session, ACME).host == "https://a.example:8443"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"extra": {}}, "field 'authorize_url'", id="no address"),
        pytest.param({"extra": {"service": "githup"}}, "field 'service'", id="unknown service"),
        pytest.param({"extra": {**EXTRA, "proxies": {}}}, "field 'proxies'", id="unknown field"),
        pytest.param({"extra": {"exchange_url": "x"}}, "field 'exchange_url'", id="bad address"),
        pytest.param({"login": None}, "field 'login'", id="no client id"),
        pytest.param({"port": 8443}, "field 'port'", id="a port without a host"),
        pytest.param({"host": "a.example:1", "port": 2}, "field 'port'", id="two ports"),
        pytest.param({"host": "a.example", "schema": "v2"}, "field 'schema'", id="a schema"),
        pytest.param({"extra": "[]"}, "extra", id="extra is a list"),
    ],
)
@pytest.mark.parametrize("way", ["post", "patch", "bulk"])
def test_a_mistake_is_answered_and_not_stored(
    admin: Person, change: dict[str, Any], words: str, way: str
) -> None:
    if way == "post":
        answer = admin.rest.post("/api/v2/connections", json=body(**change))
    else:
        admin.rest.post("/api/v2/connections", json=body())
        answer = patch(admin, **change) if way == "patch" else bulk(admin, "update", **change)
    assert words in answer.text
    assert SECRET not in answer.text
    assert answer.status_code in (200, 422), "a bulk request answers 200 and names the errors"
    assert (in_row(), kept()) == (None, "refused: None" if way == "post" else SECRET)


@pytest.mark.parametrize("with_secret", [True, False], ids=["with a new secret", "without"])
def test_another_types_password_does_not_become_the_client_secret(admin: Person, with_secret: bool) -> None:
    admin.rest.post(
        "/api/v2/connections", json=body(conn_type="http", password="of-another-place", extra=None)
    )
    answer = patch(admin, extra=ELSEWHERE, password=SECRET if with_secret else None)
    assert answer.status_code == 200, answer.text
    assert in_row() is None
    assert kept() == (SECRET if with_secret else "refused: password")


def test_what_is_no_account_any_more_has_no_secret(admin: Person, saved: None) -> None:
    assert patch(admin, conn_type="http", password=None).status_code == 200
    assert (in_row(), kept()) == (None, "refused: None")
    patch(admin, password=None)
    assert kept() == "refused: password"


@pytest.mark.parametrize("way", ["rest", "bulk"])
def test_a_deleted_account_has_no_secret(admin: Person, saved: None, way: str) -> None:
    if way == "rest":
        assert admin.rest.delete(f"/api/v2/connections/{ACME}").status_code == 204
    else:
        action = {"action": "delete", "entities": [ACME], "action_on_non_existence": "fail"}
        assert admin.rest.patch("/api/v2/connections", json={"actions": [action]}).is_success
    with create_session() as session:
        assert session.scalars(select(ClientSecret)).all() == []
    admin.rest.post("/api/v2/connections", json=body(password=None))
    assert kept() == "refused: password"


def test_without_a_key_nothing_is_kept(admin: Person) -> None:
    with configured("core", fernet_key=""):
        get_fernet.cache_clear()
        answer = admin.rest.post("/api/v2/connections", json=body())
    get_fernet.cache_clear()
    assert answer.status_code == 422
    assert "fernet_key is empty" in answer.text
    assert in_row() is None
    assert kept() == "refused: None"


def write_past_airflow(encrypted: bool = True, password: str = SECRET) -> None:
    stored = get_fernet().encrypt(password.encode()).decode() if encrypted else password
    with create_session() as session:
        session.execute(
            update(TABLE).where(TABLE.c.conn_id == ACME).values(password=stored, is_encrypted=encrypted)
        )


@pytest.mark.parametrize("encrypted", [True, False], ids=["encrypted", "plain"])
def test_a_secret_written_by_sql_is_never_shown_and_moved_when_read(
    admin: Person, saved: None, encrypted: bool
) -> None:
    write_past_airflow(encrypted, "written-by-sql")
    with create_session() as session:
        loaded = session.scalars(select(Connection).where(Connection.conn_id == ACME)).one()
        assert loaded.password is None
    with pytest.raises(AirflowSecretsBackendAccessDenied):
        Connection.get_connection_from_secrets(ACME)
    assert "written-by-sql" not in admin.rest.get(f"/api/v2/connections/{ACME}").text
    assert kept() == "written-by-sql"
    assert in_row() is None


def test_a_secret_found_belongs_to_what_the_row_said_before(admin: Person, saved: None) -> None:
    write_past_airflow(password="written-by-sql")
    assert patch(admin, extra=ELSEWHERE, password=None).status_code == 200
    assert (in_row(), kept()) == (None, "refused: password")
    patch(admin, password=None)
    assert kept() == "written-by-sql"


def airflow(*words: str, **env: str) -> str:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("airflow")), *words],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout + done.stderr


COMMANDS = """
import json, sys
from airflow.__main__ import main

for command in json.load(sys.stdin):
    sys.argv = ["airflow", *command]
    try:
        main()
    except BaseException as error:
        print(type(error).__name__, error)
"""
"""Several commands in one process, which has no plugins, as Airflow's command line has none."""


def test_the_command_line(saved: None, tmp_path: Path) -> None:
    write_past_airflow(password="written-by-sql")
    add = ("connections", "add", "--conn-type", wire.CONN_TYPE, "--conn-login", "client", "--conn-password")
    uri = f"third-party-account://client:{SECRET}@/?issuer=https%3A%2F%2Fidp.example"
    entry = {"conn_type": wire.CONN_TYPE, "login": "client", "extra": json.dumps(EXTRA)}
    imported = {"imported": {**entry, "password": SECRET}, "added": {**entry, "password": "the-new-secret"}}
    (tmp_path / "in.json").write_text(json.dumps(imported))
    commands = [
        (*add, SECRET, "--conn-extra", json.dumps(EXTRA), "added"),
        ("connections", "add", "by_address", "--conn-uri", uri),
        (*add, SECRET, "--conn-extra", "{}", "mistaken"),
        ("connections", "import", "--overwrite", str(tmp_path / "in.json")),
        ("connections", "get", ACME, "-o", "json"),
        ("connections", "export", str(tmp_path / "out.json")),
    ]
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS],
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        timeout=200,
    )
    said, exported = done.stdout + done.stderr, (tmp_path / "out.json").read_text()
    assert "field 'authorize_url' is empty" in said
    if PRINTS_ADDRESSES:  # Airflow itself, before anything of ours could know
        said = said.replace(uri, "")
    for secret in (SECRET, "the-new-secret", "written-by-sql"):
        assert secret not in said
        assert secret not in exported
    with create_session() as session:
        passwords = dict(session.execute(select(TABLE.c.conn_id, TABLE.c.password)).all())
        secrets = {
            conn_id: client_secrets.read(session, registrations.find(session, conn_id))
            for conn_id in passwords
        }
    assert {name for name, password in passwords.items() if password} <= {ACME}, "not read yet"
    assert secrets == {
        ACME: "written-by-sql",
        "added": "the-new-secret",
        "by_address": SECRET,
        "imported": SECRET,
    }


def test_airflows_keys_are_rotated(saved: None) -> None:
    from cryptography.fernet import Fernet

    new = Fernet.generate_key().decode()
    old = os.environ["AIRFLOW__CORE__FERNET_KEY"]
    write_past_airflow(password="written-by-sql")
    said = airflow("rotate-fernet-key", AIRFLOW__CORE__FERNET_KEY=f"{new},{old}")
    assert "Traceback" not in said, said
    with configured("core", fernet_key=f"{new},{old}"):
        get_fernet.cache_clear()
        assert kept() == "written-by-sql"
    with configured("core", fernet_key=new):
        get_fernet.cache_clear()
        with create_session() as session:
            assert registrations.find(session, ACME).issuer == EXTRA["issuer"]
    get_fernet.cache_clear()
    assert in_row() is None


def enqueue(admin: Person, **values: Any) -> Any:
    return admin.rest.post("/api/v2/connections/enqueue-test", json=body(**values))


@pytest.fixture
def tests_allowed(airflow_server: AirflowServer) -> Iterator[None]:
    with configured("core", test_connection="Enabled"):
        yield


def worker_says(state: str) -> dict[str, Any]:
    """What the worker gets to test, and what it reports."""
    from airflow.models.connection_test import ConnectionTestRequest

    with create_session() as session:
        request = session.scalars(select(ConnectionTestRequest)).one()
        got = {"password": request.password, "extra": request.extra, "conn_type": request.conn_type}
        request.state = state
        if state == "success" and request.commit_on_success:
            request.commit_to_connection_table(session=session)
    return got


@pytest.fixture
def no_tests(database: Database) -> Iterator[None]:
    yield
    with create_session() as session:
        session.execute(text("delete from connection_test_request"))


@TESTS_ON_WORKERS
@pytest.mark.parametrize(
    ("commit", "state", "expected"),
    [
        pytest.param(True, "success", SECRET, id="saved on success"),
        pytest.param(True, "failed", "refused: None", id="not saved on failure"),
        pytest.param(False, "success", "refused: None", id="tried only"),
    ],
)
def test_a_connection_test(
    admin: Person, tests_allowed: None, no_tests: None, commit: bool, state: str, expected: str
) -> None:
    answer = enqueue(admin, commit_on_success=commit)
    assert answer.status_code in (200, 201, 202), answer.text
    with create_session() as session:
        assert SECRET not in repr(session.execute(text("select * from connection_test_request")).all())
        stored = session.execute(text("select password from connection_test_request")).scalar_one()
        assert stored is None
    assert worker_says(state)["password"] is None
    assert (in_row(), kept()) == (None, expected)
    with create_session() as session:
        left = [row.conn_id for row in session.scalars(select(ClientSecret))]
    assert left == ([ACME] if expected == SECRET else [])


@TESTS_ON_WORKERS
def test_a_connection_test_over_another_type_takes_nothing_along(
    admin: Person, tests_allowed: None, no_tests: None
) -> None:
    admin.rest.post(
        "/api/v2/connections", json=body(conn_type="http", password="of-another-place", extra=None)
    )
    assert enqueue(admin, commit_on_success=True, password=None, extra=ELSEWHERE).is_success
    worker_says("success")
    assert (in_row(), kept()) == (None, "refused: password")


def test_testing_at_once_says_what_can_be_said(admin: Person, tests_allowed: None, saved: None) -> None:
    answer = admin.rest.post("/api/v2/connections/test", json=body())
    assert answer.json()["status"] is True, answer.text
    assert "told by Check, on the page Accounts" in answer.json()["message"]
