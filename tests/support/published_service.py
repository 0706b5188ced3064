"""A service under its own names on the port of https: its description as published, its answers from here.

Nothing leaves this machine: a name server of the test's own gives every name an address, and the sockets
opened to these addresses end at a server on loopback.  Everything in between is the real transport.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpcore2

from airflow_thirdparty.server.oauth.network import SocketOption
from airflow_thirdparty.server.oauth.transport import Timeouts, Transport
from tests.support.certificates import certificate
from tests.support.faulty_answers import Reply
from tests.support.faulty_service import ENDPOINTS, FaultyService

OUR_NAMES = {
    "token_endpoint": "token",
    "userinfo_endpoint": "userinfo",
    "revocation_endpoint": "revoke",
    "jwks_uri": "keys",
}
PATHS = {endpoint: path for path, endpoint in ENDPOINTS.items()}


class PublishedService(FaultyService):
    """Answers at the addresses of a description, and at no others.

    :param description: the discovery document, as the service publishes it
    """

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__()
        self.description = description
        self.base_url = description["issuer"]
        self.addresses = {description[name]: ours for name, ours in OUR_NAMES.items() if name in description}
        self.addresses[f"{self.base_url}/.well-known/openid-configuration"] = "discovery"
        self.called: list[str] = []

    @property
    def hosts(self) -> list[str]:
        """Every name it goes by."""
        return sorted({str(urlsplit(address).hostname) for address in self.addresses})

    def _reply(self, endpoint: str, given: dict[str, str], headers: dict[str, str]) -> Reply:
        address = f"https://{headers['host']}{PATHS.get(endpoint, endpoint)}"
        self.called.append(address)
        return super()._reply(self.addresses.get(address, "not found"), given, headers)

    def _discovery(self, issuer_path: str) -> Reply:
        return Reply(200, self.description)


class Network(httpcore2.AsyncNetworkBackend):
    """Names, their addresses, and the way to the server that stands in for all of them.

    :param hosts: the names there are; each gets a public address of its own (RFC 5737)
    :param port: where the server listens on loopback
    """

    def __init__(self, hosts: Iterable[str], port: int) -> None:
        self.addresses = {host: f"198.51.100.{number}" for number, host in enumerate(hosts, start=1)}
        self.connected: set[tuple[str, int]] = set()
        self._port = port
        self._sockets = httpcore2.AnyIOBackend()

    async def resolve(self, host: str, port: int) -> list[str]:
        """What the transport asks for a name's addresses."""
        if host not in self.addresses:
            raise OSError(f"no such name: {host}")
        return [self.addresses[host]]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """What the transport opens its sockets with."""
        assert host in self.addresses.values(), "an address that nobody resolved"
        self.connected.add((host, port))
        return await self._sockets.connect_tcp("127.0.0.1", self._port, timeout)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


@contextlib.asynccontextmanager
async def serving(
    description: dict[str, Any], folder: Path
) -> AsyncIterator[tuple[PublishedService, Transport, Network]]:
    """Run the service in this event loop, with a transport that finds it.

    :param description: its discovery document
    :param folder: for its certificate
    """
    service = PublishedService(description)
    pem = certificate(folder, *service.hosts)
    encrypted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    encrypted.load_cert_chain(pem)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(service.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=encrypted)
    network = Network(service.hosts, server.sockets[0].getsockname()[1])
    transport = Transport(
        timeouts=Timeouts(connect=5, read=10, total=20),
        ssl_context=ssl.create_default_context(cafile=str(pem)),
        resolver=network.resolve,
        sockets=network,
    )
    try:
        yield service, transport, network
    finally:
        await transport.aclose()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
