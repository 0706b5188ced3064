"""Airflow's real application on a real port, in this process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.databases import Database

START_SECONDS = 120
SLOWEST_SECONDS = 120
"""For one answer: at the first request the Execution API is built, which takes a busy machine its time."""


@dataclass(frozen=True)
class AirflowServer:
    """A running API server.

    :param url: its ``[api] base_url``; also where it is reached
    :param app: the application itself
    :param loop: its event loop, in another thread
    """

    url: str
    app: Any
    loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Let the server do something beside its requests, and wait for it.

        :param work: what
        """
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(START_SECONDS)


@contextlib.contextmanager
def served(app: Any, listener: socket.socket) -> Iterator[asyncio.AbstractEventLoop]:
    """Serve an application in a thread.

    :param app: an ASGI application
    :param listener: the bound socket
    :yields: the event loop it runs in
    """
    import uvicorn

    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve(sockets=[listener])

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + START_SECONDS
        while not server.started:
            assert thread.is_alive(), "the application did not start"
            assert time.monotonic() < deadline, "the application takes too long to start"
            time.sleep(0.01)
        yield loops[0]
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
        for loop in loops:
            _wait_for_threads(loop)


def _wait_for_threads(loop: asyncio.AbstractEventLoop) -> None:
    """Wait for what worker threads of an ended loop were in the middle of, which nobody awaits any more.

    A process that ends waits for them too; here the next module would take the database from under them.
    """
    for thread in threading.enumerate():
        if getattr(thread, "loop", None) is loop:  # AnyIO's workers name theirs
            thread.join(START_SECONDS)


def tcp_listener() -> socket.socket:
    """Bind a free port of loopback for a server of this process.

    Said to be TCP, or asyncio leaves Nagle's algorithm on, and each answer waits 40 ms for an
    acknowledgement.

    :return: the socket
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    return listener


@contextlib.contextmanager
def configured(section: str, **options: str) -> Iterator[None]:
    """Set options of Airflow's configuration, for this process and its children.

    :param section: the section
    :param options: names and values
    """
    names = {f"AIRFLOW__{section.upper()}__{name.upper()}": value for name, value in options.items()}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def serving_airflow(apps: str = "all") -> Iterator[AirflowServer]:
    """Serve Airflow on a free port, with the database that is current.

    :param apps: as ``airflow api-server --apps``
    """
    from airflow.api_fastapi.app import create_app, purge_cached_app

    with tcp_listener() as listener:
        url = f"http://localhost:{listener.getsockname()[1]}"
        with (
            configured("api", base_url=url),
            configured("core", execution_api_server_url=f"{url}/execution/"),
        ):
            purge_cached_app()
            app = create_app(apps)
            with served(app, listener) as loop:
                yield AirflowServer(url, app, loop)
            purge_cached_app()


@pytest.fixture(scope="module")
def airflow_server(database: Database) -> Iterator[AirflowServer]:
    """Airflow's real application, FAB log-ins and all, on a free port; one per test module."""
    with serving_airflow() as server:
        yield server
