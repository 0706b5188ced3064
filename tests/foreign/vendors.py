"""Services on loopback, also for hosts that hooks know by name."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.foreign import servers
from tests.foreign.cases import Case

TRUSTED = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPLIB2_CA_CERTS")
"""Variables by which libraries are told whom to trust."""


def lead_to(vendor: str, number: int, trusted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a vendor's name lead to the loopback service, whose certificate is trusted."""
    import certifi

    look_up, connect = socket.getaddrinfo, asyncio.BaseEventLoop.create_connection

    def resolved(host: Any, asked_port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name == vendor:
            return look_up("127.0.0.1", number, socket.AF_INET, socket.SOCK_STREAM)
        return look_up(host, asked_port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)

    def plainly(line: socket.socket, address: Any) -> None:
        by_socket(line, ("127.0.0.1", number) if address[0] == vendor else address)

    by_socket = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", plainly)

    async def connected(loop: Any, factory: Any, host: Any = None, port: Any = None, **kwargs: Any) -> Any:
        # asynchronous clients resolve the name first, and keep the port
        port = number if (host, port) == ("127.0.0.1", 443) else port
        return await connect(loop, factory, host, port, **kwargs)

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", connected)
    monkeypatch.setattr(
        aiohttp.connector, "_SSL_CONTEXT_VERIFIED", ssl.create_default_context(cafile=str(trusted))
    )
    for name in TRUSTED:
        monkeypatch.setenv(name, str(trusted))
    monkeypatch.setattr(certifi, "where", lambda: str(trusted))


@contextlib.contextmanager
def serving(case: Case, trusted: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[servers.Seen]:
    """The service of a row.

    :param case: the row
    :param trusted: a certificate for hosts that are known by name
    :param monkeypatch: undoes it
    """
    certificate = trusted if case.vendor else None
    answers = json.loads(json.dumps(dict(case.answers)).replace("TOKEN", case.token))
    if case.server in servers.OTHERS:
        service = servers.running(servers.OTHERS[case.server], certificate)
    else:
        service = servers.http(answers, case.credential, certificate)
    with service as seen:
        if case.vendor:
            lead_to(case.vendor, seen.port, trusted, monkeypatch)
        yield seen
