from __future__ import annotations

import pytest

from tests.integration.acting.reruns import RERUNS, Rerun, harmless
from tests.support import scheduler


@pytest.fixture
def run_id(server) -> str:
    """Alice's run: its first task has succeeded, its second has failed."""
    scheduler.forget_runs("by_hand")
    run = server.trigger("alice")
    server.finish(server.start("by_hand", run, "first"))
    server.finish(server.start("by_hand", run, "second"), "failed")
    scheduler.end("by_hand", run, "failed")
    return run


@pytest.mark.parametrize("rerun", [pytest.param(rerun, id=rerun.name) for rerun in RERUNS])
def test_rerun_by_somebody_else_acts_for_nobody(server, run_id, rerun: Rerun):
    rerun.way(server, "bob", run_id)
    assert server.acts_for("by_hand", run_id, "third") == "rerun_by_other_user"


@pytest.mark.parametrize("rerun", [pytest.param(rerun, id=rerun.name) for rerun in RERUNS])
def test_rerun_by_its_own_user_acts_for_that_user(server, run_id, rerun: Rerun):
    rerun.way(server, "alice", run_id)
    expected = "alice" if rerun.on_record else "rerun_by_other_user"
    assert server.acts_for("by_hand", run_id, "third") == expected


@pytest.mark.parametrize("rerun", [pytest.param(rerun, id=rerun.name) for rerun in RERUNS])
def test_own_rerun_does_not_cover_one_by_somebody_else(server, run_id, rerun: Rerun):
    rerun.way(server, "bob", run_id)
    RERUNS[0].way(server, "alice", run_id)
    assert server.acts_for("by_hand", run_id, "third") == "rerun_by_other_user"


@pytest.mark.parametrize("what", list(harmless(None, "", "")))
def test_what_changes_nothing_is_no_rerun(server, run_id, what: str):
    harmless(server, "bob", run_id)[what]()
    assert server.acts_for("by_hand", run_id, "third") == "alice"


def test_automatic_retries_keep_their_user(server, run_id):
    other = server.trigger("alice")
    server.finish(server.start("by_hand", other, "first"))
    first_try = server.start("by_hand", other, "second")
    body = {"state": "up_for_retry", "end_date": "2030-01-01T00:00:00Z"}
    server.execution(first_try, "PATCH", f"/task-instances/{first_try}/state", expect=204, json=body)
    second_try = server.start("by_hand", other, "second")
    assert second_try != first_try
    assert server.acting(second_try).person.name == "alice"
    assert server.acting(first_try) is None
