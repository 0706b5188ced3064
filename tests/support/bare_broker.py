"""A bare broker process to be killed: one process imports everything, and forks a child for each refresh.

Speaks JSON lines.  In: ``row_id``, ``version``, ``conn_id``, ``die_at`` (a step, or null).  Out: ``outcome``,
``killed`` or what the child came to.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

STEPS = ("claiming", "claimed", "calling", "answered", "writing", "written")
"""Where a process can be killed: before the lease is committed, after it, while the service works, after it
has answered, before the new tokens are committed, and after that."""

CALL = 0.05
"""Seconds into the call at which ``calling`` strikes; the service has to take longer than that."""


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def _at_once(*_args: Any, **_options: Any) -> None:
    _die()


def _after(function: Any, *, awaits: bool = False) -> Any:
    def plain(*args: Any, **options: Any) -> None:
        function(*args, **options)
        _die()

    async def awaiting(*args: Any, **options: Any) -> None:
        await function(*args, **options)
        _die()

    return awaiting if awaits else plain


def _arm(step: str | None) -> None:
    from airflow_thirdparty.server.broker.tokens import leases, refresher, results
    from airflow_thirdparty.server.oauth import grants

    if step == "claiming":
        leases.claim = _after(leases.claim)
    elif step == "claimed":
        grants.refresh = _at_once  # type: ignore[assignment]
    elif step == "calling":
        real = grants.refresh

        async def calling(*args: Any, **options: Any) -> Any:
            asyncio.get_running_loop().call_later(CALL, _die)
            return await real(*args, **options)

        grants.refresh = calling  # type: ignore[assignment]
    elif step == "answered":
        grants.refresh = _after(grants.refresh, awaits=True)
    elif step == "writing":
        results.save_tokens = _after(results.save_tokens)
    elif step == "written":
        refresher.Refresher._succeeded = _after(refresher.Refresher._succeeded, awaits=True)  # type: ignore[method-assign]


async def _refresh(order: dict[str, Any]) -> str:
    from airflow_thirdparty.server.broker.database import in_transaction
    from airflow_thirdparty.server.broker.registry import registrations
    from airflow_thirdparty.server.broker.tokens.refresher import Refresher
    from airflow_thirdparty.server.oauth.transport import Transport

    account = in_transaction(lambda session: registrations.find(session, order["conn_id"]))
    refresher = Refresher(Transport(), f"bare:{os.getpid()}")
    try:
        await refresher.refreshed(order["row_id"], order["version"], account, 10)
    except Exception as error:
        return type(error).__name__
    return "token"


def _child(order: dict[str, Any], answer: int) -> None:
    _arm(order["die_at"])
    os.write(answer, asyncio.run(_refresh(order)).encode())
    os._exit(0)


def _warm_up() -> None:
    """Import and make what every child would import and make again."""
    import anyio._backends._asyncio  # noqa: F401
    import httpcore2
    from airflow.models.crypto import get_fernet

    from airflow_thirdparty.server.broker import database
    from airflow_thirdparty.server.broker.registry import registrations
    from airflow_thirdparty.server.store.models import AccountHealth, SignIn

    def look(session: Any) -> None:
        database.clock.measure(session)
        registrations.list_all(session)
        session.get(SignIn, 0)
        session.get(AccountHealth, "")

    get_fernet()
    database.in_transaction(look)  # maps the classes
    httpcore2.default_ssl_context()


def main() -> None:
    """Serve until standard input is closed."""
    _warm_up()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            with contextlib.suppress(BaseException):
                _child(order, writing)
            os._exit(1)
        os.close(writing)
        told = b""
        while part := os.read(reading, 1000):
            told += part
        os.close(reading)
        _, status = os.waitpid(pid, 0)
        killed = os.WIFSIGNALED(status)
        print(json.dumps({"outcome": "killed" if killed else told.decode() or "crashed"}), flush=True)


class BareBroker:
    """The process, from outside."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def refresh(self, row_id: int, version: int, conn_id: str, die_at: str | None = None) -> str:
        """Let a process of its own refresh a sign-in, and maybe kill it on the way.

        :param die_at: one of :data:`STEPS`, or nothing
        :return: ``killed``, ``token``, or the name of an error
        """
        order = {"row_id": row_id, "version": version, "conn_id": conn_id, "die_at": die_at}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        while True:
            line = self._process.stdout.readline()
            assert line, "the bare broker ended"
            if line.startswith("{"):
                return str(json.loads(line)["outcome"])


@contextlib.contextmanager
def running() -> Iterator[BareBroker]:
    """Start the process with the database that Airflow uses in this one."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.bare_broker"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        while True:
            line = process.stdout.readline()
            assert line, "the bare broker did not start"
            if line.startswith('{"ready"'):
                break
        yield BareBroker(process)
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()


if __name__ == "__main__":
    main()
