"""API server processes as operators run them: workers behind one port, or servers that share the work."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx2

from tests.support import loopback
from tests.support.airflow_home import FOLDER
from tests.support.airflow_server import configured

START_SECONDS = 180
WARM_SECONDS = 1.0


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(command: Sequence[str], url: str, ready: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server with the configuration that Airflow has in this process.

    :param command: what to run, by its name in the virtual environment
    :param url: where it is reached, without a path
    :param ready: a path that answers 200 once it serves
    :yields: its process
    """
    port = url.rpartition(":")[2]
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    with (FOLDER / f"api-server-{port}.log").open("w") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            _wait(process, f"{url}{ready}")
            yield process
        finally:
            process.terminate()
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


@contextlib.contextmanager
def running(workers: int) -> Iterator[str]:
    """Run ``airflow api-server`` with the database that Airflow uses in this process.

    :param workers: how many processes answer
    :return: its address; every worker has answered before
    """
    port = free_port()
    url = f"http://localhost:{port}"
    command = ["airflow", "api-server", "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    with (
        configured("api", base_url=url, server_type="gunicorn" if workers > 1 else "uvicorn"),
        configured("core", execution_api_server_url=f"{url}/execution/"),
        serving(command, url, "/api/v2/version"),
    ):
        warm(url, workers)
        yield url


def _wait(process: subprocess.Popen[bytes], address: str) -> None:
    ends = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, "the API server ended"
        assert time.monotonic() < ends, "the API server takes too long to start"
        with contextlib.suppress(httpx2.HTTPError):
            if loopback.get(address, timeout=5).status_code == 200:
                return
        time.sleep(0.3)


def warm(url: str, workers: int) -> None:
    """Let every worker build its Execution API, which takes seconds at its first request.

    :param url: the server, without a path
    :param workers: how many processes answer there
    """

    def ask(_number: int) -> float:
        begun = time.monotonic()
        loopback.get(f"{url}/execution/health", timeout=60)
        return time.monotonic() - begun

    warm = 0
    with concurrent.futures.ThreadPoolExecutor(workers * 4) as pool:
        while warm < 3:
            slowest = max(pool.map(ask, range(workers * 4)))
            warm = warm + 1 if slowest < WARM_SECONDS else 0
