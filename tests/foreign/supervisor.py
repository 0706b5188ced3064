"""Answers a task's questions for connections, in place of the process that starts it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from airflow.sdk.api.client import Client, ServerResponseError
from airflow.sdk.api.datamodels._generated import ConnectionResponse
from airflow.sdk.exceptions import ErrorType
from airflow.sdk.execution_time.comms import ConnectionResult, ErrorResponse, GetConnection
from tenacity import wait_none

from airflow_thirdparty.server.accounts import exposing
from airflow_thirdparty.server.accounts.account import Registration, parse
from airflow_thirdparty.server.accounts.exposures import find
from airflow_thirdparty.server.broker.tokens.broker import AccessToken
from airflow_thirdparty.server.broker.tokens.expose import for_foreign_hook
from tests.foreign import servers
from tests.foreign.cases import ACCOUNT, LOGIN, MAILBOX, Case
from tests.support.tasks import task_token

CANARIES = ("client-canary", "issuer-canary", "parameter-canary")
"""Values of the registration that no service may see."""

NOT_FOUND = ErrorResponse(error=ErrorType.CONNECTION_NOT_FOUND)


class Supervisor:
    """Answers by id.

    :param answers: what each id is answered; any other is not found
    """

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers

    def send(self, message: Any) -> Any:
        """What the SDK's synchronous code calls."""
        return self.answers.get(message.conn_id, NOT_FOUND) if isinstance(message, GetConnection) else None

    async def asend(self, message: Any) -> Any:
        """What the SDK's asynchronous code calls."""
        return self.send(message)


def projected(case: Case, seen: servers.Seen, *, for_trigger: bool = False) -> dict[str, Any]:
    """The connection that the server makes of an account by its entry.

    :param case: a row of the table
    :param seen: the service
    :param for_trigger: whether it is used on a triggerer
    """
    port, host_key = seen.port, " ".join(seen.host_key.split()[:2])
    entry = find(case.entry)
    assert entry is not None, case.entry
    host = case.host and case.host.replace("PORT", str(port))
    extra = {
        "service": "custom",
        "kind": "basic" if entry.needs_login else "key",
        "issuer": f"https://{CANARIES[1]}.example",
        "authorize_params": {"prompt": CANARIES[2]},
        "expose_as": case.entry,
        "expose_options": {
            name: {"HOST_KEY": host_key}.get(value, value) for name, value in case.options.items()
        },
    }
    account = parse(Registration(ACCOUNT, host=host, login=CANARIES[0], extra=json.dumps(extra)))
    now = datetime.now(timezone.utc)
    login = LOGIN if entry.needs_login else None
    access = AccessToken(case.token, now + timedelta(hours=1), (), "alice", MAILBOX, login)
    return for_foreign_hook(account, exposing.check_complete(account), access, now, for_trigger)


def answered(connection: Mapping[str, Any]) -> ConnectionResult:
    """A connection as a task receives it.

    :param connection: its fields
    """
    return ConnectionResult(conn_id=ACCOUNT, **connection)


def answers_of_the_server(url: str, task: UUID, ids: Iterable[str]) -> dict[str, Any]:
    """What a task's client is answered by the API server, with all its tries.

    :param url: the API server
    :param task: the task instance
    :param ids: of connections
    """
    Client.request.retry.wait = wait_none()  # type: ignore[attr-defined]
    client = Client(base_url=f"{url}/execution/", token=task_token(task))
    return {asked_id: _answer(client, asked_id) for asked_id in ids}


def _answer(client: Client, asked_id: str) -> Any:
    try:
        answer = client.connections.get(asked_id)
    except ServerResponseError:
        return ErrorResponse(error=ErrorType.API_SERVER_ERROR)
    return ConnectionResult.from_conn_response(answer) if isinstance(answer, ConnectionResponse) else answer
