"""What the other tests stand on: real log-ins, real databases, tasks with tokens of their own."""

from __future__ import annotations

import pytest

from tests.support import databases
from tests.support.databases import Database
from tests.support.people import Person
from tests.support.tasks import Tasks

pytestmark = databases.BOTH


def test_people_log_in_and_are_told_apart(database: Database, alice: Person, bob: Person) -> None:
    for person in (alice, bob):
        for client in (person.rest, person.browser):
            me = client.get("/ui/auth/me")
            assert me.status_code == 200, me.text
            assert me.json()["username"] == person.name


def test_a_user_triggers_and_the_task_starts_with_a_token_of_its_own(alice: Person, tasks: Tasks) -> None:
    tasks.add_dag("triggered_by_alice")
    run_id = alice.trigger("triggered_by_alice")
    running = tasks.start("triggered_by_alice", run_id)
    assert running.connection("unknown").status_code == 404
    tasks.finish(running)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/api/v2/plugins", 200, id="plugins, so that pages show"),
        pytest.param("/api/v2/connections", 403, id="not connections"),
    ],
)
def test_the_role_of_users(bob: Person, path: str, status: int) -> None:
    assert bob.rest.get(path).status_code == status
