"""Loopback services that check the credential they receive: over HTTP, and what mail and file hooks speak."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.foreign.cases import LOGIN, MAILBOX, TOKEN


@dataclass
class Seen:
    """What reached a service.

    :param port: where it listens
    :param host_key: what a server behind SSH shows
    :param accepted: what came with the right credential
    :param refused: what came without
    :param requests: over HTTP, to the letter
    :param certificate: to speak TLS, where it is asked for
    :param passwords: which a server behind SSH takes from ``LOGIN``
    """

    port: int = 0
    host_key: str = ""
    accepted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    certificate: Path | None = None
    passwords: set[str] = field(default_factory=lambda: {TOKEN})

    def note(self, what: str, is_right: bool) -> bool:
        """Remember a request, and say whether it may pass."""
        (self.accepted if is_right else self.refused).append(what)
        return is_right


ELSEWHERE = "-> "
"""What an answer that is a redirect begins with."""


def _outcome(text: str, is_right: bool) -> tuple[int, Mapping[str, str]]:
    if not is_right:
        return 401, {"WWW-Authenticate": 'Basic realm="here"'}
    if text.startswith(ELSEWHERE):
        return 302, {"Location": text.removeprefix(ELSEWHERE)}
    return 200, {}


@contextlib.contextmanager
def http(
    answers: Mapping[str, Any],
    sees: str,
    certificate: Path | None = None,
    says: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Seen]:
    """A web service.

    :param answers: JSON by ``METHOD path``; ``-> path`` for a redirect
    :param sees: the credential as it has to stand in the request: in a header, the address or the body
    :param certificate: to speak TLS
    :param says: further headers of every answer
    """
    seen = Seen()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Content-Encoding") == "gzip":
                sent = gzip.decompress(sent)
            body = sent.decode("latin-1")
            headers = "\n".join(f"{name.lower()}: {value}" for name, value in self.headers.items())
            what = f"{self.command} {self.path.partition('?')[0]}"
            seen.requests.append(f"{self.command} {self.path}\n{headers}\n\n{body}")
            is_right = seen.note(what, sees in f"{headers}\n{self.path}\n{body}")
            found = answers.get(what, {}) if is_right else {"message": "who are you?"}
            text = found if isinstance(found, str) else json.dumps(found)
            status, further = _outcome(text, is_right)
            self.send_response(status)
            kind = {"<": "application/xml", "{": "application/json", "[": "application/json"}
            self.send_header("Content-Type", kind.get(text[:1], "text/plain"))
            for name, value in {**says, **further, "Content-Length": str(len(text.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text.encode())

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer  # noqa: N815

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        server.socket = _tls(certificate).wrap_socket(server.socket, server_side=True)
    seen.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()


Stop = Callable[[], object]


@contextlib.contextmanager
def running(start: Callable[[Seen], Stop], certificate: Path | None = None) -> Iterator[Seen]:
    """A service that does not speak HTTP.

    :param start: starts it, and answers how it is stopped
    :param certificate: to speak TLS, where it is asked for
    """
    seen = Seen(certificate=certificate)
    stop = start(seen)
    try:
        yield seen
    finally:
        stop()


def smtp(seen: Seen) -> Stop:
    """A mail server that takes logins by password, or by ``AUTH XOAUTH2`` when it sees a token."""
    import base64

    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult

    class Server:
        async def auth_XOAUTH2(self, server: Any, args: list[str]) -> Any:  # noqa: N802
            text = base64.b64decode(args[1]).decode() if len(args) > 1 else ""
            right = seen.note("AUTH XOAUTH2", text == f"user={MAILBOX}\1auth=Bearer {TOKEN}\1\1")
            return AuthResult(success=right, handled=False)

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            return "250 OK"

    def password(_server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> Any:
        right = (data.login.decode(), data.password.decode()) == (LOGIN, TOKEN)
        return AuthResult(success=seen.note(f"AUTH {mechanism}", right))

    controller = Controller(
        Server(),
        hostname="127.0.0.1",
        port=_free(),
        authenticator=password,
        auth_require_tls=seen.certificate is not None,
        tls_context=_tls(seen.certificate) if seen.certificate else None,
    )
    controller.start()
    seen.port = controller.port
    return controller.stop


def ftp(seen: Seen) -> Stop:
    """A file server."""
    from pyftpdlib.authorizers import AuthenticationFailed, DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import ThreadedFTPServer

    class People(DummyAuthorizer):  # type: ignore[misc]
        def validate_authentication(self, username: str, password: str, handler: Any) -> None:
            if not seen.note("USER", (username, password) == (LOGIN, TOKEN)):
                raise AuthenticationFailed

    people = People()
    people.add_user(LOGIN, "", "/tmp")
    handler = type("Handler", (FTPHandler,), {"authorizer": people})
    server = ThreadedFTPServer(("127.0.0.1", 0), handler)
    seen.port = server.socket.getsockname()[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.close_all


def sftp(seen: Seen) -> Stop:
    """A file server behind SSH."""
    import asyncio

    import asyncssh

    class People(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return seen.note(password, (username, password) in {(LOGIN, known) for known in seen.passwords})

    loop = asyncio.new_event_loop()

    async def start() -> Any:
        key = asyncssh.generate_private_key("ssh-ed25519")
        seen.host_key = key.export_public_key().decode().strip()
        return await asyncssh.create_server(
            People,
            "127.0.0.1",
            0,
            server_host_keys=[key],
            sftp_factory=True,
            process_factory=lambda process: (process.stdout.write("alice\n"), process.exit(0)),
        )

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(start(), loop).result(20)
    seen.port = server.get_port()

    def stop() -> None:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)

    return stop


def talking(speak: Callable[[Any, Seen], None]) -> Callable[[Seen], Stop]:
    """A server that people talk to over a plain line.

    :param speak: what it says and hears on one
    """

    def start(seen: Seen) -> Stop:
        listener = socket.create_server(("127.0.0.1", 0))
        seen.port = listener.getsockname()[1]

        def serve() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                with line, line.makefile("rwb") as talk, contextlib.suppress(struct.error):
                    speak(talk, seen)

        threading.Thread(target=serve, daemon=True).start()
        return listener.close

    return start


def _speak_imap(talk: Any, seen: Seen) -> None:
    """As much of IMAP as a log-in and an empty folder take (RFC 9051)."""
    talk.write(b"* OK ready\r\n")
    talk.flush()
    for raw in talk:
        tag, _, rest = raw.decode().strip().partition(" ")
        verb = rest.split(" ")[0].upper()
        right = True
        if verb == "LOGIN":
            right = seen.note("LOGIN", f'{LOGIN} "{TOKEN}"' in rest)
        extra = {
            "CAPABILITY": "* CAPABILITY IMAP4rev1\r\n",
            "SELECT": "* 0 EXISTS\r\n",
            "SEARCH": "* SEARCH\r\n",
        }.get(verb, "")
        talk.write(f"{extra}{tag} {'OK' if right else 'NO'} done\r\n".encode())
        talk.flush()
        if verb == "LOGOUT":
            break


def _speak_postgres(talk: Any, seen: Seen) -> None:
    """As much of PostgreSQL's protocol, version 3, as a log-in by password and ``SELECT 1`` take."""

    def say(kind: bytes, body: bytes) -> None:
        talk.write(kind + struct.pack("!I", len(body) + 4) + body)

    startup = b""
    while not startup:
        length, code = struct.unpack("!II", talk.read(8))
        if code != 196608:  # a request for TLS, or for GSSAPI
            talk.write(b"N")
            talk.flush()
            continue
        startup = talk.read(length - 8)
    say(b"R", struct.pack("!I", 3))
    talk.flush()
    _, length = struct.unpack("!cI", talk.read(5))
    password = talk.read(length - 4).rstrip(b"\0").decode()
    user = dict(zip(*[iter(startup.decode().split("\0"))] * 2, strict=False)).get("user")
    if not seen.note("a log-in", (user, password) == (LOGIN, TOKEN)):
        say(b"E", b"SFATAL\0C28P01\0Mwho are you?\0\0")
        talk.flush()
        return
    say(b"R", struct.pack("!I", 0))
    say(b"S", b"server_version\x0017.0\0")
    say(b"S", b"client_encoding\0UTF8\0")
    say(b"S", b"standard_conforming_strings\0on\0")
    say(b"Z", b"I")
    talk.flush()
    while True:
        kind, length = struct.unpack("!cI", talk.read(5))
        query = talk.read(length - 4).rstrip(b"\0").decode()
        if kind != b"Q":
            return
        if query.upper().startswith("SELECT"):
            say(b"T", struct.pack("!h", 1) + b"one\0" + struct.pack("!ihihih", 0, 0, 23, 4, -1, 0))
            say(b"D", struct.pack("!hi", 1, 1) + b"1")
        say(b"C", f"{query.split()[0].upper()} 1\0".encode())
        say(b"Z", b"I" if query.upper().startswith(("COMMIT", "ROLLBACK")) else b"T")
        talk.flush()


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


OTHERS: Mapping[str, Callable[[Seen], Stop]] = {
    "smtp": smtp,
    "ftp": ftp,
    "sftp": sftp,
    "imap": talking(_speak_imap),
    "postgres": talking(_speak_postgres),
}
"""Services that do not speak HTTP, by their word in the table."""
