"""Unmodified hooks and operators of other providers act as the person: real packages, real requests."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from airflow.sdk.exceptions import ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import ConnectionResult, ErrorResponse, GetConnection

from airflow_thirdparty.server.accounts import exposing
from airflow_thirdparty.server.accounts.account import Registration, parse
from airflow_thirdparty.server.accounts.exposures import find
from airflow_thirdparty.server.broker.tokens.broker import AccessToken
from airflow_thirdparty.server.broker.tokens.expose import for_foreign_hook
from tests.foreign import servers
from tests.foreign.cases import ACCOUNT, LOGIN, Case, cases
from tests.support.certificates import certificate


class Supervisor:
    """Answers a task's questions for the account as the server does: by the entry, from the registration."""

    def __init__(self, case: Case, seen: servers.Seen) -> None:
        port, host_key = seen.port, " ".join(seen.host_key.split()[:2])
        entry = find(case.entry)
        assert entry is not None, case.entry
        host = case.host and case.host.replace("PORT", str(port))
        extra = {
            "service": "custom",
            "kind": "basic" if entry.needs_login else "key",
            "issuer": "https://idp.example",
            "expose_as": case.entry,
            "expose_options": {
                name: {"HOST_KEY": host_key}.get(value, value) for name, value in case.options.items()
            },
        }
        account = parse(Registration(ACCOUNT, host=host, login="client-id", extra=json.dumps(extra)))
        now = datetime.now(timezone.utc)
        login = LOGIN if entry.needs_login else None
        token = AccessToken(case.token, now + timedelta(hours=1), (), "alice", "alice@acme.example", login)
        connection = for_foreign_hook(account, exposing.check_complete(account), token, now)
        self.answer = ConnectionResult(conn_id=ACCOUNT, **connection)

    def send(self, message: Any) -> Any:
        if not isinstance(message, GetConnection):
            return None
        if message.conn_id == ACCOUNT:
            return self.answer
        return ErrorResponse(error=ErrorType.CONNECTION_NOT_FOUND)

    async def asend(self, message: Any) -> Any:
        return self.send(message)


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for all vendors' names."""
    names = sorted({case.vendor for case in cases() if case.vendor})
    return certificate(tmp_path_factory.mktemp("tls"), *(names or ["nobody.example"]))


@contextlib.contextmanager
def serving(case: Case, trusted: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[servers.Seen]:
    if case.server in servers.OTHERS:
        with servers.OTHERS[case.server](case.credential) as seen:
            yield seen
        return
    answers = {name.replace("TOKEN", case.token): answer for name, answer in case.answers.items()}
    with servers.http(answers, case.credential, trusted if case.vendor else None) as seen:
        if case.vendor:
            lead_to(case.vendor, seen.port, trusted, monkeypatch)
        yield seen


def lead_to(vendor: str, port: int, trusted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a vendor's name lead to the loopback service, whose certificate is trusted."""
    import certifi

    look_up, connect = socket.getaddrinfo, asyncio.BaseEventLoop.create_connection

    def resolved(host: Any, asked_port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name == vendor:
            return look_up("127.0.0.1", port, socket.AF_INET, socket.SOCK_STREAM)
        return look_up(host, asked_port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)

    async def connected(loop: Any, factory: Any, host: Any = None, asked: Any = None, **kwargs: Any) -> Any:
        # asynchronous clients resolve the name first, and keep the port
        asked = port if (host, asked) == ("127.0.0.1", 443) else asked
        return await connect(loop, factory, host, asked, **kwargs)

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", connected)
    monkeypatch.setattr(
        aiohttp.connector, "_SSL_CONTEXT_VERIFIED", ssl.create_default_context(cafile=str(trusted))
    )
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(trusted))
    monkeypatch.setattr(certifi, "where", lambda: str(trusted))


def run(waiting: Any) -> Any:
    """What a case calls for asynchronous code."""
    return asyncio.run(waiting) if inspect.isawaitable(waiting) else waiting


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.provider}: {case.name}")
def test_it_acts_as_the_person(
    case: Case, trusted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(case, trusted, monkeypatch) as seen:
        monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", Supervisor(case, seen), raising=False)
        exec(case.code, {"ID": ACCOUNT, "PORT": seen.port, "run": run, "__name__": "a_task"})
    with capsys.disabled():
        print(f"\n{case.provider:<18} {case.name:<40} {case.entry:<16} acts as the person", end="")
    assert seen.accepted, "nothing reached the service"
    assert case.asks_first or not seen.refused, "something reached the service without the credential"
