"""The pages' own tests and types, with the Node that the build uses."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import airflow_thirdparty
from airflow_thirdparty.demo.identity_provider import node

UI = Path(airflow_thirdparty.__file__).parent / "ui"


def run(*command: str) -> None:
    program = node()
    path = os.pathsep.join([str(program.parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [str(program), *command],
        cwd=UI,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module", autouse=True)
def packages() -> None:
    """The build has installed them, unless the output was up to date already."""
    if not (UI / "node_modules").is_dir():
        npm = node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        run(str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund")


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("typescript/bin/tsc", "--noEmit"), id="types"),
        pytest.param(("vitest/vitest.mjs", "run"), id="tests"),
    ],
)
def test_the_pages(command: tuple[str, ...]) -> None:
    run(f"node_modules/{command[0]}", *command[1:])
