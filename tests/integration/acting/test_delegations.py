from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone

import pytest

from tests.integration.acting.test_who_triggered import asset_events, child
from tests.support import scheduler, shell
from tests.support.airflow import Airflow

NOBODY = "acting_user_unknown"
WISH = {"conn_id": "demo", "scheduled": True}


def sign_in(server: Airflow, user: str, conn_id: str = "demo") -> None:
    """Sign in with a key, which needs no service."""
    server.page(user, "POST", f"/accounts/{conn_id}/sign-in", json={"key": f"{user}'s own"})


@pytest.fixture(scope="module", autouse=True)
def accounts(server: Airflow) -> None:
    """An account for all DAGs, and one for a single DAG; some people have signed in."""
    server.register("demo")
    server.register("other")
    server.register("narrow", allowed_dags="by_hand")
    for conn_id, user in (("demo", "alice"), ("demo", "bob"), ("demo", "carol"), ("narrow", "alice")):
        sign_in(server, user, conn_id)


@pytest.fixture(scope="module")
def scheduled(server: Airflow) -> tuple[str, str]:
    """A run that the scheduler started."""
    scheduler.schedule()
    return "daily", scheduler.latest_run("daily", "scheduled")


@pytest.fixture
def nothing_delegated(server: Airflow) -> Iterator[None]:
    """Withdraw what a test delegated."""
    yield
    for dag_id in ("daily", "fired", "by_hand"):
        for each in server.page("admin", "GET", f"/dags/{dag_id}/delegations")["delegations"]:
            path = f"/dags/{dag_id}/delegations?conn_id={each['conn_id']}"
            server.page("admin", "DELETE", path, expect=204)


pytestmark = pytest.mark.usefixtures("nothing_delegated")


def delegate(server: Airflow, user: str = "alice", dag_id: str = "daily", expect: int = 200, **wish):
    return server.page(user, "POST", f"/dags/{dag_id}/delegations", expect=expect, json={**WISH, **wish})


def test_scheduled_runs_act_for_the_delegate(server: Airflow, scheduled):
    assert server.acts_for(*scheduled) == NOBODY
    made = delegate(server)
    assert (made["user_name"], made["is_me"], made["state"]) == ("alice", True, "active")
    acting = server.acting(server.running(*scheduled))
    assert (acting.person.name, acting.delegated) == ("alice", True)


@pytest.mark.parametrize(
    "end",
    [
        pytest.param("9999-12-31T23:59:59-14:00", id="after the year 9999"),
        pytest.param("0001-01-01T00:00:00+14:00", id="before the year 1"),
        pytest.param(1e300, id="a number of seconds beyond all years"),
        pytest.param("2030-01-01T00:00:00", id="without an offset"),
    ],
)
def test_an_end_that_is_no_moment_in_utc_is_refused(server: Airflow, end: object):
    refused = delegate(server, expires_at=end, expect=422)
    assert refused["error"]["field"] == "expires_at"


@pytest.mark.parametrize(
    "end",
    [
        pytest.param("9999-12-31T23:59:59+00:00", id="the last moment"),
        pytest.param("2030-01-01T14:00:00+14:00", id="far east"),
    ],
)
def test_an_end_is_told_in_utc(server: Airflow, end: str):
    made = delegate(server, expires_at=end)
    assert datetime.fromisoformat(made["expires_at"].replace("Z", "+00:00")) == datetime.fromisoformat(end)
    (seen,) = server.page("alice", "GET", "/dags/daily/delegations")["delegations"]
    assert seen["expires_at"] == made["expires_at"]


def test_it_is_for_one_account_and_one_dag(server: Airflow, scheduled):
    delegate(server)
    assert server.acting(server.running(*scheduled), "other").refusal.code == NOBODY
    delegate(server, dag_id="by_hand")
    shell.run_here("dags", "trigger", "by_hand")
    assert server.acts_for("by_hand", scheduler.latest_run("by_hand")) == NOBODY


def test_asset_events_are_a_consent_of_their_own(server: Airflow):
    delegate(server, dag_id="fired")
    assert server.acts_for(*asset_events(server)) == NOBODY
    delegate(server, dag_id="fired", scheduled=False, asset_events=True)
    assert server.acting(server.running("fired", scheduler.latest_run("fired"))).person.name == "alice"


def test_it_is_never_inherited_by_other_dags(server: Airflow, scheduled):
    delegate(server)
    delegate(server, dag_id="by_hand")
    server.page("alice", "POST", "/dags/child/delegations", json=WISH)
    try:
        assert server.acts_for(*child(server, scheduled)) == NOBODY
    finally:
        server.page("alice", "DELETE", "/dags/child/delegations?conn_id=demo", expect=204)


def test_it_may_end(server: Airflow, scheduled):
    soon = datetime.now(timezone.utc) + timedelta(minutes=5)
    delegate(server, expires_at=soon.isoformat())
    ti_id = server.running(*scheduled)
    assert server.acting(ti_id, later=60).person.name == "alice"
    refusal = server.acting(ti_id, later=400).refusal
    assert refusal.code == NOBODY
    assert "has expired" in refusal.message


def test_pinned_it_asks_again_when_the_code_has_changed(server: Airflow, scheduled):
    delegate(server, pinned=True)
    ti_id = server.running(*scheduled)
    assert server.acting(ti_id).person.name == "alice"
    file = server.dags / "lineage.py"
    before = file.read_text()
    try:
        file.write_text(f"{before}\n# changed\n")
        scheduler.load_dags(server.dags)
        acting = server.acting(ti_id)
        assert acting.refusal.code == NOBODY
        assert "has changed" in str(acting.refusal)
        (seen,) = server.page("bob", "GET", "/dags/daily/delegations")["delegations"]
        assert seen["state"] == "code_changed"
        delegate(server, pinned=True)
        assert server.acting(ti_id).person.name == "alice"
    finally:
        file.write_text(before)
        scheduler.load_dags(server.dags)


def test_whoever_may_read_the_dag_sees_it(server: Airflow):
    delegate(server)
    answer = server.page("viewer", "GET", "/dags/daily/delegations")
    assert [(each["user_name"], each["is_me"]) for each in answer["delegations"]] == [("alice", False)]
    assert answer["allowed"] is False


def test_the_dags_tab_shows_the_caller_their_accounts(server: Airflow):
    seen = {user: server.page(user, "GET", "/dags/daily/accounts") for user in ("alice", "viewer")}
    by_user = {user: [each["account"]["conn_id"] for each in seen[user]["accounts"]] for user in seen}
    assert by_user == {"alice": ["demo"], "viewer": ["demo"]}


@pytest.mark.parametrize(
    ("user", "wish", "status", "code"),
    [
        pytest.param("viewer", {}, 403, None, id="who may not trigger the DAG"),
        pytest.param("alice", {"scheduled": False}, 422, "cannot_delegate", id="for no runs"),
        pytest.param("alice", {"conn_id": "none"}, 404, "no_such_account", id="an account there is not"),
        pytest.param(
            "alice", {"conn_id": "narrow"}, 422, "cannot_delegate", id="an account not for this DAG"
        ),
        pytest.param(
            "alice", {"expires_at": "2020-01-01T00:00:00Z"}, 422, "cannot_delegate", id="ended already"
        ),
        pytest.param("alice", {"expires_at": "2099-01-01T00:00:00"}, 422, "invalid_request", id="no zone"),
        pytest.param("alice", {"scheduled": "yes"}, 422, "invalid_request", id="no boolean"),
        pytest.param("alice", {"user_name": "bob"}, 422, "invalid_request", id="for somebody else"),
        pytest.param("admin", {}, 422, "cannot_delegate", id="who never signed in"),
        pytest.param(
            "alice", {"conn_id": "other"}, 422, "cannot_delegate", id="signed in to another account"
        ),
        pytest.param("alice", {"conn_id": "demo\x00"}, 422, "invalid_request", id="an account with a NUL"),
    ],
)
def test_what_cannot_be_delegated(server: Airflow, user: str, wish: dict, status: int, code: str | None):
    answer = delegate(server, user, expect=status, **wish)
    if code:
        assert answer["error"]["code"] == code
        assert answer["error"]["message"]
        assert answer["error"]["remedy"]
    assert server.page("admin", "GET", "/dags/daily/delegations")["delegations"] == []


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "dag_id",
    [
        pytest.param("nope", id="unknown"),
        pytest.param("~", id="Airflow's word for all"),
        pytest.param("DAILY", id="another case"),
        pytest.param("dail", id="the beginning of one"),
        pytest.param("daily%20", id="with a blank"),
        pytest.param("%25", id="a pattern"),
    ],
)
def test_a_dag_that_does_not_exist(server: Airflow, dag_id: str, method: str):
    path = f"/dags/{dag_id}/delegations{'?conn_id=demo' if method == 'DELETE' else ''}"
    options = {"json": WISH} if method == "POST" else {}
    error = server.page("alice", method, path, expect=404, **options)["error"]
    assert error["code"] in ("no_such_dag", "no_such_delegation")
    assert error["message"]
    assert error["remedy"]
    assert server.page("admin", "GET", "/admin/delegations") == {"delegations": [], "total": 0}


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_dag_with_a_nul(server: Airflow, method: str):
    path = f"/dags/daily%00/delegations{'?conn_id=demo' if method == 'DELETE' else ''}"
    options = {"json": WISH} if method == "POST" else {}
    error = server.page("alice", method, path, expect=422, **options)["error"]
    assert (error["code"], error["field"]) == ("invalid_request", "dag_id")


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda server: lapse("carol"), id="lapsed"),
        pytest.param(
            lambda server: server.page("carol", "DELETE", "/accounts/demo/sign-in", json={}), id="signed out"
        ),
    ],
)
def test_the_place_is_free_when_the_delegate_has_to_sign_in(server: Airflow, end: Callable[[Airflow], None]):
    delegate(server, "carol")
    try:
        end(server)
        (seen,) = server.page("carol", "GET", "/dags/daily/delegations")["delegations"]
        assert (seen["is_me"], seen["state"]) == (True, "sign_in_needed")
        assert delegate(server, "bob")["state"] == "active"
    finally:
        sign_in(server, "carol")


def test_it_is_in_force_again_after_signing_in_again(server: Airflow):
    delegate(server, "carol")
    lapse("carol")
    sign_in(server, "carol")
    (seen,) = server.page("carol", "GET", "/dags/daily/delegations")["delegations"]
    assert seen["state"] == "active"
    delegate(server, "bob", expect=409)


def lapse(user: str) -> None:
    """Let a service have refused to refresh a sign-in."""
    from airflow.utils.session import create_session
    from sqlalchemy import update

    from airflow_thirdparty.server.store.models import SignIn

    with create_session(scoped=False) as session:
        values = {"lapsed_at": datetime.now(timezone.utc), "lapsed_text": "refused"}
        session.execute(update(SignIn).where(SignIn.user_name == user).values(**values))


def test_there_is_one_delegate(server: Airflow):
    delegate(server)
    answer = delegate(server, "bob", expect=409)
    assert answer["error"]["code"] == "delegated_by_another"
    assert "alice" not in answer["error"]["message"]


def test_an_admin_sees_those_of_all_dags(server: Airflow):
    delegate(server, pinned=True)
    delegate(server, "bob", dag_id="fired", scheduled=False, asset_events=True)
    seen = server.page("admin", "GET", "/admin/delegations")["delegations"]
    assert [(each["dag_id"], each["user_name"], each["state"], each["pinned"]) for each in seen] == [
        ("daily", "alice", "active", True),
        ("fired", "bob", "active", False),
    ]
    answer = server.page("bob", "GET", "/admin/delegations", expect=403)
    assert answer["error"]["code"] == "not_admin"


@pytest.mark.parametrize(
    ("user", "status"),
    [
        pytest.param("alice", 204, id="the delegate"),
        pytest.param("admin", 204, id="an admin"),
        pytest.param("bob", 403, id="somebody else"),
        pytest.param("viewer", 403, id="a reader"),
    ],
)
def test_who_withdraws(server: Airflow, scheduled, user: str, status: int):
    delegate(server)
    ti_id = server.running(*scheduled)
    server.page(user, "DELETE", "/dags/daily/delegations?conn_id=demo", expect=status)
    acting = server.acting(ti_id)
    if status == 204:
        assert acting.refusal.code == NOBODY
        server.page(user, "DELETE", "/dags/daily/delegations?conn_id=demo", expect=404)
    else:
        assert acting.person.name == "alice"


def test_the_place_is_free_when_the_delegate_is_gone(server: Airflow):
    delegate(server, "carol")
    with server.users.without("carol"):
        (seen,) = server.page("bob", "GET", "/dags/daily/delegations")["delegations"]
        assert seen["state"] == "delegate_gone"
        assert delegate(server, "bob")["user_name"] == "bob"


@pytest.mark.parametrize(
    ("by", "expected"),
    [("alice", "alice"), ("bob", "rerun_by_other_user")],
    ids=["by the delegate", "by another"],
)
def test_reruns_of_a_delegated_run(server: Airflow, by: str, expected: str):
    scheduler.end_backfills()
    scheduler.schedule()
    run_id = scheduler.latest_run("daily", "scheduled")
    delegate(server)
    server.finish(server.running("daily", run_id), "failed")
    scheduler.end("daily", run_id, "failed")
    body = {"dry_run": False, "only_failed": False, "dag_run_id": run_id, "task_ids": ["first"]}
    server.rest(by, "POST", "/dags/daily/clearTaskInstances", json=body)
    assert server.acts_for("daily", run_id) == expected


def test_it_is_in_the_audit_log(server: Airflow):
    delegate(server, pinned=True)
    server.page("admin", "DELETE", "/dags/daily/delegations?conn_id=demo", expect=204)
    rows = server.rest("admin", "GET", "/eventLogs?dag_id=daily&order_by=-id&limit=2")["event_logs"]
    assert [(row["event"], row["owner"]) for row in rows] == [
        ("third_party_account.delegation_withdrawn", "admin"),
        ("third_party_account.delegated", "alice"),
    ]
