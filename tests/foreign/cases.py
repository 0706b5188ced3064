"""The table of hooks and operators, and what it takes to run a row of it."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parent / "hooks.yaml"

GROUP = os.environ.get("FOREIGN_GROUP", "foreign")
"""Of dependencies in ``pyproject.toml``: what is installed where this runs."""

TOKEN = "credential-of-alice-0123456789"
LOGIN = "alice"
MAILBOX = "alice@acme.example"
"""Her name at the service."""

ACCOUNT = "acme"


BATCH = {
    "id": "batch",
    "type": "message_batch",
    "processing_status": "in_progress",
    "request_counts": dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0),
    "created_at": "2026-01-01T00:00:00Z",
    "expires_at": "2026-01-02T00:00:00Z",
}
"""What Anthropic says of a batch that goes on."""


@dataclass(frozen=True)
class Case:
    """One hook or operator of another provider.

    :param name: of its class, and how it is used
    :param provider: the distribution it is in, without what all names begin with
    :param entry: the exposure entry
    :param code: what a task does; ``ID`` is the connection's id, ``PORT`` the service's, ``run()`` waits for
        what is asynchronous
    :param sees: the credential as the service has to see it; ``basic`` for login and password
    :param answers: what the service answers, by method and path
    :param options: what the admin says to the entry
    :param host: the account's; ``PORT`` stands for the service's port
    :param server: what the service speaks
    :param token: the credential, where it needs a form of its own
    :param asks_first: whether the protocol asks without a credential before it shows one
    :param vendor: the only host that the hook knows; its name leads to the loopback service
    :param keeps: whether the hook keeps its first token for its own life
    :param trigger: what its deferrable mode leaves to a triggerer, as ``trigger``
    :param cannot: why the hook fails with a person's token, which it has to do in words and as nobody
    :param netrc: how a login for the service in the worker's ``.netrc`` reaches it: in place of the
        credential or beside it
    :param note: what else a DAG's author should know
    :param group: of dependencies in ``pyproject.toml``: not all packages can share an environment
    """

    name: str
    provider: str
    entry: str
    code: str
    sees: str = "authorization: Bearer TOKEN"
    answers: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    host: str | None = "http://127.0.0.1:PORT"
    server: str = "http"
    token: str = TOKEN
    asks_first: bool = False
    vendor: str = ""
    keeps: bool = False
    trigger: str = ""
    cannot: str = ""
    netrc: str = ""
    note: str = ""
    group: str = "foreign"

    @property
    def credential(self) -> str:
        """What stands in a request."""
        basic = base64.b64encode(f"{LOGIN}:{TOKEN}".encode()).decode()
        alone = base64.b64encode(f"{TOKEN}:".encode()).decode()
        spelled = {
            "basic": f"authorization: Basic {basic}",
            "basic, key alone": f"authorization: Basic {alone}",
        }
        return spelled.get(self.sees, self.sees).replace("TOKEN", self.token).replace("LOGIN", LOGIN)


def cases() -> list[Case]:
    """Every row of the table."""
    import yaml

    return [Case(**row) for row in yaml.safe_load(TABLE.read_text())]


def installed() -> list[Case]:
    """The rows whose packages are here."""
    return [case for case in cases() if case.group == GROUP]
