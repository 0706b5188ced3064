"""What docs/decisions.md says of the libraries is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "airflow_thirdparty"


def imported(folder: Path) -> set[str]:
    """The packages that the modules of a folder import."""
    nodes = [node for path in folder.rglob("*.py") for node in ast.walk(ast.parse(path.read_text()))]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(
    ("library", "zone", "elsewhere"),
    [
        pytest.param("httpx2", "hooks", "server", id="the hook's client"),
        pytest.param("httpcore2", "server", "hooks", id="the guarded transport's engine"),
        pytest.param("authlib", "server", "hooks", id="what builds requests"),
    ],
)
def test_which_library_is_used_where(library: str, zone: str, elsewhere: str) -> None:
    declared = (ROOT / "pyproject.toml").read_text().partition("dependencies = [")[2].partition("]")[0]
    assert library in re.findall(r'"([a-z0-9-]+)', declared)
    assert library.lower() in (ROOT / "docs" / "decisions.md").read_text().lower()
    assert library in imported(PACKAGE / zone)
    assert library not in imported(PACKAGE / elsewhere)
    of_other_makers = PACKAGE / "sdks"
    zones = {path.parent for path in PACKAGE.glob("*/__init__.py")} - {of_other_makers}
    assert not [zone for zone in zones if "httpx" in imported(zone)]
