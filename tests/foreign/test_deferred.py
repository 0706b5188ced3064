"""Triggers of other providers act as the person, for as long as they wait and when they are ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.jobs.triggerer_job_runner import TriggerRunner
from airflow.sdk.execution_time import task_runner

from airflow_thirdparty.exceptions import SignInRequired
from airflow_thirdparty.hooks import deferrals
from airflow_thirdparty.triggers import foreign
from airflow_thirdparty.triggers.foreign import ForeignTrigger
from airflow_thirdparty.wire import PROJECTION_KEY
from tests.foreign import servers
from tests.foreign.cases import ACCOUNT, BATCH, GROUP, LOGIN, TOKEN, Case, installed
from tests.foreign.supervisor import Supervisor, projected
from tests.foreign.vendors import lead_to, serving
from tests.support.accounts import Accounts
from tests.support.airflow_server import AirflowServer
from tests.support.people import Person
from tests.support.projecting import ACME, DAG_ID
from tests.support.signing_in import api
from tests.support.tasks import RunningTask, Tasks
from tests.support.versions import DEFERS

pytestmark = DEFERS

NEW = "the-next-credential-of-alice"
IN_FOREIGN = pytest.mark.skipif(GROUP != "foreign", reason="its package is in another environment")
TIMEOUT = 60


class InTriggerer:
    """A trigger as a triggerer runs it, with Airflow's own code for running and ending it.

    :param trigger: ours, around another provider's
    :param ti_id: id of its task instance
    """

    def __init__(self, trigger: Any, ti_id: str = "ti-of-alice") -> None:
        trigger._task_instance = SimpleNamespace(
            id=ti_id,
            dag_id=DAG_ID,
            run_id="run",
            task_id="work",
            try_number=1,
            map_index=-1,
            context_carrier=None,
        )
        self._runner = TriggerRunner()
        details: Any = {"name": "trigger", "events": 0, "task": None}
        self._runner.triggers[1] = details
        details["task"] = self.task = asyncio.create_task(self._runner.run_trigger(1, trigger))

    async def event(self) -> Any:
        """What it fires."""
        await asyncio.wait_for(self.task, TIMEOUT)
        [entry] = self._runner.events
        return entry.event.payload

    async def killed(self) -> None:
        """End it as a triggerer does when somebody has marked its task."""
        self._runner.to_cancel.append(1)
        await self._runner.cancel_triggers()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(self.task, TIMEOUT)


@pytest.fixture(autouse=True)
def fires_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "SETTLES", 0.0)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A triggerer's own way to connections knows none."""
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", Supervisor({}), raising=False)


@pytest.fixture
def exchanged(monkeypatch: pytest.MonkeyPatch, nobody: None) -> Callable[..., None]:
    """Has grants exchanged for connections without a server."""

    async def mask(secret: str) -> None: ...

    monkeypatch.setattr(foreign, "mask", mask)

    def for_connections(connections: Callable[[str], dict[str, Any]]) -> None:
        class Exchange:
            def __init__(self, conn_id: str, sealed: str) -> None:
                self.grant = sealed

            async def ask(self, **_: Any) -> dict[str, Any]:
                return {"token": TOKEN, "connection": connections(self.grant), "expires_at": None}

        monkeypatch.setattr(foreign, "Exchange", Exchange)

    return for_connections


@pytest.mark.parametrize(
    "case",
    [case for case in installed() if case.trigger],
    ids=lambda case: f"{case.provider}: {case.name}",
)
async def test_it_acts_as_the_person(
    case: Case,
    trusted: Path,
    monkeypatch: pytest.MonkeyPatch,
    exchanged: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(deferrals, "_grant", lambda conn_id: "grant")
    with serving(case, trusted, monkeypatch) as seen:
        exchanged(lambda grant: projected(case, seen, for_trigger=True))
        names: dict[str, Any] = {"ID": ACCOUNT, "PORT": seen.port}
        exec(case.trigger, names)
        acting = deferrals.acting(names["trigger"])
        assert isinstance(acting, ForeignTrigger)
        event = await InTriggerer(acting).event()
    with capsys.disabled():
        name = type(names["trigger"]).__name__
        print(f"\n{case.provider:<18} {name:<40} {case.entry:<16} acts as the person while it waits", end="")
    assert not isinstance(event, dict) or event.get("status") not in ("error", "failure", "timeout"), event
    assert seen.accepted, "nothing reached the service"
    assert case.asks_first or not seen.refused, "something reached the service without the credential"


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[servers.Seen]:
    """A server behind SSH that knows two passwords of alice's."""
    with servers.running(servers.sftp) as seen:
        seen.passwords = {TOKEN, NEW}
        yield seen


@pytest.fixture
def account(admin: Person, alice: Person, tasks: Tasks, mailbox: servers.Seen) -> Iterator[None]:
    tasks.add_dag(DAG_ID)
    accounts = Accounts(admin)
    accounts.add(
        ACME,
        f"sftp://127.0.0.1:{mailbox.port}",
        kind="basic",
        service="custom",
        issuer="https://idp.example",
        scopes=None,
        expose_as="sftp",
        expose_options={"host_key": " ".join(mailbox.host_key.split()[:2])},
    )
    sign_in(alice, TOKEN)
    yield
    accounts.remove_all()


def sign_in(person: Person, password: str) -> None:
    answer = person.browser.post(f"{api(ACME)}/sign-in", json={"login": LOGIN, "key": password})
    assert answer.status_code == 200, answer.text


async def until(ready: Callable[[], object], what: str) -> None:
    for _ in range(TIMEOUT * 20):
        if ready():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(what)


@pytest.fixture
def waiting(
    account: None,
    alice: Person,
    tasks: Tasks,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    airflow_server: AirflowServer,
) -> tuple[ForeignTrigger, RunningTask]:
    """A trigger of the SFTP provider, with a real grant, that waits for a file and asks all the time."""
    task = tasks.start(DAG_ID, alice.trigger(DAG_ID))
    answer = task.ask(ACME, grant=True)
    grant = json.loads(answer.json()["extra"])[PROJECTION_KEY]["grant"]
    trigger = ForeignTrigger(
        classpath="airflow.providers.sftp.triggers.sftp.SFTPTrigger",
        arguments={"path": str(tmp_path / "arrives"), "sftp_conn_id": ACME, "poke_interval": 0.1},
        grants={ACME: grant},
    )
    tasks.defer(task, trigger)
    monkeypatch.setattr(foreign, "LONGEST", 0.2)  # between two exchanges
    monkeypatch.setattr(foreign, "SHORTEST", 0.2)
    return trigger, task


@IN_FOREIGN
async def test_its_grant_is_renewed_while_it_waits(
    waiting: tuple[ForeignTrigger, RunningTask],
    nobody: None,
    alice: Person,
    mailbox: servers.Seen,
    tmp_path: Path,
) -> None:
    trigger, task = waiting
    run = InTriggerer(trigger, str(task.id))
    await until(lambda: TOKEN in mailbox.accepted, "it asked with the first password")
    await asyncio.to_thread(sign_in, alice, NEW)
    await until(lambda: NEW in mailbox.accepted, "it asked with the next one")
    last = len(mailbox.accepted)
    (tmp_path / "arrives").touch()
    assert (await run.event())["status"] == "success"
    assert set(mailbox.accepted[last - 1 :]) == {NEW}
    assert mailbox.refused == []


@IN_FOREIGN
async def test_it_ends_in_words_once_she_has_signed_out(
    waiting: tuple[ForeignTrigger, RunningTask], nobody: None, alice: Person, mailbox: servers.Seen
) -> None:
    trigger, task = waiting
    run = InTriggerer(trigger, str(task.id))
    await until(lambda: TOKEN in mailbox.accepted, "it asked with her password")
    headers = {"Content-Type": "application/json"}
    answer = await asyncio.to_thread(alice.browser.delete, f"{api(ACME)}/sign-in", headers=headers)
    assert answer.is_success, answer.text
    with pytest.raises(SignInRequired, match="'alice' has not signed in"):
        await asyncio.wait_for(run.task, TIMEOUT)


@IN_FOREIGN
async def test_what_it_began_is_ended_as_the_person(exchanged: Callable[..., None]) -> None:
    cancel = "POST /v1/messages/batches/batch/cancel"
    answers = {"GET /v1/messages/batches/batch": BATCH, cancel: BATCH}
    with servers.http(answers, TOKEN) as seen:
        connection = {"conn_type": "anthropic", "host": f"http://127.0.0.1:{seen.port}", "password": TOKEN}
        exchanged(lambda grant: connection)
        run = InTriggerer(
            ForeignTrigger(
                classpath="airflow.providers.anthropic.triggers.batch.AnthropicBatchTrigger",
                arguments={"conn_id": ACME, "batch_id": "batch", "poll_interval": 0.1, "end_time": 9e9},
                grants={ACME: "grant"},
            )
        )
        await until(lambda: seen.accepted, "it asked")
        await run.killed()
    assert seen.accepted[-1] == cancel
    assert seen.refused == []


GRAPH, ISSUER = "graph.example", "login.example"


def graph_connection(person: str) -> dict[str, Any]:
    extra = {
        "tenant_id": person,
        "authority": ISSUER,
        "disable_instance_discovery": True,
        "allowed_hosts": GRAPH,
    }
    return {
        "conn_type": "msgraph",
        "schema": "https",
        "host": GRAPH,
        "login": f"client-of-{person}",
        "password": f"secret-of-{person}",
        "extra": json.dumps(extra),
    }


def graph_answers(person: str) -> dict[str, Any]:
    issuer = f"https://{ISSUER}/{person}"
    return {
        f"GET /{person}/v2.0/.well-known/openid-configuration": {
            "issuer": f"{issuer}/v2.0",
            "authorization_endpoint": f"{issuer}/oauth2/v2.0/authorize",
            "token_endpoint": f"{issuer}/oauth2/v2.0/token",
        },
        f"POST /{person}/oauth2/v2.0/token": {
            "access_token": f"token-of-{person}",
            "expires_in": 3600,
            "token_type": "Bearer",
        },
    }


@IN_FOREIGN
@pytest.mark.parametrize(
    ("own_ids", "tokens"),
    [
        pytest.param(True, ["token-of-alice", "token-of-bob"], id="as it is"),
        pytest.param(False, ["token-of-alice", "token-of-alice"], id="with one id for both, as a control"),
    ],
)
async def test_what_a_library_keeps_by_id_is_one_persons(
    exchanged: Callable[..., None],
    trusted: Path,
    monkeypatch: pytest.MonkeyPatch,
    own_ids: bool,
    tokens: list[str],
) -> None:
    """Microsoft Graph's hook keeps its client in a dictionary of the class, by the connection's id."""
    from airflow.providers.microsoft.azure.hooks.msgraph import KiotaRequestAdapterHook

    monkeypatch.setattr(KiotaRequestAdapterHook, "cached_request_adapters", {})
    if not own_ids:
        monkeypatch.setattr(foreign, "id_for", lambda _, conn_id: f"third-party-granted--{conn_id}")
    answers = {**graph_answers("alice"), **graph_answers("bob"), "GET /v1.0/me": {"id": "me"}}
    with servers.http(answers, "", trusted) as seen:
        for vendor in (GRAPH, ISSUER):
            lead_to(vendor, seen.port, trusted, monkeypatch)
        exchanged(graph_connection)
        for person in ("alice", "bob"):
            trigger = ForeignTrigger(
                classpath="airflow.providers.microsoft.azure.triggers.msgraph.MSGraphTrigger",
                arguments={"url": "me", "conn_id": ACME},
                grants={ACME: person},
            )
            event = await InTriggerer(trigger, f"ti-of-{person}").event()
            assert event["status"] == "success", event
    asked = [request for request in seen.requests if request.startswith("GET /v1.0/me")]
    assert [token for request in asked for token in set(tokens) if f"Bearer {token}" in request] == tokens
