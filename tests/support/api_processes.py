"""API server processes as operators run them: several workers behind one port."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2

from tests.support.airflow_home import FOLDER

START_SECONDS = 180
WARM_SECONDS = 1.0


@contextlib.contextmanager
def running(workers: int) -> Iterator[str]:
    """Run ``airflow api-server`` with the database that Airflow uses in this process.

    :param workers: how many processes answer
    :return: its address; every worker has answered before
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://localhost:{port}"
    environment = {
        **os.environ,
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__API__SERVER_TYPE": "gunicorn" if workers > 1 else "uvicorn",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    before = {name: os.environ.get(name) for name in environment}
    log = (FOLDER / f"api-server-{port}.log").open("w")
    process = subprocess.Popen(
        ["airflow", "api-server", "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)],
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    os.environ["AIRFLOW__API__BASE_URL"] = url
    try:
        _wait(process, url)
        _warm(url, workers)
        yield url
    finally:
        os.environ["AIRFLOW__API__BASE_URL"] = before["AIRFLOW__API__BASE_URL"] or ""
        process.terminate()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        log.close()


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    ends = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, "the API server ended"
        assert time.monotonic() < ends, "the API server takes too long to start"
        with contextlib.suppress(httpx2.HTTPError):
            if httpx2.get(f"{url}/api/v2/version", trust_env=False, timeout=5).status_code == 200:
                return
        time.sleep(0.3)


def _warm(url: str, workers: int) -> None:
    """Let every worker build its Execution API, which takes seconds at its first request."""

    def ask(_number: int) -> float:
        begun = time.monotonic()
        httpx2.get(f"{url}/execution/health", trust_env=False, timeout=60)
        return time.monotonic() - begun

    warm = 0
    with concurrent.futures.ThreadPoolExecutor(workers * 4) as pool:
        while warm < 3:
            slowest = max(pool.map(ask, range(workers * 4)))
            warm = warm + 1 if slowest < WARM_SECONDS else 0
