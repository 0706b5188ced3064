"""What is built when it is first asked for: a process that nobody asks spares time and memory."""

from __future__ import annotations

import threading
from collections.abc import Callable

import anyio.to_thread
from starlette.types import ASGIApp, Receive, Scope, Send


class AtFirstRequest:
    """An ASGI application that its first request builds, once, in a thread: tasks are answered meanwhile.

    :param build: makes the application
    """

    def __init__(self, build: Callable[[], ASGIApp]) -> None:
        self._build = build
        self._app: ASGIApp | None = None
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if self._app is None:
            await anyio.to_thread.run_sync(self._make)
            assert self._app is not None  # noqa: S101  # just made
        await self._app(scope, receive, send)

    def _make(self) -> None:
        with self._lock:  # a page that loads asks several things at once
            self._app = self._app or self._build()
