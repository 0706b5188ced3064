"""Which roles find the page: Flask-AppBuilder's stock roles do not, until somebody who may lets them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.models.log import Log
from airflow.utils.session import create_session
from sqlalchemy import delete, select

from airflow_thirdparty.demo import users
from tests.support import shell
from tests.support.airflow_server import AirflowServer, configured
from tests.support.people import Person, with_role

PAGE = "/third-party-accounts/"
ROLES = f"{PAGE}api/v1/admin/roles"
PLUGINS = "can read on Plugins"
ACCOUNTS = "can read on Third-Party Accounts"
STOCK = ["User", "Viewer", "Op"]


def held(role: str) -> set[str]:
    """All permissions of a role, in words."""
    from airflow.providers.fab.auth_manager.models import Role

    with create_session() as session:
        found = session.scalars(select(Role).where(Role.name == role)).unique().one()
        return {str(permission) for permission in found.permissions}


def forget_cached() -> None:
    """Airflow itself does so within half a minute."""
    from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager

    FabAuthManager.cache.clear()


@pytest.fixture(autouse=True)
def stock_roles(airflow_server: AirflowServer) -> Iterator[None]:
    """The roles User and Viewer as Flask-AppBuilder makes them, before and after the test."""
    _without_ours()
    yield
    _without_ours()


def _without_ours() -> None:
    from airflow.providers.fab.auth_manager.models import Permission, Resource, Role, assoc_permission_role

    permissions = (
        select(Permission.id)
        .join(Resource, Resource.id == Permission.resource_id)
        .where(Resource.name.in_(["Plugins", "Third-Party Accounts"]))
    )
    with create_session() as session:
        roles = select(Role.id).where(Role.name.in_(["User", "Viewer"]))
        session.execute(
            delete(assoc_permission_role).where(
                assoc_permission_role.c.role_id.in_(roles),
                assoc_permission_role.c.permission_view_id.in_(permissions),
            )
        )
    forget_cached()


@pytest.fixture
def somebody(admin: Person) -> Iterator[Callable[[str], Person]]:
    """Makes a person with one stock role."""
    made: list[Person] = []

    def make(role: str) -> Person:
        made.append(with_role(admin, role))
        return made[-1]

    yield make
    for person in made:
        person.close()


def grant(person: Person, role: str) -> tuple[int, dict[str, Any]]:
    """Press the button."""
    answer = person.browser.post(ROLES, json={"role": role})
    forget_cached()
    return answer.status_code, answer.json()


def lacking(person: Person) -> dict[str, list[str]]:
    """What the administration says of roles."""
    answer = person.browser.get(ROLES)
    assert answer.status_code == 200, answer.text
    return {role["name"]: role["missing"] for role in answer.json()["roles"]}


@pytest.mark.parametrize("role", ["User", "Viewer"])
def test_a_stock_role_does_not_find_the_page_until_an_admin_shows_it(
    admin: Person, somebody: Callable[[str], Person], role: str
) -> None:
    person, before = somebody(role), held(role)
    assert person.rest.get("/api/v2/plugins").status_code == 403
    assert person.browser.get(PAGE).status_code == 200, "by its address it is there all the same"
    assert lacking(admin)[role] == [PLUGINS, ACCOUNTS]
    assert grant(admin, role) == (200, {"granted": [PLUGINS, ACCOUNTS]})
    assert held(role) - before == {PLUGINS, ACCOUNTS}, "what the page needs, and nothing else"
    assert lacking(admin)[role] == []
    found = person.rest.get("/api/v2/plugins").json()["plugins"]
    (ours,) = [plugin for plugin in found if plugin["name"] == "third_party_accounts"]
    assert [app["name"] for app in ours["react_apps"] if app["destination"] == "nav"] == ["Accounts"]


def test_a_role_that_finds_the_page_lacks_nothing_unless_the_permission_is_required(admin: Person) -> None:
    assert lacking(admin)["Op"] == []
    with configured("third_party_accounts", require_permission="True"):
        assert lacking(admin)["Op"] == [ACCOUNTS]


def test_a_grant_twice_changes_nothing(admin: Person) -> None:
    grant(admin, "Viewer")
    before = held("Viewer")
    assert grant(admin, "Viewer") == (200, {"granted": []})
    assert held("Viewer") == before


def test_a_grant_is_on_record(admin: Person) -> None:
    grant(admin, "Viewer")
    with create_session() as session:
        row = session.scalars(
            select(Log).where(Log.event == "third_party_account.role_granted").order_by(Log.id.desc())
        ).first()
    assert row is not None
    assert row.owner == "admin"
    assert json.loads(row.extra or "") == {"role": "Viewer", "permissions": f"{PLUGINS}, {ACCOUNTS}"}


def test_who_may_edit_connections_but_no_roles_sees_who_finds_it_and_changes_nothing(
    somebody: Callable[[str], Person],
) -> None:
    op, before = somebody("Op"), held("Viewer")
    answer = op.browser.get(ROLES)
    assert (answer.status_code, answer.json()["may_edit"]) == (200, False)
    status, body = grant(op, "Viewer")
    assert status == 403
    assert "airflow third-party-accounts grant-role Viewer" in str(body)
    assert held("Viewer") == before
    _, body = grant(op, "it's ours; rm -r /")
    assert """grant-role 'it'"'"'s ours; rm -r /'""" in str(body["error"]["remedy"]), "quoted for a shell"


def test_who_may_edit_no_roles_is_told_of_no_role_but_airflows_own(
    admin: Person, somebody: Callable[[str], Person]
) -> None:
    op = somebody("Op")
    name = "Takeover of Acme"
    body = {"name": name, "actions": [{"action": {"name": "can_read"}, "resource": {"name": "Website"}}]}
    made = admin.rest.post("/auth/fab/v1/roles", json=body)
    assert made.is_success or made.status_code == 409, made.text
    try:
        assert name in lacking(admin)
        assert {"User", "Viewer"} <= set(lacking(op)) <= {"Admin", "Op", "User", "Viewer", "Public"}
    finally:
        admin.rest.delete(f"/auth/fab/v1/roles/{name}")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_others_neither_see_nor_change_it(alice: Person, method: str) -> None:
    before = held("User")
    answer = alice.browser.request(method, ROLES, json={"role": "User"} if method == "POST" else None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_admin")
    assert held("User") == before


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        pytest.param({"role": "Nobody"}, {}, 404, "no_such_role", id="a role that is not there"),
        pytest.param({"role": "viewer"}, {}, 404, "no_such_role", id="a role in other letters"),
        pytest.param({"role": ""}, {}, 422, "invalid_request", id="no role"),
        pytest.param({"role": 1}, {}, 422, "invalid_request", id="no text"),
        pytest.param(
            {"role": "Viewer"},
            {"Origin": "https://evil.example"},
            403,
            "cross_site",
            id="another page",
        ),
        pytest.param(
            {"role": "Viewer"}, {"Sec-Fetch-Site": "cross-site"}, 403, "cross_site", id="another form"
        ),
    ],
)
def test_what_is_refused(
    admin: Person, body: dict[str, object], headers: dict[str, str], status: int, code: str
) -> None:
    before = held("Viewer")
    answer = admin.browser.post(ROLES, json=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert held("Viewer") == before


def test_the_command_line_does_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    before = held("Viewer")
    shell.run_here("third-party-accounts", "grant-role", "Viewer", "User", "-o", "json")
    assert json.loads(capsys.readouterr().out) == [
        {"role": "Viewer", "granted": [PLUGINS, ACCOUNTS]},
        {"role": "User", "granted": [PLUGINS, ACCOUNTS]},
    ]
    assert held("Viewer") - before == {PLUGINS, ACCOUNTS}


def test_the_command_line_grants_all_or_nothing() -> None:
    before = held("Viewer")
    with pytest.raises(SystemExit, match="There is no role 'Nobody'"):
        shell.run_here("third-party-accounts", "grant-role", "Viewer", "Nobody")
    assert held("Viewer") == before


ASKED = [
    pytest.param("GET", "accounts", id="my accounts"),
    pytest.param("GET", "accounts/anything", id="one account"),
    pytest.param("POST", "accounts/anything/sign-in", id="a sign-in"),
    pytest.param("GET", "uses", id="my uses"),
    pytest.param("GET", "dags/anything/accounts", id="a DAG's tab"),
    pytest.param("GET", "dags/anything/delegations", id="a DAG's delegations"),
    pytest.param("GET", "task-instances/a/b/c/-1/account", id="a task's tab"),
]


@pytest.mark.parametrize(("method", "path"), ASKED)
def test_require_permission_narrows_it_to_those_who_have_it(alice: Person, method: str, path: str) -> None:
    def code() -> str:
        answer = alice.browser.request(method, f"{PAGE}api/v1/{path}", json={} if method == "POST" else None)
        return str(answer.json().get("error", {}).get("code", answer.status_code))

    assert code() != "not_entitled", "without the option it is for everybody"
    with configured("third_party_accounts", require_permission="True"):
        assert code() == "not_entitled"
        shell.run_here("third-party-accounts", "grant-role", "User")
        forget_cached()
        assert code() != "not_entitled"


@pytest.mark.parametrize("path", ["accounts/anything/sign-in", "dags/anything/delegations?conn_id=anything"])
def test_who_lost_the_permission_may_still_take_back_what_is_theirs(alice: Person, path: str) -> None:
    headers = {"Content-Type": "application/json"}
    with configured("third_party_accounts", require_permission="True"):
        answer = alice.browser.request("DELETE", f"{PAGE}api/v1/{path}", headers=headers)
    assert answer.status_code in (200, 404), answer.text


@pytest.mark.parametrize("end", ["?state=x&code=y", "/resume"])
def test_who_lost_the_permission_completes_no_sign_in(alice: Person, end: str) -> None:
    words = "Accounts are only for people who can read"
    assert words not in alice.browser.get(f"{PAGE}callback/anything{end}").text
    with configured("third_party_accounts", require_permission="True"):
        assert words in alice.browser.get(f"{PAGE}callback/anything{end}").text


def test_require_permission_does_not_shut_out_admins(admin: Person) -> None:
    with configured("third_party_accounts", require_permission="True"):
        assert admin.browser.get(f"{PAGE}api/v1/accounts").status_code == 200


def test_the_demos_people_find_the_page() -> None:
    """Its preparation gives the role of its people what the command gives."""
    from airflow_thirdparty.demo.prepare import make_people

    make_people()
    assert {PLUGINS, ACCOUNTS} <= held(users.ALICE.role)
