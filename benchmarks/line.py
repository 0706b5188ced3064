"""A client that costs next to nothing, so that the server is what is measured."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit


class Line:
    """One connection to a server, kept open.

    :param url: the server
    :param token: the task's
    """

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self._host = f"{parts.hostname}:{parts.port}"
        self._token = token
        self._socket = socket.create_connection(("127.0.0.1", parts.port or 80), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def request(self, asked_id: str) -> bytes:
        """A task's question for a connection, as bytes.

        :param asked_id: the connection
        """
        return (
            f"GET /execution/connections/{asked_id} HTTP/1.1\r\nHost: {self._host}\r\n"
            f"Authorization: Bearer {self._token}\r\nAccept: application/json\r\n\r\n"
        ).encode()

    def ask(self, request: bytes, expect: int = 200) -> float:
        """Ask, and say how long the whole answer took in seconds.

        :param request: what :meth:`request` made
        :param expect: the status that is right
        """
        started = time.perf_counter()
        self._socket.sendall(request)
        answer = self._socket.recv(65536)
        while b"\r\n\r\n" not in answer:
            answer += self._socket.recv(65536)
        head, _, body = answer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += self._socket.recv(65536)
        taken = time.perf_counter() - started
        assert head.startswith(b"HTTP/1.1 %d" % expect), answer
        return taken
