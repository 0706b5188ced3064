"""Where this package's middleware is not in front, an account is refused, and other connections are answered.

One test in a module of its own: one application after the other in a process can leave the first unusable.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from airflow.models.connection import Connection
from airflow.sdk.exceptions import AirflowSecretsBackendAccessDenied, ErrorType

from tests.support.airflow_server import serving_airflow
from tests.support.people import Person
from tests.support.projecting import ACME, KEY, REGISTRATION, SPELLINGS, asked_raw
from tests.support.tasks import RunningTask, task_token

PLAIN = {"connection_id": "plain", "conn_type": "http", "host": "x.example", "password": "robots-password"}


def test_an_account_is_refused_without_the_middleware(
    admin: Person, alice: Person, task: RunningTask, caplog: pytest.LogCaptureFixture
) -> None:
    admin.rest.post("/api/v2/connections", json=PLAIN)
    check_in_process()
    assert f"'{ACME}' is a third-party account, and no user acts here" in caplog.text
    check_server_processes()
    for answer in said_by_other_modes(task):
        assert not [word for word in (KEY, *REGISTRATION) if word in answer]


def check_in_process() -> None:
    """What the API says that triggerer, DAG processor and ``dag.test()`` run within themselves."""
    from airflow.sdk.api.client import Client
    from airflow.sdk.execution_time.supervisor import in_process_api_server

    client = Client(base_url=None, token="", dry_run=True, transport=in_process_api_server().transport)
    client.base_url = "http://in-process.invalid./"
    for asked in (ACME, f"{ACME}--as--http"):
        assert client.connections.get(asked).error == ErrorType.PERMISSION_DENIED
    assert client.connections.get("plain").password == "robots-password"
    assert client.connections.get("nowhere").error == ErrorType.CONNECTION_NOT_FOUND


def check_server_processes() -> None:
    """What the SDK and Airflow's own code find in processes that have the database."""
    from airflow.secrets.metastore import MetastoreBackend

    for asked in (ACME, f"{ACME}--as--http"):
        for read in (MetastoreBackend().get_connection, Connection.get_connection_from_secrets):
            with pytest.raises(AirflowSecretsBackendAccessDenied):
                read(asked)
    plain = MetastoreBackend().get_connection("plain")
    assert plain is not None
    assert plain.password == "robots-password"


def said_by_other_modes(task: RunningTask) -> Iterator[str]:
    """What ``airflow api-server --apps …`` says."""
    for apps in ("execution", "core"):
        with serving_airflow(apps) as other:
            for spelling in SPELLINGS:
                answer = asked_raw(other.url, spelling, task_token(task.id))
                yield answer
            if apps == "execution":
                refused = asked_raw(other.url, SPELLINGS[0], task_token(task.id))
                assert refused.startswith("HTTP/1.1 403"), refused
                assert json.loads(refused[refused.index("{") :])["detail"]["reason"] == "not_projected"
                plain = asked_raw(other.url, "/execution/connections/plain", task_token(task.id))
                assert "robots-password" in plain
