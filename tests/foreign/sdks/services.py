"""Loopback services that take the tokens of people they know, and a person whose tokens are renewed."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.worker import projected, refused

ENDS_SOON = timedelta(seconds=20)
"""Less than the hook counts on for one request: it asks again before each."""


@dataclass(frozen=True)
class Sent:
    """A request as it reached a service."""

    line: str
    headers: dict[str, str]
    body: str

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


Answer = tuple[int, dict[str, str], str]


@dataclass
class Service:
    """A web service that answers 401 to whoever it does not know.

    :param url: its address
    :param known: the tokens that it takes
    :param bodies: what it answers to whom it knows, by method and path
    :param judge: decides about a request by itself; ``None`` leaves it to the token
    """

    url: str
    known: set[str] = field(default_factory=set)
    bodies: dict[str, Any] = field(default_factory=dict)
    judge: Callable[[Sent], Answer | None] = lambda sent: None
    seen: list[Sent] = field(default_factory=list)

    @property
    def tokens(self) -> list[str]:
        """The tokens that came, in order."""
        return [sent.token for sent in self.seen]

    def answer(self, sent: Sent) -> Answer:
        """What it says to a request."""
        self.seen.append(sent)
        judged = self.judge(sent)
        if judged is not None:
            return judged
        if sent.token not in self.known:
            return (
                401,
                {"WWW-Authenticate": "Bearer", "Content-Type": "application/json"},
                '{"message": "Who?"}',
            )
        found = self.bodies.get(sent.line.partition("?")[0], {})
        text = found if isinstance(found, str) else json.dumps(found)
        kind = "application/xml" if text.startswith("<") else "application/json"
        return 200, {"Content-Type": kind}, text


@contextlib.contextmanager
def serving(certificate: Path | None = None) -> Iterator[Service]:
    """Run a service in a thread.

    :param certificate: to speak TLS, for ``localhost``
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("latin-1")
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, told, text = service.answer(Sent(f"{self.command} {self.path}", headers, body))
            self.send_response(status)
            for name, value in {**told, "Content-Length": str(len(text.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PUT = answer  # noqa: N815

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port = server.server_address[1]
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    service = Service(f"https://localhost:{port}" if certificate else f"http://127.0.0.1:{port}")
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Person:
    """Somebody who signed in: what the API server answers when their task asks.

    :param make: makes the token of a number
    :param ends_soon: whether their tokens near their end, so that each question brings another one
    :param lapsed: whether the service withdrew the sign-in
    :param told: what else the server says, such as ``scopes``
    """

    host: str | None
    make: Callable[[int], str]
    ends_soon: bool = False
    lapsed: bool = False
    told: dict[str, Any] = field(default_factory=dict)
    issued: list[str] = field(default_factory=list)

    def answer(self, request: Any) -> Any:
        """What the supervisor tells the hook."""
        if self.lapsed:
            return refused("sign_in_lapsed", link="https://airflow.example/sign-in")
        if request.force_refresh or self.ends_soon or not self.issued:
            self.issued.append(self.make(len(self.issued) + 1))
        ends = datetime.now(timezone.utc) + (ENDS_SOON if self.ends_soon else timedelta(hours=1))
        return projected(self.issued[-1], self.host, **{"expires_at": ends.isoformat(), **self.told})
