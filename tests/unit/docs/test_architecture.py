"""The rooms that the documentation names are those of the tree, and the glossary's classes exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import airflow_thirdparty

PACKAGE = Path(airflow_thirdparty.__file__).parent
DOCS = PACKAGE.parent / "docs"
SOURCES = "\n".join(path.read_text() for path in sorted(PACKAGE.rglob("*.py")))


def _rooms(*halls: str) -> set[str]:
    found = {
        path for hall in halls for path in (PACKAGE / hall).iterdir() if (path / "__init__.py").is_file()
    }
    return {f"{path.relative_to(PACKAGE).as_posix()}/" for path in found}


def test_the_rooms_of_the_page_are_those_of_the_tree() -> None:
    named = set(
        re.findall(
            r"^\| `((?:server|policies)/[a-z_/]+)` \|", (DOCS / "architecture.md").read_text(), re.MULTILINE
        )
    )
    assert named == _rooms("server", "server/broker", "policies") - {"server/broker/"}


def test_every_class_of_the_glossary_exists() -> None:
    rows = [line for line in (DOCS / "glossary.md").read_text().splitlines() if line.startswith("| ")]
    classes = {name for row in rows for name in re.findall(r"`([A-Z][A-Za-z]+)`", row.rsplit("|", 2)[1])}
    missing = {name for name in classes if not re.search(rf"^class {name}\b", SOURCES, re.MULTILINE)}
    assert len(classes) > 30
    assert missing == set()


@pytest.mark.parametrize(
    "retired",
    [
        "ClosedGate",
        "closed_gate",
        "Ledger",
        "Journal",
        "CauseRecorderMiddleware",
        "third_party_cause",
        "take_turn",
    ],
)
def test_retired_names_are_gone(retired: str) -> None:
    assert not re.search(rf"\b{retired}\b", SOURCES)
