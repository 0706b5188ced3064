"""Encrypted services: the name is verified although the socket goes to a checked address."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.transport import Timeouts, Transport


def certificate(folder: Path, name: str) -> Path:
    """A key and a certificate for one name, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


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
