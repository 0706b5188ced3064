"""docker/Dockerfile and what it may copy: what hadolint does not know."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCKER = ROOT / "docker"
LINES = (DOCKER / "Dockerfile").read_text().splitlines()
[LICENSES] = re.findall(r"^license-files = (.*)$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)


def test_the_image_is_not_roots() -> None:
    assert [line for line in LINES if line.startswith("USER")] == ["USER 50000:0"]
    assert LINES[-1] == "USER 50000:0"


@pytest.mark.parametrize(
    "name",
    ["airflow_thirdparty", "dags_examples", "hatch_build.py", "README.md", *ast.literal_eval(LICENSES)],
)
def test_what_the_wheel_is_built_from_is_copied(name: str) -> None:
    assert (ROOT / name).exists()
    assert f"!{name}" in (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
