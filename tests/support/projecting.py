"""An account with a key of alice's, and every spelling of a task's question for it."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from airflow_thirdparty.wire import TokenRequest
from tests.support import loopback

DAG_ID = "asks"
ACME = "acme"
KEY = "key-of-alice"
REGISTRATION = (
    "client",
    "client-secret-canary",
    "idp.example",
    "authorize_params",
    "allowed_dags",
    "consent",
)

HEX = "".join(f"%{ord(letter):02x}" for letter in ACME)

SPELLINGS = [
    f"/execution/connections/{ACME}",
    f"/execution/connections/{HEX}",
    f"/execution/connections/{ACME}/",
    f"/execution/connections//{ACME}",
    f"//execution/connections/{ACME}",
    f"/execution/./connections/{ACME}",
    f"/execution/x/../connections/{ACME}",
    f"/execution/connections/x%2f..%2f{ACME}",
    f"/execution/connections/{ACME}%00",
    f"/execution/connections/{ACME};a=b",
    f"/execution/connections/{ACME}?x=/{TokenRequest('other').encode()}",
    f"/execution/connections/{ACME}%3f",
    f"/EXECUTION/connections/{ACME}",
    f"/%65xecution/connections/{ACME}",
    f"/execution/connections/{TokenRequest(ACME).encode()}",
    f"/execution/connections/{TokenRequest(ACME).encode()}/",
    f"/execution/connections/x%2f{TokenRequest(ACME).encode()}",
    f"/execution/connections/{TokenRequest(ACME).encode()}%20",
    f"/execution/variables/{TokenRequest(ACME).encode()}",
]


def asked_raw(url: str, spelling: str, token: str) -> str:
    """Ask without any client that would tidy the path up."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=loopback.PATIENCE) as line:
        line.sendall(
            f"GET {spelling} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        answer = b""
        while chunk := line.recv(65536):
            answer += chunk
    return answer.decode("latin-1")
