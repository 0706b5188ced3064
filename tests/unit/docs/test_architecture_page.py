"""The folders that README and docs/architecture.md name are those of the tree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "airflow_thirdparty"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
README = ROOT / "README.md"

UNNAMED = {
    "server/store/migrations/versions": "one file a migration",
}
"""Folders that need no line of their own, with what would stand in it."""

FOLDER = re.compile(r"`([a-z_/]+)/`")
MODULE = re.compile(r"(?<![\w/])([a-z_/]+\.py)\b")


def folders() -> set[str]:
    """Every folder with code of the package, and the page's."""
    packages = {path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("__init__.py")}
    return {"ui", *packages} - {"."}


def table(page: Path) -> set[str]:
    """The folders in the first column of a page's tables."""
    rows = [line.split("|")[1] for line in page.read_text().splitlines() if line.startswith("| `")]
    return {name for cell in rows for name in FOLDER.findall(cell)}


def test_the_architecture_names_every_folder_and_no_other() -> None:
    assert table(ARCHITECTURE) == folders() - set(UNNAMED)
    assert set(UNNAMED) <= folders()


def test_readme_names_every_zone_and_every_room_of_the_server() -> None:
    named = {name for name in table(README) if name.startswith("airflow_thirdparty/")}
    inside = {name.removeprefix("airflow_thirdparty/") for name in named}
    zones = {name for name in folders() if "/" not in name}
    rooms = {name for name in folders() if re.fullmatch(r"server/\w+", name)}
    assert inside == zones | rooms
    assert [name for name in table(README) if not (ROOT / name).is_dir()] == []


@pytest.mark.parametrize("page", [README, *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.name)
def test_modules_that_a_page_names_exist(page: Path) -> None:
    known = [path.as_posix() for path in PACKAGE.rglob("*.py")]
    named = set(MODULE.findall(page.read_text()))
    assert [name for name in named if not any(path.endswith(f"/{name}") for path in known)] == []
