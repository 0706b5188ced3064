"""People leave, sign-ins are forgotten, rows grow old: `prune` and `sign-out` on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone

import pytest
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from sqlalchemy import delete, func, select, update

from airflow_thirdparty.server.broker.database import in_transaction
from airflow_thirdparty.server.broker.housekeeping import pruning
from airflow_thirdparty.server.store.attributions import Attribution
from airflow_thirdparty.server.store.delegations import Delegation
from airflow_thirdparty.server.store.models import Bookmark, SignIn
from airflow_thirdparty.server.store.usage import Usage
from tests.support import databases, loopback
from tests.support.people import Person
from tests.support.services import Service
from tests.support.shell import run_here, run_ours
from tests.support.tasks import Tasks

pytestmark = databases.BOTH

DAG_ID = "who_am_i"


def signed_in() -> set[tuple[str, str]]:
    with create_session(scoped=False) as session:
        return {(row.user_name, row.conn_id) for row in session.scalars(select(SignIn))}


def how_many(model: type) -> int:
    with create_session(scoped=False) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def set_active(name: str, active: bool) -> None:
    from airflow.providers.fab.auth_manager.models import User

    with create_session(scoped=False) as session:
        session.execute(update(User).where(User.username == name).values(active=active))


def works(service: Service, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return loopback.get(f"{service.issuer}/me", headers=headers).status_code == 200


@pytest.fixture
def account(register: Callable[..., str], alice: Person, bob: Person) -> Iterator[str]:
    """An account that Alice and Bob have signed in to."""
    conn_id = register()
    for person in (alice, bob):
        assert person.sign_in(conn_id).status_code == 200
    yield conn_id
    with create_session(scoped=False) as session:
        for model in (SignIn, Delegation, Usage):
            session.execute(delete(model))


@pytest.fixture
def bob_leaves() -> Iterator[Callable[[], None]]:
    yield lambda: set_active("bob", False)
    set_active("bob", True)


def test_departed_users_are_signed_out_after_a_dry_run(
    capsys, account: str, alice: Person, bob: Person, bob_leaves, service: Service, tasks: Tasks
):
    tasks.add_dag(DAG_ID)
    tokens = {
        person.name: tasks.start(DAG_ID, person.trigger(DAG_ID)).connection(account).json()["password"]
        for person in (alice, bob)
    }
    for dag_id in (DAG_ID,):
        path = f"/third-party-accounts/api/v1/dags/{dag_id}/delegations"
        made = bob.browser.post(path, json={"conn_id": account, "scheduled": True})
        assert made.status_code == 200, made.text
    bob_leaves()

    ended = run_ours(capsys, "prune", "--departed")
    status, said = ended.status, ended.said
    assert status == 0
    assert "bob" in said
    assert "alice" not in said
    assert "has been deactivated" in said
    assert "Nothing was changed" in said
    assert signed_in() == {("alice", account), ("bob", account)}
    assert works(service, tokens["bob"])

    ended = run_ours(capsys, "prune", "--departed", "--yes")
    status, said = ended.status, ended.said
    assert status == 0, said
    assert "revoked at the service" in said
    assert signed_in() == {("alice", account)}
    assert how_many(Delegation) == 0
    assert not works(service, tokens["bob"])
    assert works(service, tokens["alice"])


def test_sign_ins_go_only_where_an_option_says_so(capsys, account: str, bob_leaves):
    bob_leaves()
    run_ours(capsys, "prune", "--yes")
    assert signed_in() == {("alice", account), ("bob", account)}


def test_idle_sign_ins(capsys, account: str, alice: Person, bob: Person, tasks: Tasks):
    long_ago = datetime.now(timezone.utc) - timedelta(days=40)
    with create_session(scoped=False) as session:
        session.execute(update(SignIn).values(signed_in_at=long_ago, refreshed_at=None))
    tasks.add_dag(DAG_ID)
    assert tasks.start(DAG_ID, alice.trigger(DAG_ID)).connection(account).status_code == 200
    wait_for(lambda: how_many(Usage) == 1)
    assert "\n0 sign-ins" in run_ours(capsys, "prune", "--idle", "50").said
    said = run_ours(capsys, "prune", "--idle", "30", "--yes").said
    assert f"not used since {long_ago:%Y-%m-%d}" in said
    assert signed_in() == {("alice", account)}


def wait_for(condition: Callable[[], bool]) -> None:
    import time

    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_orphaned_sign_ins(capsys, account: str, admin: Person):
    assert "\n0 sign-ins" in run_ours(capsys, "prune", "--orphaned").said
    admin.rest.delete(f"/api/v2/connections/{account}")
    assert "2 sign-ins" in run_ours(capsys, "prune", "--orphaned").said
    run_ours(capsys, "prune", "--orphaned", "--yes")
    assert signed_in() == set()


def test_an_account_made_anew_has_its_sign_ins_only_where_it_points_to_the_same_place(
    account: str, admin: Person, alice: Person, service: Service
):
    same = service.connection(account)
    for body, status in ((same, "signed_in"), ({**same, "login": "another-client"}, "account_changed")):
        admin.rest.delete(f"/api/v2/connections/{account}")
        assert admin.rest.post("/api/v2/connections", json=body).status_code == 201
        seen = alice.browser.get(f"/third-party-accounts/api/v1/accounts/{account}").json()
        assert seen["status"] == status


def test_a_sign_in_that_goes_for_two_reasons_goes_once(capsys, account: str, bob_leaves):
    bob_leaves()
    long_ago = datetime.now(timezone.utc) - timedelta(days=40)
    with create_session(scoped=False) as session:
        session.execute(update(SignIn).values(signed_in_at=long_ago, refreshed_at=None))
    said = run_ours(capsys, "prune", "--departed", "--idle", "30").said
    assert "2 sign-ins" in said
    assert said.count("bob") == 1


@pytest.mark.parametrize(
    ("words", "status", "left"),
    [
        pytest.param(["--user", "alice"], 0, {"bob"}, id="a user"),
        pytest.param(["--user", "alice", "--account", "service_a"], 0, {"bob"}, id="of one account"),
        pytest.param(["--user", "alice", "--account", "service_b"], 1, {"alice", "bob"}, id="of another"),
        pytest.param(["--user", "ALICE"], 1, {"alice", "bob"}, id="a name that differs in case"),
        pytest.param(["--user", "nobody"], 1, {"alice", "bob"}, id="nobody"),
        pytest.param(["--all"], 0, set(), id="everybody"),
        pytest.param(["--all", "--account", "service_a"], 0, set(), id="everybody, of one account"),
        pytest.param(["--all", "--account", "service_b"], 1, {"alice", "bob"}, id="everybody, of another"),
        pytest.param(["--all", "--dry-run"], 0, {"alice", "bob"}, id="everybody, a dry run"),
        pytest.param(["--all", "--user", "alice"], 2, {"alice", "bob"}, id="everybody and a user"),
        pytest.param([], 2, {"alice", "bob"}, id="nobody named"),
    ],
)
def test_sign_out(capsys, account: str, words: list[str], status: int, left: set[str]):
    ended = run_ours(capsys, "sign-out", *words)
    done, said = ended.status, ended.said
    assert done == status, said
    assert {name for name, _ in signed_in()} == left


def test_a_sign_out_by_an_admin_is_in_the_audit_log(capsys, account: str, admin: Person):
    run_ours(capsys, "sign-out", "--user", "alice")
    (row, *_) = admin.rest.get("/api/v2/eventLogs?event=third_party_account.sign_out&order_by=-id").json()[
        "event_logs"
    ]
    assert row["owner"] == "command line"
    assert "alice" in row["extra"]


def test_records_go_with_their_runs(capsys, alice: Person, tasks: Tasks):
    tasks.add_dag(DAG_ID)
    kept, gone = alice.trigger(DAG_ID), alice.trigger(DAG_ID)
    with create_session(scoped=False) as session:
        old = {"state": "success", "start_date": datetime(2020, 1, 1, tzinfo=timezone.utc)}
        session.execute(update(DagRun).where(DagRun.run_id == gone).values(**old))
        before = datetime.now(timezone.utc) - 2 * pruning.SETTLING
        session.execute(update(Attribution).values(at=before))
    run_here("db", "clean", "--clean-before-timestamp", "2021-01-01", "--skip-archive", "--yes")
    run_ours(capsys, "prune")
    assert {kept, gone} <= recorded_runs()
    run_ours(capsys, "prune", "--yes")
    assert kept in recorded_runs()
    assert gone not in recorded_runs()


def recorded_runs() -> set[str | None]:
    with create_session(scoped=False) as session:
        return set(session.scalars(select(Attribution.run_id)))


def test_background_work_prunes_step_by_step(alice: Person, tasks: Tasks, monkeypatch: pytest.MonkeyPatch):
    tasks.add_dag(DAG_ID)
    runs = [alice.trigger(DAG_ID) for _ in range(4)]
    now = datetime.now(timezone.utc)
    with create_session(scoped=False) as session:
        session.execute(delete(DagRun).where(DagRun.run_id.in_(runs)))
        session.execute(update(Attribution).values(at=now - 2 * pruning.SETTLING))
        session.execute(delete(Attribution).where(Attribution.run_id.notin_(runs)))
    monkeypatch.setattr(pruning, "AT_ONCE", 3)
    pruned = []
    for _ in range(3):
        with create_session(scoped=False) as session:
            pruned.append(pruning.step(session, now)[0].attributions)
    assert pruned == [3, 1, 0]


def test_records_that_stay_keep_no_later_ones_from_going(
    alice: Person, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
):
    tasks.add_dag(DAG_ID)
    kept = [alice.trigger(DAG_ID) for _ in range(3)]
    gone = [alice.trigger(DAG_ID) for _ in range(4)]
    now = datetime.now(timezone.utc)
    with create_session(scoped=False) as session:
        session.execute(delete(DagRun).where(DagRun.run_id.in_(gone)))
        session.execute(update(Attribution).values(at=now - 2 * pruning.SETTLING))
        session.execute(delete(Attribution).where(Attribution.run_id.notin_([*kept, *gone])))
        session.execute(delete(Bookmark))
    monkeypatch.setattr(pruning, "AT_ONCE", 3)
    pruned = []
    for _ in range(4):  # the last of which begins anew
        with create_session(scoped=False) as session:
            done, more = pruning.step(session, now)
        pruned.append((done.attributions, more))
    assert pruned == [(0, True), (3, True), (1, False), (0, True)]
    assert recorded_runs() == set(kept)


def test_everything_is_pruned_in_steps(alice: Person, tasks: Tasks, monkeypatch: pytest.MonkeyPatch):
    tasks.add_dag(DAG_ID)
    runs = [alice.trigger(DAG_ID) for _ in range(5)]
    now = datetime.now(timezone.utc)
    with create_session(scoped=False) as session:
        session.execute(delete(DagRun).where(DagRun.run_id.in_(runs)))
        session.execute(update(Attribution).values(at=now - 2 * pruning.SETTLING))
    monkeypatch.setattr(pruning, "AT_ONCE", 2)
    told: list[int] = []
    pruned = pruning.everything(in_transaction, now, lambda so_far: told.append(so_far.attributions))
    assert pruned.attributions >= 5
    assert recorded_runs().isdisjoint(runs)
    assert told == sorted(told)
    assert told[0] <= 2


def test_a_later_dag_of_the_same_id_does_not_find_a_delegation(account: str, bob: Person, tasks: Tasks):
    from airflow.models.dag import DagModel

    tasks.add_dag("short_lived")
    path = "/third-party-accounts/api/v1/dags/short_lived/delegations"
    assert bob.browser.post(path, json={"conn_id": account, "scheduled": True}).status_code == 200
    with create_session(scoped=False) as session:
        session.execute(delete(DagModel).where(DagModel.dag_id == "short_lived"))
    with create_session(scoped=False) as session:
        assert pruning.step(session, datetime.now(timezone.utc))[0].delegations == 1
