"""Runs the provider until it is ended, as environment variables say: for trials behind a proxy with TLS.

``IDENTITY_PROVIDER_`` and: ``HOST``, ``PORT``, ``ISSUER`` (under which it is reached), ``CLIENT_ID``,
``CLIENT_SECRET_FILE``, ``REDIRECT_URI``, ``ACCESS_TOKEN_TTL`` (seconds).
"""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

from airflow_thirdparty.demo.identity_provider import running

PREFIX = "IDENTITY_PROVIDER_"
"""How the variables begin."""


def main() -> None:
    """Run it."""
    said = {name.removeprefix(PREFIX): value for name, value in os.environ.items() if name.startswith(PREFIX)}
    client = {
        "client_id": said["CLIENT_ID"],
        "client_name": "Airflow",
        "client_secret": Path(said["CLIENT_SECRET_FILE"]).read_text().strip(),
        "redirect_uris": [said["REDIRECT_URI"]],
    }
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(
            said.get("FOLDER", folder),
            [client],
            int(said["PORT"]),
            said["HOST"],
            issuer=said["ISSUER"],
            access_token_ttl=int(said["ACCESS_TOKEN_TTL"]),
        ),
    ):
        try:
            signal.pause()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
