"""``make demo-check``: two people, one DAG, each as themselves."""

from __future__ import annotations

import subprocess

from tests.e2e.conftest import COMMAND, SECONDS


def test_each_acts_as_themselves() -> None:
    done = subprocess.run([*COMMAND, "--check"], capture_output=True, text=True, timeout=SECONDS, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["alice", "alice"] in rows, said
    assert ["bob", "bob"] in rows, said
    (carol,) = [row for row in rows if row[:2] == ["carol", "nobody:"]]
    assert "SignInRequired:" in carol
    assert "/third-party-accounts/" in carol[-1]
