"""The one folder in which the demo keeps everything, and what it remembers there."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from cryptography.fernet import Fernet

from airflow_thirdparty.demo.errors import DemoError

AIRFLOW_PORT = 8080
"""Airflow's own default."""

PROVIDER_PORT = 8090
"""Beside it, and no well-known one."""


def _secret() -> str:
    return secrets.token_hex(48)


@dataclass(frozen=True)
class PersistedSettings:
    """What must be the same at the next start, so that log-ins and sign-ins survive.

    :param port: where Airflow listens
    :param provider_port: where the identity provider listens; sign-ins are bound to it
    """

    port: int = AIRFLOW_PORT
    provider_port: int = PROVIDER_PORT
    fernet_key: str = field(default_factory=lambda: Fernet.generate_key().decode(), repr=False)
    jwt_secret: str = field(default_factory=_secret, repr=False)
    cookie_secret: str = field(default_factory=_secret, repr=False)
    client_secret: str = field(default_factory=_secret, repr=False)


@dataclass(frozen=True)
class State:
    """The folder and what stands in it.

    :param folder: absolute path of the folder
    :param remembered: what is the same at every start
    """

    folder: Path
    remembered: PersistedSettings

    @property
    def airflow_home(self) -> Path:
        """Airflow's own folder: configuration, database, logs of tasks."""
        return self.folder / "airflow"

    @property
    def logs(self) -> Path:
        """Logs of the processes."""
        return self.folder / "logs"

    @property
    def provider(self) -> Path:
        """The identity provider's folder."""
        return self.folder / "identity-provider"

    @property
    def base_url(self) -> str:
        """Where people reach Airflow.

        Another host name than the identity provider's, since browsers share cookies between ports.
        """
        return f"http://localhost:{self.remembered.port}"

    @property
    def server_url(self) -> str:
        """Where the other processes reach the API server."""
        return f"http://127.0.0.1:{self.remembered.port}"

    @property
    def issuer(self) -> str:
        """Where everybody reaches the identity provider."""
        return f"http://127.0.0.1:{self.remembered.provider_port}"


@contextlib.contextmanager
def open_state(folder: Path, port: int | None, provider_port: int | None) -> Iterator[State]:
    """Open the folder, make it if it is new, and keep other demos out of it.

    :param folder: where
    :param port: Airflow's port, if the user chose one
    :param provider_port: the identity provider's port, if the user chose one
    :yield: the folder, locked
    :raises DemoError: when another demo uses the folder, or it cannot be written
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / "lock").open("a")
    except OSError as error:
        raise DemoError(
            f"its folder {folder} cannot be used: {error.strerror}. Choose one with --state."
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(
                f"another demo is running with its state in {folder}.\n"
                "Stop that one, or choose another folder with --state and other ports with --port "
                "and --provider-port."
            ) from None
        state = State(folder.resolve(), _remember(folder / "demo.json", port, provider_port))
        for part in (state.airflow_home, state.logs, state.provider):
            part.mkdir(mode=0o700, exist_ok=True)
        yield state


def _remember(file: Path, port: int | None, provider_port: int | None) -> PersistedSettings:
    try:
        remembered = PersistedSettings(**json.loads(file.read_text()))
    except FileNotFoundError:
        remembered = PersistedSettings()
    except (ValueError, TypeError):
        raise DemoError(f"{file} is damaged. Remove the folder {file.parent} to begin anew.") from None
    if port is not None:
        remembered = replace(remembered, port=port)
    if provider_port is not None:
        remembered = replace(remembered, provider_port=provider_port)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
        json.dump(asdict(remembered), output, indent=2)
    return remembered
