"""What answers like Keycloak, as far as Airflow's auth manager asks: a certified provider underneath."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from airflow_thirdparty.demo.identity_provider import install, node

SERVER = Path(__file__).with_name("server.mjs")


@contextlib.contextmanager
def running(
    folder: Path, client: Mapping[str, Any], permissions: Mapping[str, Sequence[str]], access_token_ttl: int
) -> Iterator[str]:
    """Run it.

    :param folder: where the provider's packages are put
    :param client: Airflow, as a client
    :param permissions: what each person may do, such as ``Dag#GET``; ``*`` is everything
    :param access_token_ttl: seconds
    :yield: its address
    """
    shutil.copy(SERVER, install(folder) / "keycloak.mjs")
    kind = {
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["authorization_code", "client_credentials", "password", "refresh_token"],
    }
    settings = {
        "clients": [{**kind, **client}],
        "permissions": permissions,
        "access_token_ttl": access_token_ttl,
    }
    process = subprocess.Popen(
        [str(node()), "keycloak.mjs"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(settings) + "\n")
        process.stdin.flush()
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()
