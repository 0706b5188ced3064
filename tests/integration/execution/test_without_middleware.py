"""An API server that runs without this package's middleware has nothing secret to show.

One test in a module of its own: one application after the other in a process can leave the first unusable.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.airflow_server import serving_airflow
from tests.support.people import Person
from tests.support.projecting import ACME, KEY, SPELLINGS, asked_raw
from tests.support.tasks import RunningTask, task_token


def test_nothing_secret_without_the_middleware(alice: Person, task: RunningTask) -> None:
    shown = [*said_in_process(), *said_by_other_modes(task)]
    for answer in shown:
        assert KEY not in answer
        assert "client-secret-canary" not in answer
    assert any("idp.example" in answer for answer in shown), "the row was shown, and it holds no secret"


def said_in_process() -> Iterator[str]:
    """What the API says that triggerer, DAG processor and ``dag.test()`` run within themselves."""
    from airflow.sdk.api.client import Client
    from airflow.sdk.execution_time.supervisor import in_process_api_server

    client = Client(base_url=None, token="", dry_run=True, transport=in_process_api_server().transport)
    client.base_url = "http://in-process.invalid./"
    yield repr(client.connections.get(ACME))


def said_by_other_modes(task: RunningTask) -> Iterator[str]:
    """What ``airflow api-server --apps …`` says."""
    for apps in ("execution", "core"):
        with serving_airflow(apps) as other:
            for spelling in SPELLINGS:
                yield asked_raw(other.url, spelling, task_token(task.id))
