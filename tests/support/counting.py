"""What one answer costs, counted: nothing here depends on how busy the machine is."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import anyio.to_thread

import airflow_thirdparty

OWN = f"{Path(airflow_thirdparty.__file__).parent}/"
"""Where this package's functions are."""

TRIES = 5
"""Of several counts the fewest are taken: a slow database is asked more than once whether it has answered."""

_counted: ContextVar[object] = ContextVar("_counted", default=None)
"""Whose work this is: threads and tasks that answer inherit it, those in the background do not."""


@dataclass
class Counts:
    """What happened while one question was answered.

    :param queries: statements, on whatever engine
    :param decryptions: texts that a Fernet key opened
    :param hops: pieces of work handed to a thread
    :param options: looks into Airflow's configuration
    :param calls: calls of Python functions in the server's own thread, but for the event loop's own
    :param own: those of them that are calls of this package's functions
    """

    queries: int = 0
    decryptions: int = 0
    hops: int = 0
    options: int = 0
    calls: int = 0
    own: int = 0

    def fewest(self, other: Counts) -> Counts:
        """The smaller of each."""
        mine, its = asdict(self), asdict(other)
        return Counts(**{name: min(mine[name], its[name]) for name in mine})


@contextmanager
def counting(counts: Counts) -> Iterator[None]:
    """Count what happens in this thread, and what it has others do; what runs beside it is not counted.

    :param counts: grows
    """
    from airflow.configuration import conf
    from cryptography.fernet import Fernet
    from sqlalchemy import Engine, event

    def note_query(*_: Any) -> None:
        counts.queries += _counted.get() is counts

    def grows(name: str, original: Any) -> Any:
        def counted(*args: Any, **kwargs: Any) -> Any:
            setattr(counts, name, getattr(counts, name) + (_counted.get() is counts))
            return original(*args, **kwargs)

        return counted

    def note_call(frame: Any, what: str, _arg: Any) -> None:
        if what == "call" and _counted.get() is counts:
            counts.calls += 1
            counts.own += frame.f_code.co_filename.startswith(OWN)

    parser, run_sync = type(conf), anyio.to_thread.run_sync
    with ExitStack() as stack:
        stack.callback(_counted.reset, _counted.set(counts))
        for owner, attribute, name in (
            (Fernet, "_decrypt_data", "decryptions"),
            (parser, "get", "options"),
        ):
            stack.enter_context(patch.object(owner, attribute, grows(name, getattr(owner, attribute))))
        stack.enter_context(patch.object(anyio.to_thread, "run_sync", grows("hops", run_sync)))
        event.listen(Engine, "before_cursor_execute", note_query)
        stack.callback(event.remove, Engine, "before_cursor_execute", note_query)
        sys.setprofile(note_call)
        stack.callback(sys.setprofile, None)
        yield


async def answer(app: Any, path: str, token: str) -> tuple[int, bytes]:
    """Ask an application in this thread, as a server would.

    :param app: the ASGI application
    :param path: of the question
    :param token: the task's
    :return: status and body
    """
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"authorization", f"Bearer {token}".encode())],
        "client": ("127.0.0.1", 0),
        "server": ("localhost", 80),
        "state": {},
    }
    await app(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], body


async def counted(app: Any, asked_id: str, token: str, expect: int = 200) -> Counts:
    """Count what a task's question for a connection costs, once everything is warm.

    :param app: the ASGI application
    :param asked_id: the connection
    :param token: the task's
    :param expect: the status that is right
    :return: the fewest of several
    """
    path = f"/execution/connections/{asked_id}"
    fewest = None
    for number in range(TRIES + 2):
        counts = Counts()
        if number < 2:
            status, body = await answer(app, path, token)
        else:
            with counting(counts):
                status, body = await answer(app, path, token)
            fewest = counts if fewest is None else fewest.fewest(counts)
        assert status == expect, (status, json.loads(body))
    assert fewest is not None
    return fewest
