"""docker/Dockerfile: what hadolint does not know."""

from __future__ import annotations

from pathlib import Path

LINES = (Path(__file__).parents[3] / "docker" / "Dockerfile").read_text().splitlines()


def test_the_image_is_not_roots() -> None:
    assert [line for line in LINES if line.startswith("USER")] == ["USER 50000:0"]
    assert LINES[-1] == "USER 50000:0"
