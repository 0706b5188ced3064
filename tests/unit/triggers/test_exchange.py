"""A trigger's question for a token survives an API server that is away, and ends in words."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from airflow_thirdparty.exceptions import (
    AccountMisconfigured,
    NotProjected,
    ServiceUnavailable,
    SignInRequired,
    ThirdPartyAccountError,
)
from airflow_thirdparty.grants import Grant, open_sealed, write_grant
from airflow_thirdparty.hooks import http_client
from airflow_thirdparty.hooks.access import Access
from airflow_thirdparty.settings import fernet_key
from airflow_thirdparty.triggers.exchange import LONGEST, Exchange, GrantedHook, trusted_by_tasks
from airflow_thirdparty.wire import TOKEN_PATH
from tests.support.certificates import certificate
from tests.support.worker import Service

GRANT = Grant("0198-ti", "acme", ("fab", "7", ""), 4e9)


class Pauses(list[float]):
    """Waits in no time, and writes down how long."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def api_server(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("AIRFLOW__THIRD_PARTY_ACCOUNTS__SERVER_URL", f"{service.url}/")
    return service


@pytest.fixture
def sealed() -> str:
    return write_grant(GRANT, fernet_key())


def answering(service: Service, *answers: tuple[int, Any]) -> None:
    """Let the API server answer one thing after the other, the last one for ever."""
    left = list(answers)
    service.bodies[TOKEN_PATH] = lambda: left.pop(0) if len(left) > 1 else left[0]


def refusal(error: ThirdPartyAccountError) -> dict[str, Any]:
    return {"error": error.as_dict()}


async def test_the_opened_grant_is_shown(api_server: Service, sealed: str) -> None:
    answering(api_server, (200, {"token": "t"}))
    assert await Exchange("acme", sealed).ask(min_lifetime=60) == {"token": "t"}
    [sent] = api_server.requests
    assert sent.line == f"POST {TOKEN_PATH}"
    assert json.loads(sent.content) == {"min_lifetime": 60}
    assert sent.headers["authorization"] == f"Bearer {open_sealed(sealed, fernet_key())}"
    assert sealed not in repr(sent)


BUSY = ServiceUnavailable("The service does not answer.")


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param((503, refusal(BUSY)), id="busy"),
        pytest.param((502, "<html>"), id="a proxy's page"),
        pytest.param((500, {}), id="a failure"),
    ],
)
async def test_it_asks_again(api_server: Service, sealed: str, trouble: tuple[int, Any]) -> None:
    answering(api_server, trouble, trouble, (200, {"token": "t"}))
    pauses = Pauses()
    assert await Exchange("acme", sealed, pauses).ask() == {"token": "t"}
    assert pauses == [1.0, 2.0]


async def test_a_server_that_stays_away_is_given_up_in_words(
    monkeypatch: pytest.MonkeyPatch, sealed: str
) -> None:
    monkeypatch.setenv("AIRFLOW__THIRD_PARTY_ACCOUNTS__SERVER_URL", "http://127.0.0.1:9")
    pauses = Pauses()
    with pytest.raises(NotProjected, match=r"http://127\.0\.0\.1:9/.* did not answer"):
        await Exchange("acme", sealed, pauses).ask()
    assert LONGEST - 10 <= sum(pauses) <= LONGEST


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param((403, refusal(SignInRequired("No."))), SignInRequired, id="refused"),
        pytest.param((404, {"detail": "Not Found"}), NotProjected, id="no such page"),
        pytest.param((401, "<html>"), NotProjected, id="something else"),
        pytest.param((200, "<html>"), NotProjected, id="a page"),
    ],
)
async def test_a_refusal_is_believed_at_once(
    api_server: Service, sealed: str, answer: tuple[int, Any], error: type[ThirdPartyAccountError]
) -> None:
    answering(api_server, answer)
    with pytest.raises(error):
        await Exchange("acme", sealed).ask()
    assert len(api_server.requests) == 1


async def test_busy_for_ever_is_the_services_trouble(api_server: Service, sealed: str) -> None:
    answering(api_server, (503, refusal(BUSY)))
    with pytest.raises(ServiceUnavailable, match="does not answer"):
        await Exchange("acme", sealed, Pauses()).ask()


async def test_another_key_opens_nothing_and_nothing_is_sent(api_server: Service) -> None:
    with pytest.raises(AccountMisconfigured, match="fernet_key"):
        await Exchange("acme", write_grant(GRANT, Fernet.generate_key().decode())).ask()
    assert api_server.requests == []


@pytest.mark.parametrize(
    ("options", "url"),
    [
        pytest.param({}, "http://localhost:8080", id="beside [api] base_url"),
        pytest.param(
            {"AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://tasks:8080/airflow/execution/"},
            "http://tasks:8080/airflow",
            id="beside the Execution API",
        ),
        pytest.param(
            {
                "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://tasks:8080/execution/",
                "AIRFLOW__THIRD_PARTY_ACCOUNTS__SERVER_URL": "https://airflow.internal/x/",
            },
            "https://airflow.internal/x",
            id="as it is set",
        ),
    ],
)
def test_where_the_api_server_is(
    monkeypatch: pytest.MonkeyPatch, sealed: str, options: dict[str, str], url: str
) -> None:
    for name, value in options.items():
        monkeypatch.setenv(name, value)
    assert Exchange("acme", sealed)._url() == f"{url}{TOKEN_PATH}"


async def tls_server(pem: Path) -> asyncio.Server:
    """An API server that shows a certificate of the deployment's own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\n" + b'{"token":"t"}')
        await writer.drain()
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)


@pytest.mark.parametrize(
    ("trusting", "answered"),
    [
        pytest.param({}, False, id="nobody told"),
        pytest.param({"SSL_CERT": "localhost"}, True, id="the server's certificate, as tasks are told"),
        pytest.param({"SSL_CA_FILE": "localhost"}, True, id="the authority"),
        pytest.param({"SSL_CA_FILE": "localhost", "CLIENT_USE_PUBLIC_CERTS": "False"}, True, id="it alone"),
        pytest.param({"SSL_CA_FILE": "other"}, False, id="another authority"),
    ],
)
async def test_the_api_server_is_recognised_as_tasks_recognise_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sealed: str, trusting: dict[str, str], answered: bool
) -> None:
    files = {name: certificate(tmp_path, name) for name in ("localhost", "other")}
    server = await tls_server(files["localhost"])
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setenv("AIRFLOW__THIRD_PARTY_ACCOUNTS__SERVER_URL", f"https://localhost:{port}")
    for option, value in trusting.items():
        monkeypatch.setenv(f"AIRFLOW__API__{option}", str(files.get(value, value)))
    async with server:
        asked = Exchange("acme", sealed, Pauses()).ask()
        if answered:
            assert await asked == {"token": "t"}
            return
        with pytest.raises(NotProjected, match="CERTIFICATE_VERIFY_FAILED"):
            await asked


async def test_a_copied_or_pickled_hook_holds_no_credential(api_server: Service, sealed: str) -> None:
    nothing_more = dict.fromkeys(("host", "login", "expires_at"))
    said = {"kind": "oauth2", "scopes": [], "subject": "1", "subject_name": "Alice", "origins": []}
    answering(api_server, (200, {"token": "token-of-alice", **nothing_more, **said}))
    hook = GrantedHook("acme", sealed)
    await hook.aget_access()
    assert hook.handed == ["token-of-alice"]
    assert copy.copy(hook).handed == []
    assert b"token-of-alice" not in pickle.dumps(hook)


async def test_certificates_are_read_once(
    monkeypatch: pytest.MonkeyPatch, api_server: Service, sealed: str
) -> None:
    # reading them takes tens of milliseconds, in which no other trigger goes on
    answering(api_server, (200, {"token": "t"}))
    read = []
    load = ssl.SSLContext.load_verify_locations
    monkeypatch.setattr(
        ssl.SSLContext,
        "load_verify_locations",
        lambda *args, **named: read.append(args) or load(*args, **named),
    )
    access = Access("t", "oauth2", "https://service.example", None, None, (), "", "", ())
    http_client.trusted.cache_clear()
    trusted_by_tasks.cache_clear()
    for _ in range(3):
        await Exchange("acme", sealed).ask()
        async with http_client.async_client(GrantedHook("acme", sealed), access):
            pass
    assert len(read) == 2
