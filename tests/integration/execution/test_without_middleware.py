"""An API server that runs without this package's middleware has nothing secret to show."""

from __future__ import annotations

from tests.support.airflow_server import serving_airflow
from tests.support.people import Person
from tests.support.projecting import KEY, SPELLINGS, asked_raw
from tests.support.tasks import RunningTask, task_token


def test_no_mode_of_the_api_server_shows_a_secret(alice: Person, task: RunningTask) -> None:
    """Alone in its module: one application after the other in a process leaves the first unusable."""
    registrations = 0
    for apps in ("execution", "core"):
        with serving_airflow(apps) as other:
            for spelling in SPELLINGS:
                answer = asked_raw(other.url, spelling, task_token(task.id))
                assert KEY not in answer
                assert "client-secret-canary" not in answer
                registrations += "idp.example" in answer
    assert registrations > 0, "the row was shown, so it counts that it holds no secret"
