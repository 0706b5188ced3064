"""The table of hooks and operators, and what it takes to run a row of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parent / "hooks.yaml"

TOKEN = "credential-of-alice-0123456789"
LOGIN = "alice"
ACCOUNT = "acme"


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
    :param waits: what becomes of its deferrable mode
    :param note: what else a DAG's author should know
    :param env: name of the environment it is tried in
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
    waits: str = ""
    note: str = ""
    env: str = "foreign"

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
