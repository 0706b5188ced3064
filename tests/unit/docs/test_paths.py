"""The folders and modules that README and documents name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "airflow_thirdparty"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

MODULE = re.compile(r"(?<![\w/.])([a-z_/]+\.py)\b")


def test_the_folders_of_readme_exist_and_no_zone_is_left_out() -> None:
    named = set(re.findall(r"^\| `([a-z_/]+)/` \|", (ROOT / "README.md").read_text(), re.MULTILINE))
    zones = {f"airflow_thirdparty/{path.parent.name}" for path in PACKAGE.glob("*/__init__.py")}
    assert zones <= named
    assert {name for name in named if not (ROOT / name).is_dir()} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_that_a_page_names_exist(page: Path) -> None:
    known = [path.as_posix() for folder in (PACKAGE, ROOT / "tests") for path in folder.rglob("*.py")]
    named = set(MODULE.findall(re.sub(r"https://\S+", "", page.read_text())))
    assert {name for name in named if not any(path.endswith(f"/{name}") for path in known)} == set()
