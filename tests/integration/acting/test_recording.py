"""The record of who caused what: exactly when there is a change, and never at the cost of a request."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from airflow.api_fastapi.core_api.datamodels.dag_run import DAGRunClearBody
from sqlalchemy import event, select, text, update

from airflow_thirdparty.server.recording import changes
from airflow_thirdparty.server.recording import middleware as recording
from airflow_thirdparty.server.store.attributions import Attribution
from tests.support import scheduler, shell
from tests.support.airflow import FAB_KINDS, Airflow

NEWER = [None] if "only_new" in DAGRunClearBody.model_fields else []
"""Where this Airflow can bring new tasks into a run."""

NOBODY = "acting_user_unknown"
ONE = pytest.mark.parametrize("server", FAB_KINDS, indirect=True, scope="module")
pytestmark = ONE


def records(run_id: str) -> list[Attribution]:
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        return list(
            session.scalars(select(Attribution).where(Attribution.run_id == run_id).order_by(Attribution.id))
        )


def rename(table: str, name: str) -> None:
    from airflow import settings

    with settings.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))


def clear(server: Airflow, user: str, run_id: str, expect: int = 200, **body) -> None:
    body = {"dry_run": False, "only_failed": False, "dag_run_id": run_id, **body}
    server.rest(user, "POST", "/dags/by_hand/clearTaskInstances", expect=expect, json=body)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    from airflow import settings

    seen: list[str] = []

    def listen(_connection, _cursor, statement, *_) -> None:
        seen.append(statement)

    event.listen(settings.engine, "before_cursor_execute", listen)
    yield seen
    event.remove(settings.engine, "before_cursor_execute", listen)


def test_what_a_record_says(server: Airflow):
    (record,) = records(server.trigger("alice"))
    assert (record.kind, record.dag_id, record.attributed, record.user_name) == (
        "run",
        "by_hand",
        True,
        "alice",
    )
    assert record.run_pk
    assert record.run_created
    assert record.user_created


def test_a_clear_that_was_refused_leaves_no_record(server: Airflow):
    run_id = server.trigger("alice")
    clear(server, "viewer", run_id, expect=403)
    clear(server, "bob", "none", expect=404)
    assert [record.kind for record in records(run_id)] == ["run"]


def test_a_clear_that_was_rolled_back_leaves_no_record(server: Airflow):
    run_id = server.trigger("alice")
    server.start("by_hand", run_id)
    clear(server, "bob", run_id, expect=409, prevent_running_task=True)
    assert [record.kind for record in records(run_id)] == ["run"]


def test_one_clear_is_one_record_however_many_tasks(server: Airflow):
    run_id = server.trigger("alice")
    clear(server, "bob", run_id)
    assert [(record.kind, record.clears) for record in records(run_id)] == [("run", 0), ("rerun", 1)]


def test_a_backfill_is_on_record_with_its_runs(server: Airflow):
    from airflow.utils.session import create_session

    scheduler.end_backfills()
    number = server.backfill("alice", "2024-05-01")
    with create_session(scoped=False) as session:
        rows = session.scalars(
            select(Attribution).where(Attribution.backfill_id == number).order_by(Attribution.id)
        ).all()
    assert [(row.kind, row.user_name) for row in rows] == [("backfill", "alice"), ("run", "alice")]


def test_runs_in_the_past_that_a_state_reaches_are_on_record(server: Airflow):
    """Airflow's answer names the one run only."""
    scheduler.end_backfills()
    server.backfill("alice", "2024-06-01")
    older = scheduler.latest_run("daily", "backfill")
    scheduler.end_backfills()
    server.backfill("alice", "2024-06-02")
    newer = scheduler.latest_run("daily", "backfill")
    server.start("daily", older)
    path = f"/dags/daily/dagRuns/{newer}/taskInstances/first"
    server.rest("bob", "PATCH", path, json={"new_state": "success", "include_past": True})
    assert [(record.kind, record.user_name) for record in records(older)] == [
        ("run", "alice"),
        ("rerun", "bob"),
    ]
    assert server.acts_for("daily", older, "second") == "rerun_by_other_user"


@pytest.mark.parametrize(
    ("by", "expected"), [("alice", "alice"), ("bob", "rerun_by_other_user"), (None, "rerun_by_other_user")]
)
def test_a_backfill_that_reprocesses_a_run(server: Airflow, by: str | None, expected: str):
    day = {"alice": "2024-07-01", "bob": "2024-07-02", None: "2024-07-03"}[by]
    scheduler.end_backfills()
    server.backfill("alice", day)
    run_id = scheduler.latest_run("daily", "backfill")
    server.finish(server.start("daily", run_id), "failed")
    scheduler.end("daily", run_id, "failed")
    scheduler.end_backfills()
    if by:
        server.backfill(by, day, reprocess_behavior="completed")
    else:
        words = ["--dag-id", "daily", "--from-date", day, "--to-date", day]
        shell.run_here("backfill", "create", *words, "--reprocess-behavior", "completed", LOGNAME="alice")
    assert server.acts_for("daily", run_id) == expected


@pytest.mark.parametrize("version", NEWER)
def test_a_new_task_that_somebody_else_adds_to_a_run(server: Airflow, version: None):
    """Clearing a run with only_new brings tasks of the latest code into it and clears none."""
    run_id = server.trigger("alice")
    file = server.dags / "lineage.py"
    before = file.read_text()
    try:
        more = "with by_hand:\n    @task\n    def added(): ...\n    added()\n"
        file.write_text(f"{before}\n{more}")
        scheduler.load_dags(server.dags)
        body = {"dry_run": False, "only_new": True}
        server.rest("bob", "POST", f"/dags/by_hand/dagRuns/{run_id}/clear", json=body)
        assert server.acts_for("by_hand", run_id) == "rerun_by_other_user"
    finally:
        file.write_text(before)
        scheduler.load_dags(server.dags)


def test_a_task_that_runs_already_keeps_its_user(server: Airflow):
    run_id = server.trigger("alice")
    ti_id = server.start("by_hand", run_id)
    server.tasks.started_earlier(ti_id, seconds=120)
    clear(server, "bob", run_id, task_ids=["third"])
    assert server.acting(ti_id).person.name == "alice"
    assert server.acts_for("by_hand", run_id, "third") == "rerun_by_other_user"


def test_when_nothing_can_be_recorded_the_request_still_succeeds(
    server: Airflow, monkeypatch: pytest.MonkeyPatch, caplog
):
    counted = []
    monkeypatch.setattr(recording.metrics, "attribution_not_recorded", lambda: counted.append(1))
    rename("third_party_attribution", "third_party_attribution_mislaid")
    try:
        with caplog.at_level(logging.ERROR):
            run_id = server.trigger("alice")
    finally:
        rename("third_party_attribution_mislaid", "third_party_attribution")
    assert counted == [1]
    assert "it acts for nobody" in caplog.text
    assert records(run_id) == []
    assert server.acts_for("by_hand", run_id) == NOBODY


def test_when_the_person_cannot_be_filled_in_the_run_acts_for_nobody(
    server: Airflow, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recording, "attribute", None)
    run_id = server.trigger("alice")
    monkeypatch.undo()
    (record,) = records(run_id)
    assert (record.attributed, record.user_id) == (False, "")
    ti_id = server.start("by_hand", run_id)
    assert server.acting(ti_id, later=0).refusal.code == "service_unavailable"
    assert server.acting(ti_id).refusal.code == NOBODY


def test_a_rerun_whose_person_cannot_be_filled_in_acts_for_nobody(
    server: Airflow, monkeypatch: pytest.MonkeyPatch
):
    run_id = server.trigger("alice")
    monkeypatch.setattr(recording, "attribute", None)
    clear(server, "alice", run_id, reset_dag_runs=False)
    monkeypatch.undo()
    assert server.acts_for("by_hand", run_id) == "rerun_by_other_user"


def test_a_row_that_is_not_this_requests_is_not_settled(server: Airflow):
    """SQLite gives the id of a rolled back row away again."""
    from airflow.utils.session import create_session

    from airflow_thirdparty.server.people.person import Person
    from airflow_thirdparty.server.store.attributions import Recording, attribute

    run_id = server.trigger("alice")
    (record,) = records(run_id)
    with create_session(scoped=False) as session:
        session.execute(
            update(Attribution).where(Attribution.id == record.id).values(attributed=False, user_id="")
        )
        attribute(session, Recording(written=[record.id]), Person("fab", "666", "", "mallory"))
    (record,) = records(run_id)
    assert (record.attributed, record.user_id) == (False, "")


def test_the_user_is_the_one_airflow_took(server: Airflow):
    """A bearer token wins over the cookie of somebody else, as in Airflow itself."""
    from airflow.api_fastapi.app import get_auth_manager

    users = server.users.by_name()
    tokens = {name: get_auth_manager().generate_jwt(users[name]) for name in ("alice", "bob")}
    server.client.cookies.set("_token", tokens["bob"])
    headers = {"Authorization": f"Bearer {tokens['alice']}"}
    answer = server.client.post(
        "/api/v2/dags/by_hand/dagRuns", json={"logical_date": None}, headers=headers
    ).json()
    server.client.cookies.clear()
    (record,) = records(answer["dag_run_id"])
    assert record.user_name == answer["triggering_user_name"]


def test_other_requests_are_not_touched(server: Airflow):
    ti_id = server.start("by_hand", server.trigger("alice"))
    with statements() as seen:
        server.rest("alice", "GET", "/dags")
        server.rest("alice", "PATCH", "/dags/child", json={"is_paused": False})
        server.rest("admin", "POST", "/variables", expect=201, json={"key": ti_id.hex, "value": "1"})
        server.execution(ti_id, "PUT", f"/task-instances/{ti_id}/heartbeat", expect=204, json=HEARTBEAT)
        server.finish(ti_id)
    assert not [statement for statement in seen if "third_party_attribution" in statement]


HEARTBEAT = {"hostname": "localhost", "pid": 1}


def test_a_fetch_takes_one_query_for_the_person(server: Airflow):
    from airflow.utils.session import create_session

    from airflow_thirdparty.server.broker.acting.queries import gather
    from airflow_thirdparty.server.broker.database import utcnow

    ti_id = server.start("by_hand", server.trigger("alice"))

    def least() -> int:
        with create_session(scoped=False) as session, statements() as seen:
            gather(session, ti_id, "demo", utcnow())
        return len(seen)

    # what runs in the background comes on top
    assert min(least() for _ in range(3)) == 1


def test_a_task_reports_its_own_state_without_leaving_a_record(server: Airflow):
    run_id = server.trigger("alice")
    server.finish(server.start("by_hand", run_id), "failed")
    assert [record.kind for record in records(run_id)] == ["run"]


def test_nothing_is_noted_outside_of_requests(server: Airflow):
    """The scheduler, the command line and background work have no journal."""
    assert changes._current.get() is None
    shell.run_here("dags", "trigger", "by_hand", LOGNAME="alice")
    assert records(scheduler.latest_run("by_hand")) == []
