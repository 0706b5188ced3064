"""Encrypted services: the name is verified although the socket goes to a checked address."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.transport import Timeouts, Transport
from tests.support.certificates import certificate


class TlsService:
    """Answers ``{}`` to everything and notes which names were asked for."""

    def __init__(self, pem: Path) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pem)
        self.context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self.names: list[str | None] = []
        self.requests: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            await writer.drain()
        writer.close()


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[TlsService]:
    found = TlsService(certificate(tmp_path, "service.test"))
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0, ssl=found.context)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()


def transport_to(authority: Path) -> Transport:
    async def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    # A name that leads to this machine is only accepted in a trusted network.
    return Transport(
        allow_http=True,
        timeouts=Timeouts(connect=2, read=2, total=3),
        ssl_context=ssl.create_default_context(cafile=str(authority)),
        resolver=here,
    )


async def test_the_name_stays_the_services_own(service: TlsService, tmp_path: Path) -> None:
    transport = transport_to(tmp_path / "service.test.pem")
    answer = await transport.get(f"https://service.test:{service.port}/x", step="userinfo")
    assert answer.json() == {}
    assert service.names == ["service.test"]
    assert f"Host: service.test:{service.port}\r\n" in service.requests[0]


@pytest.mark.parametrize(
    ("host", "authority"),
    [
        pytest.param("other.test", "service.test", id="certificate of another name"),
        pytest.param("service.test", "unknown.test", id="authority that nobody trusts"),
    ],
)
async def test_a_certificate_that_does_not_hold(
    service: TlsService, tmp_path: Path, host: str, authority: str
) -> None:
    certificate(tmp_path, "unknown.test")
    transport = transport_to(tmp_path / f"{authority}.pem")
    with pytest.raises(OAuthError) as caught:
        await transport.get(f"https://{host}:{service.port}/x", step="userinfo", bearer="access-canary")
    assert caught.value.kind is Kind.TRANSIENT
    assert service.requests == []
