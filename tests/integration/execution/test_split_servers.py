"""People go to one API server and tasks to another, which has no auth manager: each a process of its own."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from airflow_thirdparty.wire import PROJECTION_KEY, TokenRequest
from tests.support import api_processes, loopback
from tests.support.airflow_server import AirflowServer, configured
from tests.support.databases import Database
from tests.support.people import Person
from tests.support.projecting import ACME, DAG_ID, KEY, REGISTRATION, SPELLINGS, asked_raw
from tests.support.tasks import RunningTask, Tasks, task_token

APP = "airflow_thirdparty.execution_server:app"
HEALTH = "/third-party-accounts/health"
COMMANDS = {
    "uvicorn": f"uvicorn {APP} --timeout-worker-healthcheck 120 --workers 1 --host 127.0.0.1 --port {{port}}",
    "gunicorn": f"gunicorn {APP} --preload --worker-class uvicorn.workers.UvicornWorker "
    "--timeout 120 --workers 2 --bind 127.0.0.1:{port}",
}
"""As the documentation says."""


@dataclass(frozen=True)
class Servers:
    """Both servers on one database.

    :param people: address of the one with pages and REST
    :param tasks: address of the one with the Execution API
    """

    people: str
    tasks: str


@pytest.fixture(scope="module")
def database_kind() -> str:
    return "postgres"


@pytest.fixture(scope="module")
def of_people(database: Database) -> Iterator[Servers]:
    """The one with pages and REST, which is told where the other one is going to be."""
    ports = api_processes.free_port(), api_processes.free_port()
    people, tasks = (f"http://localhost:{port}" for port in ports)
    core = ["airflow", "api-server", "--apps", "core", "--host", "127.0.0.1", "--port", str(ports[0])]
    with (
        configured("api", base_url=people),
        configured("core", execution_api_server_url=f"{tasks}/execution/"),
        api_processes.serving(core, people, "/api/v2/version"),
    ):
        yield Servers(people, tasks)


@pytest.fixture(scope="module", params=COMMANDS)
def servers(of_people: Servers, request: pytest.FixtureRequest) -> Iterator[Servers]:
    execution = COMMANDS[request.param].format(port=of_people.tasks.rpartition(":")[2]).split()
    with api_processes.serving(execution, of_people.tasks, "/execution/health"):
        api_processes.warm(of_people.tasks, 2)
        yield of_people


@pytest.fixture(scope="module")
def airflow_server(servers: Servers) -> AirflowServer:
    """Where people go; what runs in that process cannot be reached from here."""
    return AirflowServer(servers.people, app=None, loop=None)  # type: ignore[arg-type]


@pytest.fixture
def tasks(servers: Servers) -> Iterator[Tasks]:
    maker = Tasks(servers.tasks)
    yield maker
    maker.close()


def test_each_says_that_it_is_well(servers: Servers) -> None:
    for url in (servers.people, servers.tasks):
        answer = loopback.get(f"{url}{HEALTH}", timeout=60)
        assert answer.json() == {
            "status": "healthy",
            "checks": {"fernet_key": "ok", "migrations": "ok", "base_url": "ok", "middlewares": "ok"},
        }


def test_a_task_acts_for_the_person_who_triggered(
    alice: Person, bob: Person, tasks: Tasks, task: RunningTask
) -> None:
    assert task.connection(ACME).json()["password"] == KEY
    assert task.ask(ACME).json()["password"] == KEY
    of_bob = tasks.start(DAG_ID, bob.trigger(DAG_ID)).ask(ACME)
    refusal = json.loads(of_bob.json()["extra"])[PROJECTION_KEY]["refusal"]
    assert refusal["code"] == "sign_in_required"


def test_a_child_run_acts_for_its_parents_person(tasks: Tasks, task: RunningTask) -> None:
    run_id = f"child-{uuid.uuid4().hex}"
    made = task.worker.post(f"/execution/dag-runs/{DAG_ID}/{run_id}", json={})
    assert made.status_code == 204, made.text
    assert tasks.start(DAG_ID, run_id).connection(ACME).json()["password"] == KEY


def test_only_a_running_task_is_answered(tasks: Tasks, task: RunningTask) -> None:
    tasks.finish(task)
    for asked_id in (ACME, TokenRequest(ACME).encode()):
        for worker in (task.worker, tasks.worker(uuid.uuid4()), tasks.worker(uuid.UUID(int=0))):
            answer = worker.get(f"/execution/connections/{asked_id}").text
            assert not [word for word in (KEY, *REGISTRATION) if word in answer]


@pytest.mark.parametrize("who", ["the task", "no task"])
def test_no_spelling_goes_round_either_server(servers: Servers, task: RunningTask, who: str) -> None:
    token = task_token(task.id if who == "the task" else uuid.uuid4())
    for url in (servers.people, servers.tasks):
        answers = {spelling: asked_raw(url, spelling, token) for spelling in SPELLINGS}
        for spelling, answer in answers.items():
            assert not [word for word in REGISTRATION if word in answer], spelling
            assert KEY not in answer or (who, url) == ("the task", servers.tasks), spelling
        assert (KEY in answers[SPELLINGS[0]]) is ((who, url) == ("the task", servers.tasks))


def test_neither_serves_the_others_work(servers: Servers, alice: Person, task: RunningTask) -> None:
    paths = ["/third-party-accounts/", "/third-party-accounts/api/v1/accounts", "/api/v2/connections"]
    for path in paths:
        answer = loopback.get(f"{servers.tasks}{path}", headers=alice.rest.headers)
        assert answer.status_code == 404, path


@contextlib.contextmanager
def started_without_us() -> Iterator[str]:
    url = f"http://localhost:{api_processes.free_port()}"
    port = url.rpartition(":")[2]
    command = ["airflow", "api-server", "--apps", "execution", "--host", "127.0.0.1", "--port", port]
    with api_processes.serving(command, url, "/execution/health"):
        yield url


@pytest.mark.parametrize("servers", ["uvicorn"], indirect=True, scope="module")
def test_airflows_own_execution_server_has_nothing_secret_and_is_not_healthy(task: RunningTask) -> None:
    with started_without_us() as url:
        for spelling in SPELLINGS:
            answer = asked_raw(url, spelling, task_token(task.id))
            assert KEY not in answer, spelling
            assert "client-secret-canary" not in answer, spelling
        assert loopback.get(f"{url}{HEALTH}").status_code == 404
