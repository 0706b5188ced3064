"""Foreign hands in a run's data: no credential for any question asked after them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import event, select

from airflow_thirdparty.server.store.attributions import DATA, Attribution
from tests.integration.acting.test_who_triggered import command_line
from tests.support.airflow import Airflow

NOBODY = "data_by_other_user"
KEY = "return_value"


def path(run_id: str, key: str = KEY) -> str:
    return f"/dags/by_hand/dagRuns/{run_id}/taskInstances/first/xcomEntries/{key}"


def create(server: Airflow, user: str, run_id: str) -> None:
    body = {"key": "more", "value": "evil", "map_index": -1}
    server.rest(user, "POST", path(run_id, "").rstrip("/"), expect=201, json=body)


def change(server: Airflow, user: str, run_id: str) -> None:
    server.rest(user, "PATCH", path(run_id), json={"value": "evil", "map_index": -1})


def delete(server: Airflow, user: str, run_id: str) -> None:
    server.rest(user, "DELETE", path(run_id), expect=204)


def task_of(server: Airflow, user: str):
    """A running task of another run, which acts for the user; for nobody if they are called so."""
    if user == "nobody":
        return server.start(*command_line(server))
    return server.start("child", server.trigger(user, "child"))


def set_by_a_task(server: Airflow, user: str, run_id: str) -> None:
    url = f"/xcoms/by_hand/{run_id}/first/{KEY}"
    server.execution(task_of(server, user), "POST", url, expect=201, json='"evil"')


def set_anew_by_a_task(server: Airflow, user: str, run_id: str) -> None:
    url = f"/xcoms/by_hand/{run_id}/first/other?mapped_length=3"
    server.execution(task_of(server, user), "POST", url, expect=201, json='"evil"')


def delete_by_a_task(server: Airflow, user: str, run_id: str) -> None:
    server.execution(task_of(server, user), "DELETE", f"/xcoms/by_hand/{run_id}/first/{KEY}")


@dataclass(frozen=True)
class Hand:
    """One way to change the data of a run."""

    name: str
    way: Callable[[Airflow, str, str], None]
    others: tuple[str, ...]


HANDS = [
    Hand("created by REST", create, ("admin",)),
    Hand("changed by REST", change, ("admin",)),
    Hand("deleted by REST", delete, ("admin",)),
    Hand("set by a task of another run", set_by_a_task, ("bob", "nobody")),
    Hand("set anew by a task of another run", set_anew_by_a_task, ("bob", "nobody")),
    Hand("deleted by a task of another run", delete_by_a_task, ("bob", "nobody")),
]
BY_OTHERS = [pytest.param(hand, user, id=f"{hand.name}: {user}") for hand in HANDS for user in hand.others]


def run_of(server: Airflow, user: str) -> str:
    """A run whose first task has returned something."""
    run_id = server.trigger(user)
    ti_id = server.start("by_hand", run_id)
    server.execution(ti_id, "POST", f"/xcoms/by_hand/{run_id}/first/{KEY}", expect=201, json='"good"')
    server.finish(ti_id)
    return run_id


def records(run_id: str) -> list[str]:
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        found = select(Attribution.user_name).where(Attribution.run_id == run_id, Attribution.kind == DATA)
        return list(session.scalars(found))


@contextmanager
def statements() -> Iterator[list[str]]:
    """What requests send to the database meanwhile; housekeeping goes on beside them."""
    from airflow import settings

    from airflow_thirdparty.server.recording import changes

    seen: list[str] = []

    def listen(_connection, _cursor, statement, *_) -> None:
        if changes._current.get() is not None:
            seen.append(statement)

    event.listen(settings.engine, "before_cursor_execute", listen)
    yield seen
    event.remove(settings.engine, "before_cursor_execute", listen)


@pytest.mark.parametrize(("hand", "user"), BY_OTHERS)
def test_data_by_others_ends_it_for_running_tasks_and_for_later_ones(server: Airflow, hand: Hand, user: str):
    run_id = run_of(server, "alice")
    running = server.start("by_hand", run_id, "second")
    server.tasks.started_earlier(running, seconds=3600)
    assert server.acting(running).person.name == "alice"
    hand.way(server, user, run_id)
    refusal = server.acting(running).refusal
    assert refusal.code == NOBODY
    assert "new run" in refusal.remedy
    assert user not in refusal.message.replace("somebody", "")
    assert server.acts_for("by_hand", run_id, "third") == NOBODY
    assert records(run_id) == ["" if user == "nobody" else user]


@pytest.mark.parametrize("hand", [pytest.param(hand, id=hand.name) for hand in HANDS])
def test_data_by_its_own_user_changes_nothing(server: Airflow, hand: Hand):
    user = hand.others[0] if hand.others == ("admin",) else "alice"
    run_id = run_of(server, user)
    hand.way(server, user, run_id)
    assert server.acts_for("by_hand", run_id, "second") == user
    assert records(run_id) == [user]


def test_what_tasks_write_to_their_own_run_costs_one_look_up(server: Airflow):
    run_id = server.trigger("alice")
    ti_id = server.start("by_hand", run_id)
    for method, key, expect in (("POST", KEY, 201), ("POST", KEY, 201), ("DELETE", KEY, 200)):
        with statements() as seen:
            options = {"json": '"good"'} if method == "POST" else {}
            url = f"/xcoms/by_hand/{run_id}/first/{key}"
            server.execution(ti_id, method, url, expect=expect, **options)
        ours = "SELECT task_instance.dag_id, task_instance.run_id"
        assert len([each for each in seen if " ".join(each.split()).startswith(ours)]) == 1
        assert not [each for each in seen if "third_party_attribution" in each]
        assert not [each for each in seen if "SELECT DISTINCT xcom" in each]
    # another task of the same run
    server.execution(ti_id, "POST", f"/xcoms/by_hand/{run_id}/second/{KEY}", expect=201, json='"good"')
    assert records(run_id) == []
    assert server.acts_for("by_hand", run_id, "second") == "alice"


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(lambda server, run_id: server.rest("admin", "GET", path(run_id)), id="read by REST"),
        pytest.param(
            lambda server, run_id: server.execution(
                task_of(server, "bob"), "GET", f"/xcoms/by_hand/{run_id}/first/{KEY}"
            ),
            id="read by a task of another run",
        ),
        pytest.param(
            lambda server, run_id: server.execution(
                task_of(server, "bob"), "DELETE", f"/xcoms/by_hand/{run_id}/first/none"
            ),
            id="deleting one that there is not",
        ),
        pytest.param(
            lambda server, run_id: server.rest("viewer", "DELETE", path(run_id), expect=403),
            id="deleting one is refused",
        ),
        pytest.param(
            lambda server, run_id: server.rest(
                "admin",
                "POST",
                path(run_id, "").rstrip("/"),
                expect=409,
                json={"key": KEY, "value": "evil"},
            ),
            id="creating one that there is already",
        ),
    ],
)
def test_what_changes_no_data_counts_for_nothing(server: Airflow, look):
    run_id = run_of(server, "alice")
    look(server, run_id)
    assert records(run_id) == []
    assert server.acts_for("by_hand", run_id, "second") == "alice"


def test_an_earlier_try_of_ones_own_is_no_foreign_hand(server: Airflow):
    run_id = server.trigger("alice")
    first_try = server.start("by_hand", run_id)
    body = {"dry_run": False, "only_failed": False, "dag_run_id": run_id, "task_ids": ["first"]}
    server.rest("alice", "POST", "/dags/by_hand/clearTaskInstances", json=body)
    url = f"/xcoms/by_hand/{run_id}/first/{KEY}"
    server.execution(first_try, "POST", url, expect=None, json='"late"')
    assert records(run_id) == []
    assert server.acts_for("by_hand", run_id, "second") == "alice"


def test_a_clear_by_its_own_user_does_not_make_up_for_a_foreign_hand(server: Airflow):
    run_id = run_of(server, "alice")
    delete(server, "admin", run_id)
    body = {"dry_run": False, "only_failed": False, "dag_run_id": run_id}
    server.rest("alice", "POST", "/dags/by_hand/clearTaskInstances", json=body)
    assert server.acts_for("by_hand", run_id) == NOBODY


def test_a_hand_that_is_not_seen_changes_nothing(server: Airflow):
    """Variables are everybody's; docs/security.md says so."""
    run_id = run_of(server, "alice")
    url = "/variables/read_by_the_run"
    server.execution(task_of(server, "bob"), "PUT", url, expect=201, json={"value": "evil"})
    assert server.acts_for("by_hand", run_id, "second") == "alice"
