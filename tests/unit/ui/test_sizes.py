"""How much a browser loads before somebody sees their accounts: by the built files, as they are sent."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from airflow_thirdparty.plugin_views import STATIC_FOLDER

STAND_ALONE, IN_AIRFLOW = 120_000, 35_000
"""Bytes, gzipped: a slow phone's connection brings the first in a second; Airflow's page brings 1 MB."""

AT_ONCE = re.compile(r"""\b(?:from|import)\s*["'`](\.[^"'`]+\.js)["'`]""")
LATER = re.compile(r"""\bimport\(\s*["'`](\.[^"'`]+\.js)["'`]""")


def _named(script: Path, pattern: re.Pattern[str]) -> list[Path]:
    return [(script.parent / name).resolve() for name in pattern.findall(script.read_text(encoding="utf-8"))]


def loaded(*scripts: Path) -> set[Path]:
    """Scripts with all that they import at once."""
    found: set[Path] = set()
    waiting = list(scripts)
    while waiting:
        script = waiting.pop()
        if script not in found:
            found.add(script)
            waiting += _named(script, AT_ONCE)
    return found


def size(files: set[Path]) -> int:
    """How many bytes are sent."""
    return sum(len(gzip.compress(file.read_bytes())) for file in files)


def entry(name: str) -> set[Path]:
    """What the address in a page leads to: a script, and the one that it goes on with."""
    script = (STATIC_FOLDER / name).resolve()
    return loaded(script, *_named(script, LATER))


def chunk(files: set[Path], name: str) -> Path:
    """The part that holds a view, of those that scripts load later."""
    later = {part for file in files for part in _named(file, LATER)}
    [part] = [part for part in later if part.name.startswith(f"{name}-")]
    return part


@pytest.mark.parametrize("language", sorted(path.stem for path in (STATIC_FOLDER / "words").glob("*.json")))
def test_the_page_by_itself(language: str) -> None:
    files = entry("page.js") | {STATIC_FOLDER / name for name in ("index.html", "page.css", "theme.js")}
    if language != "en":  # which stands in the scripts
        files.add(STATIC_FOLDER / "words" / f"{language}.json")
    assert size(files) <= STAND_ALONE


@pytest.mark.parametrize("view", ["AccountsPage", "DagAccountsTab", "TaskAccountTab"])
def test_a_view_inside_airflow(view: str) -> None:
    files = entry("main.js")
    assert size(files | loaded(chunk(files, view))) <= IN_AIRFLOW


@pytest.mark.parametrize("view", ["AdminTabs"])
def test_what_most_people_never_see_comes_later(view: str) -> None:
    files = entry("page.js")
    assert chunk(files, view) not in files
