"""No refusal and no wait of ours makes a hook act as the machine, whose own identity stands ready here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import ConnectionResult

from airflow_thirdparty.exceptions import ServiceUnavailable
from airflow_thirdparty.server.broker.tokens.broker import TokenBroker
from airflow_thirdparty.server.broker.tokens.refresher import StillRefreshing
from airflow_thirdparty.wire import TokenRequest
from tests.foreign import servers
from tests.foreign.cases import GROUP
from tests.foreign.supervisor import NOT_FOUND, Supervisor, answers_of_the_server
from tests.foreign.vendors import lead_to
from tests.support.accounts import Accounts
from tests.support.airflow_server import AirflowServer
from tests.support.people import Person
from tests.support.projecting import ACME, DAG_ID
from tests.support.signing_in import api, forget_all
from tests.support.tasks import RunningTask, Tasks
from tests.support.ways import Way

MACHINE = "the-machines-own-identity"

METADATA: Mapping[str, Any] = {
    "PUT /latest/api/token": "session",
    "GET /latest/meta-data/iam/security-credentials/": "role",
    "GET /latest/meta-data/iam/security-credentials/role": {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": MACHINE,
        "SecretAccessKey": "secret",
        "Token": "session",
        "LastUpdated": "2026-01-01T00:00:00Z",
        "Expiration": "2099-01-01T00:00:00Z",
    },
    "GET /": "0.1/",
    "GET /computeMetadata/v1/project/project-id": "acme-project",
    "GET /computeMetadata/v1/universe/universe-domain": "googleapis.com",
    "GET /computeMetadata/v1/instance/service-accounts/default/": {
        "email": "robot@acme-project.iam.gserviceaccount.com",
        "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
    },
    "GET /computeMetadata/v1/instance/service-accounts/default/token": {
        "access_token": MACHINE,
        "expires_in": 3600,
        "token_type": "Bearer",
    },
    "GET /msi/token": {
        "access_token": MACHINE,
        "expires_on": "4102444800",
        "resource": "https://storage.azure.com",
        "token_type": "Bearer",
    },
}
"""What a cloud tells a machine about itself, to which each has its own way."""


@dataclass(frozen=True)
class Cloud:
    """A hook that knows an identity of the machine.

    :param name: whose, and where that identity stands
    :param entry: the account's
    :param hook: what the task does
    :param machine: variables by which the identity is found; ``METADATA`` and ``SERVICE`` are ports
    :param wrong: an answer after which the hook does take it; ``None`` for *not found*
    :param vendor: the only host that the hook knows
    :param group: of dependencies
    :param kind: of the account
    :param answers: of the cloud's API
    :param tells: hosts that tell a machine who it is, where no variable names another
    """

    name: str
    entry: str
    hook: str
    machine: Mapping[str, str]
    wrong: Mapping[str, Any] | None = None
    vendor: str = ""
    group: str = "foreign"
    kind: str = "key"
    answers: Mapping[str, Any] = field(default_factory=dict)
    tells: tuple[str, ...] = ()


S3 = """
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
S3Hook(aws_conn_id="{}").conn.list_buckets()
"""
GCS = """
from airflow.providers.google.cloud.hooks.gcs import GCSHook
GCSHook(gcp_conn_id="{}").list("bucket")
"""
WASB = """
from airflow.providers.microsoft.azure.hooks.wasb import WasbHook
WasbHook(wasb_conn_id="{}").check_for_blob("container", "blob")
"""
TO_S3 = {"AWS_ENDPOINT_URL": "http://127.0.0.1:SERVICE", "AWS_DEFAULT_REGION": "eu-central-1"}
INSTANCE = {**TO_S3, "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:METADATA"}
BUCKETS = {"GET /": "<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>"}

CLOUDS = [
    Cloud("AWS, an instance profile", "aws-keys", S3, INSTANCE, kind="basic", answers=BUCKETS),
    Cloud(
        "AWS, variables",
        "aws-keys",
        S3,
        {**TO_S3, "AWS_ACCESS_KEY_ID": MACHINE, "AWS_SECRET_ACCESS_KEY": "secret"},
        kind="basic",
        answers=BUCKETS,
    ),
    Cloud(
        "Google, a service account of the machine",
        "google",
        GCS,
        {"CLOUDSDK_CONFIG": "/nowhere"},
        {"conn_type": "google_cloud_platform"},
        "storage.googleapis.com",
        "foreign-apart",
        answers={"GET /storage/v1/b/bucket/o": {"items": []}},
        tells=("metadata.google.internal", "169.254.169.254"),
    ),
    Cloud(
        "Azure, a managed identity",
        "azure-sas",
        WASB,
        {"IDENTITY_ENDPOINT": "http://127.0.0.1:METADATA/msi/token", "IDENTITY_HEADER": "here"},
        {"conn_type": "wasb", "host": "https://acme.blob.core.windows.net"},
        "acme.blob.core.windows.net",
    ),
]
HERE = [cloud for cloud in CLOUDS if cloud.group == GROUP]


@dataclass
class Standing:
    """What stands ready, and what was asked.

    :param metadata: where the machine learns who it is
    :param service: the cloud's API, which takes anybody
    """

    metadata: servers.Seen
    service: servers.Seen

    def asked(self) -> list[str]:
        """Every request that reached one of them."""
        return [*self.metadata.requests, *self.service.requests]


@pytest.fixture(params=HERE, ids=lambda cloud: cloud.name)
def cloud(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def standing(cloud: Cloud, trusted: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standing]:
    """The machine's identity, ready to be taken."""
    with (
        servers.http(METADATA, "", says={"Metadata-Flavor": "Google"}) as metadata,
        servers.http(cloud.answers, "", trusted if cloud.vendor else None) as service,
    ):
        for host in cloud.tells:
            lead_to(host, metadata.port, trusted, monkeypatch)
        if cloud.vendor:
            lead_to(cloud.vendor, service.port, trusted, monkeypatch)
        ports = {"METADATA": str(metadata.port), "SERVICE": str(service.port)}
        for name, value in cloud.machine.items():
            for port, number in ports.items():
                value = value.replace(port, number)
            monkeypatch.setenv(name, value)
        yield Standing(metadata, service)


def work(
    cloud: Cloud, answers: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch, asked_id: str = ACME
) -> None:
    """Let a task do what it does, with these answers to its questions."""
    with monkeypatch.context() as patch:
        patch.setattr(task_runner, "SUPERVISOR_COMMS", Supervisor(answers), raising=False)
        exec(cloud.hook.format(asked_id), {"__name__": "a_task"})


@pytest.fixture
def account(cloud: Cloud, admin: Person, alice: Person, tasks: Tasks) -> Iterator[None]:
    """The cloud's account, at which alice is signed in and bob is not."""
    forget_all()  # people hand over a credential ten times in ten minutes
    tasks.add_dag(DAG_ID)
    accounts = Accounts(admin)
    host = f"https://{cloud.vendor}" if cloud.vendor else "https://acme.example"
    fields = {"kind": cloud.kind, "service": "custom", "issuer": "https://idp.example", "scopes": None}
    accounts.add(ACME, host, **fields, expose_as=cloud.entry)
    own = {"key": "key-of-alice"} | ({"login": "alice"} if cloud.kind == "basic" else {})
    answer = alice.browser.post(f"{api(ACME)}/sign-in", json=own)
    assert answer.status_code == 200, answer.text
    yield
    accounts.remove_all()


@pytest.fixture
def of_alice(account: None, alice: Person, tasks: Tasks) -> RunningTask:
    return tasks.start(DAG_ID, alice.trigger(DAG_ID))


@pytest.fixture
def of_bob(account: None, bob: Person, tasks: Tasks) -> RunningTask:
    return tasks.start(DAG_ID, bob.trigger(DAG_ID))


def answers(server: AirflowServer, task: RunningTask, asked_id: str = ACME) -> dict[str, Any]:
    """What the API server answers the task, for the connection and for the reason of a denial."""
    account, _, entry = asked_id.partition("--as--")
    why = TokenRequest(account, entry=entry, why=True).encode()
    return answers_of_the_server(server.url, task.id, (asked_id, why))


@pytest.mark.parametrize("named", ["", "--as--ENTRY", "--as--no-such-entry"])
def test_who_is_not_signed_in_is_not_the_machine(
    cloud: Cloud,
    airflow_server: AirflowServer,
    of_bob: RunningTask,
    standing: Standing,
    monkeypatch: pytest.MonkeyPatch,
    named: str,
) -> None:
    asked_id = f"{ACME}{named.replace('ENTRY', cloud.entry)}"
    refused = answers(airflow_server, of_bob, asked_id)
    with pytest.raises(PermissionError):
        work(cloud, refused, monkeypatch, asked_id)
    assert standing.asked() == []


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(StillRefreshing("The refresh goes on.", "Ask again."), id="a refresh goes on"),
        pytest.param(ServiceUnavailable("It does not answer.", "Try later."), id="the service is away"),
        pytest.param(RuntimeError("a fault"), id="a fault of ours"),
    ],
)
def test_a_wait_and_a_fault_are_not_the_machine(
    cloud: Cloud,
    airflow_server: AirflowServer,
    of_alice: RunningTask,
    standing: Standing,
    monkeypatch: pytest.MonkeyPatch,
    outcome: Exception,
) -> None:
    async def hand_out(*_: Any) -> None:
        raise outcome

    with monkeypatch.context() as patch:
        patch.setattr(TokenBroker, "hand_out", hand_out)
        Way("long").go(patch, "long")  # the short path would have a good token
        refused = answers(airflow_server, of_alice)
    with pytest.raises(PermissionError):
        work(cloud, refused, monkeypatch)
    assert standing.asked() == []


def test_it_would_be_the_machine_after_a_wrong_answer(
    cloud: Cloud, standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = dict.fromkeys(("host", "schema", "login", "password", "port", "extra"))
    wrong = cloud.wrong and ConnectionResult(conn_id=ACME, **{**empty, **cloud.wrong})
    work(cloud, {ACME: wrong or NOT_FOUND}, monkeypatch)
    assert MACHINE in "\n".join(standing.service.requests)


@pytest.mark.skipif(GROUP != "foreign", reason="its package is in another environment")
@pytest.mark.parametrize("cloud", [CLOUDS[0]], indirect=True)
def test_a_worker_may_be_told_that_it_has_no_identity(
    cloud: Cloud, standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import NoCredentialsError

    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(NoCredentialsError):
        work(cloud, {}, monkeypatch)
    assert standing.asked() == []
