"""Who is signed in to an account, and signing them out, for admins; and what is kept about oneself."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from airflow.models.log import Log
from airflow.utils.session import create_session
from sqlalchemy import func, select

from airflow_thirdparty.server.store.models import SignIn
from tests.support.people import Person

API = "/third-party-accounts/api/v1"
DATA = f"{API}/me/data"


@pytest.fixture
def account(register: Callable[..., str], alice: Person, bob: Person) -> str:
    """An account to which alice and bob are signed in."""
    conn_id = register()
    alice.sign_in(conn_id)
    bob.sign_in(conn_id, "robert")
    return conn_id


def people(admin: Person, conn_id: str, query: str = "") -> list[dict[str, object]]:
    answer = admin.browser.get(f"{API}/admin/accounts/{conn_id}/sign-ins{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["sign_ins"])


def end(person: Person, conn_id: str, row_id: object = "") -> tuple[int, dict[str, object]]:
    path = f"{API}/admin/accounts/{conn_id}/sign-ins" + (f"/{row_id}" if row_id != "" else "")
    answer = person.browser.request("DELETE", path, json={})
    return answer.status_code, answer.json()


def status(person: Person, conn_id: str) -> str:
    return str(person.browser.get(f"{API}/accounts/{conn_id}").json()["status"])


def test_an_admin_sees_who_is_signed_in_and_no_secret(admin: Person, account: str) -> None:
    seen = people(admin, account)
    assert [(one["user_name"], one["there"], one["lapsed_at"]) for one in seen] == [
        ("alice", "alice", None),
        ("bob", "robert", None),
    ]
    with create_session() as session:
        sealed = session.scalars(select(SignIn.sealed_access)).all()
    assert not any(text in json.dumps(seen) for text in sealed)
    assert set(seen[0]) == {
        "id",
        "user_name",
        "there",
        "signed_in_at",
        "last_used_at",
        "lapsed_at",
        "lapsed_text",
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        pytest.param("?search=ALI", ["alice"], id="a name here"),
        pytest.param("?search=robert", ["bob"], id="a name there"),
        pytest.param("?search=%25", [], id="a wildcard is a letter"),
        pytest.param("?limit=1&offset=1", ["bob"], id="the second page"),
    ],
)
def test_a_search(admin: Person, account: str, query: str, names: list[str]) -> None:
    assert [one["user_name"] for one in people(admin, account, query)] == names


def test_an_admin_signs_one_person_out(admin: Person, alice: Person, bob: Person, account: str) -> None:
    row = next(one["id"] for one in people(admin, account) if one["user_name"] == "alice")
    code, answer = end(admin, account, row)
    assert (code, answer["result"]) == (200, "revoked")
    assert (status(alice, account), status(bob, account)) == ("sign_in_needed", "signed_in")
    with create_session() as session:
        log = session.scalars(
            select(Log).where(Log.event == "third_party_account.sign_out").order_by(Log.id.desc())
        ).first()
    assert log is not None
    assert log.owner == "admin"
    assert json.loads(log.extra or "") == {"account": account, "of": "alice"}
    assert end(admin, account, row)[0] == 404


def test_an_admin_signs_everybody_out(admin: Person, alice: Person, bob: Person, account: str) -> None:
    assert end(admin, account) == (200, {"ended": 2})
    assert {status(alice, account), status(bob, account)} == {"sign_in_needed"}
    assert people(admin, account) == []


def test_a_sign_in_to_another_account_is_not_reached_by_this_one(
    admin: Person, alice: Person, register: Callable[..., str], account: str
) -> None:
    other = register("service_b")
    row = people(admin, account)[0]["id"]
    assert end(admin, other, row)[0] == 404
    assert status(alice, account) == "signed_in"


@pytest.mark.parametrize("path", ["", "/1"])
def test_nobody_else_ends_sign_ins(alice: Person, bob: Person, account: str, path: str) -> None:
    address = f"{API}/admin/accounts/{account}/sign-ins"
    answers = [alice.browser.request("DELETE", address + path, json={})]
    if not path:
        answers.append(alice.browser.get(address))
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [
        (403, "not_admin")
    ] * len(answers)
    assert status(bob, account) == "signed_in"


def test_another_sites_form_ends_nothing(admin: Person, bob: Person, account: str) -> None:
    address = f"{API}/admin/accounts/{account}/sign-ins"
    headers = {"Origin": "https://evil.example"}
    for path in (address, DATA):
        answer = admin.browser.request("DELETE", path, json={}, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "cross_site")
    assert status(bob, account) == "signed_in"


def test_people_take_along_what_is_kept_about_them_and_nothing_else(alice: Person, account: str) -> None:
    answer = alice.browser.get(DATA)
    assert "attachment" in answer.headers["content-disposition"]
    kept = answer.json()
    assert (kept["user"], [one["conn_id"] for one in kept["sign_ins"]]) == ("alice", [account])
    assert "bob" not in answer.text
    assert "sealed" not in answer.text
    assert "token" not in answer.text


def test_people_have_it_deleted(alice: Person, bob: Person, account: str) -> None:
    deleted = alice.browser.request("DELETE", DATA, json={}).json()
    assert deleted == {"sign_ins": 1, "delegations": 0, "uses": 0}
    kept = alice.browser.get(DATA).json()
    assert (kept["sign_ins"], kept["delegations"], kept["uses"]) == ([], [], [])
    assert (status(alice, account), status(bob, account)) == ("sign_in_needed", "signed_in")
    with create_session() as session:
        found = session.scalar(
            select(func.count()).where(
                Log.event == "third_party_account.own_data_deleted", Log.owner == "alice"
            )
        )
    assert found
