"""Runs the faulty service as a process of its own, and tells it what to do."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Remote:
    """The faulty service, from another process or thread.

    :param base_url: its address, which is also its issuer
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def fault(self, endpoint: str, kind: str, **details: Any) -> None:
        """See :class:`tests.support.faulty_answers.Fault`."""
        self._control({"faults": {endpoint: {"kind": kind, **details}}})

    def heal(self) -> None:
        """Take every fault away."""
        self._control({"heal": True})

    def forget(self) -> None:
        """Count from zero again."""
        self._control({"forget": True})

    def configure(self, **settings: Any) -> None:
        """See :class:`tests.support.faulty_service.Settings`."""
        self._control({"settings": settings})

    def calls(self, endpoint: str) -> int:
        """How often an endpoint was called."""
        return int(self._control(None)["calls"].get(endpoint, 0))

    def requests(self) -> list[dict[str, str]]:
        """What has arrived: ``endpoint``, ``head``, ``body``."""
        return list(self._control(None)["requests"])

    def _control(self, wishes: dict[str, Any] | None) -> dict[str, Any]:
        data = None if wishes is None else json.dumps(wishes).encode()
        with urllib.request.urlopen(f"{self.base_url}/control", data, timeout=10) as answer:
            return dict(json.load(answer))


@contextlib.contextmanager
def running() -> Iterator[Remote]:
    """Run the service in a process of its own, which ends with this block or with this process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.faulty_service"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Remote(json.loads(process.stdout.readline())["base_url"])
    finally:
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()
