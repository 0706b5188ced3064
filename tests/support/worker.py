"""A worker without a server: the SDK asks a stand-in for its supervisor; services are real HTTP servers."""

from __future__ import annotations

import contextlib
import inspect
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import structlog
from airflow.sdk.exceptions import ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import (
    ConnectionResult,
    CreateHITLDetailPayload,
    ErrorResponse,
    GetConnection,
    MaskSecret,
)

from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.wire import CONN_TYPE, PROJECTION_KEY, TokenRequest

Answer = ConnectionResult | ErrorResponse

TOKEN = "token-of-alice"


@dataclass
class Supervisor:
    """Answers the worker's questions for connections as the API server would.

    :param answers: by the account's id; a token request and a bare id are told apart by :attr:`asked`
    """

    answers: dict[str, Callable[[TokenRequest], Answer]] = field(default_factory=dict)
    asked: list[TokenRequest] = field(default_factory=list)
    masked: list[Any] = field(default_factory=list)
    required: list[Any] = field(default_factory=list)

    def send(self, msg: Any) -> Answer | None:
        """What the SDK's synchronous code calls."""
        if isinstance(msg, MaskSecret):
            self.masked.append(msg.value)
        if isinstance(msg, CreateHITLDetailPayload):
            self.required.append(msg)
        if not isinstance(msg, GetConnection):
            return None
        request = TokenRequest.decode(msg.conn_id)
        self.asked.append(request)
        answer = self.answers.get(request.conn_id)
        return answer(request) if answer else ErrorResponse(error=ErrorType.CONNECTION_NOT_FOUND)

    async def asend(self, msg: Any) -> Answer | None:
        """What the SDK's asynchronous code calls."""
        return self.send(msg)


def refused(code: str, *, link: str | None = None) -> ConnectionResult:
    """The server's answer when the acting person's login cannot be used."""
    refusal = {"code": code, "message": "No.", "remedy": "Mend it:", "link": link, "field": None}
    return answered(extra=json.dumps({PROJECTION_KEY: {"refusal": refusal}}))


def answered(**fields: Any) -> ConnectionResult:
    """A connection as the supervisor hands it over."""
    empty = dict.fromkeys(("host", "schema", "login", "password", "port", "extra"))
    return ConnectionResult(**{"conn_id": "acme", "conn_type": CONN_TYPE, **empty, **fields})


def projected(password: str, host: str | None, **answer: Any) -> ConnectionResult:
    """The connection as the server projects it for our hook."""
    values = {
        "kind": "oauth2",
        "expires_at": None,
        "scopes": ["read"],
        "subject": "alice-there",
        "subject_name": "Alice",
        "origins": [host] if host else [],
        **answer,
    }
    return answered(
        host=host,
        login=values.pop("login", None),
        password=password,
        extra=json.dumps({PROJECTION_KEY: values}),
    )


WAYS = [
    pytest.param({}, {"authorization": f"Bearer {TOKEN}"}, id="as most APIs"),
    pytest.param(
        {"kind": "basic", "login": "al"},
        {"authorization": "Basic YWw6dG9rZW4tb2YtYWxpY2U="},
        id="login and password",
    ),
    pytest.param({"kind": "key", "auth_scheme": "Token"}, {"authorization": f"Token {TOKEN}"}, id="scheme"),
    pytest.param(
        {"kind": "key", "auth_header": "X-Api-Key", "auth_scheme": "none", "headers": {"X-Version": "1"}},
        {"x-api-key": TOKEN, "x-version": "1"},
        id="another header",
    ),
    pytest.param(
        {
            "kind": "basic",
            "login": "app-key",
            "auth_scheme": "none",
            "headers": {"DD-API-KEY": "{key}", "DD-APPLICATION-KEY": "{login}"},
        },
        {"dd-api-key": TOKEN, "dd-application-key": "app-key"},
        id="two keys",
    ),
]
"""How services take credentials: what the server tells the hook, and what has to arrive."""


@dataclass(frozen=True)
class Request:
    """A request as it reached a service.

    :param line: method and path, with what it asks
    """

    line: str
    headers: dict[str, str]
    content: str


@dataclass
class Service:
    """A web server that writes down what reaches it.

    :param url: its address
    :param answers: status and headers, by path; 200 otherwise
    :param bodies: status and JSON, by path, where that counts
    """

    url: str
    answers: dict[str, Callable[[Any], tuple[int, dict[str, str]]]] = field(default_factory=dict)
    bodies: dict[str, Callable[[], tuple[int, Any]]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    @property
    def seen(self) -> list[tuple[str, dict[str, str]]]:
        """Path and headers of every request."""
        return [(sent.line.partition(" ")[2], sent.headers) for sent in self.requests]

    def credentials(self) -> list[str]:
        """Every ``Authorization`` header that arrived."""
        return [headers["authorization"] for _, headers in self.seen if "authorization" in headers]


@contextlib.contextmanager
def running_service() -> Iterator[Service]:
    """Run a web server in a thread."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            content = self.rfile.read(int(headers.get("content-length", 0))).decode()
            running.requests.append(Request(f"{self.command} {self.path}", headers, content))
            status, sent, body = self.answer_to(headers)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **sent}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def answer_to(self, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
            if body := running.bodies.get(self.path):
                status, content = body()
                return (
                    status,
                    {},
                    content.encode() if isinstance(content, str) else json.dumps(content).encode(),
                )
            answer = running.answers.get(self.path)
            return (*answer(headers), b"{}") if answer else (200, {}, b"{}")

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = Service(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()


async def called(hook: ThirdPartyAccountHook, method: str, *args: Any, **kwargs: Any) -> Any:
    """Call a method, asynchronous or not."""
    outcome = getattr(hook, method)(*args, **kwargs)
    return await outcome if inspect.isawaitable(outcome) else outcome


async def both(hook: ThirdPartyAccountHook, name: str, *args: Any, **kwargs: Any) -> list[Any]:
    """Call a method and its asynchronous twin, each with nothing remembered."""
    results = []
    for method in (name, f"a{name}"):
        hook._access = None
        results.append(await called(hook, method, *args, **kwargs))
    return results


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """The lines that a task logs, as they come."""
    lines: list[str] = []

    def keep(_logger: Any, _level: str, line: dict[str, Any]) -> dict[str, Any]:
        lines.append(str(line["event"]))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[keep], wrapper_class=structlog.make_filtering_bound_logger(0))
    yield lines
    structlog.configure(**before)


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    """Who answers the worker's questions."""
    stand_in = Supervisor()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", stand_in, raising=False)
    return stand_in


@pytest.fixture
def service() -> Iterator[Service]:
    """The account's own service."""
    with running_service() as service:
        yield service


@pytest.fixture
def elsewhere() -> Iterator[Service]:
    """Somebody else's server."""
    with running_service() as service:
        yield service


@pytest.fixture
def acme(supervisor: Supervisor, service: Service) -> str:
    """An account whose person is signed in."""
    supervisor.answers["acme"] = lambda request: projected(TOKEN, service.url)
    return "acme"


@pytest.fixture
def hook(acme: str) -> ThirdPartyAccountHook:
    """The hook of that account."""
    return ThirdPartyAccountHook(acme)
