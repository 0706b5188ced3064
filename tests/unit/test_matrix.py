"""The parts of the matrix, and the lowest versions that the package allows."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools import matrix

CONSTRAINTS = sorted((matrix.ROOT / "constraints").glob("airflow-*.txt"))
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
INSTALLED = ("dependencies", "fab", "dev", "rehearsal")
SELECTED = f'exec {sys.executable} "$@"'
NOT_SELECTED = "echo 'pyenv: command not found' >&2; exit 127"


def test_every_airflow_runs_the_whole_suite() -> None:
    whole = [part for part in matrix.parts() if part.targets == ("test",)]
    versions = {path.stem for path in (matrix.ROOT / "constraints").glob("airflow-*.txt")}
    assert {part.name for part in whole} == versions


def test_each_part_has_an_environment_of_its_own() -> None:
    parts = matrix.parts()
    assert len({part.name for part in parts}) == len({part.variables["VENV"] for part in parts}) == len(parts)


def test_the_manual_names_every_part() -> None:
    page = (matrix.ROOT / "docs" / "upgrades.md").read_text()
    assert [part.name for part in matrix.parts() if f"`{part.name}`" not in page] == []


def test_the_oldest_and_the_newest_python_are_looked_for() -> None:
    looked_for = [part.pythons for part in matrix.parts() if part.pythons]
    assert [pythons[0] for pythons in looked_for] == [matrix.PYTHONS[0], matrix.PYTHONS[-1]]
    named = re.findall(
        r"Programming Language :: Python :: (3\.\d+)", (matrix.ROOT / "pyproject.toml").read_text()
    )
    assert list(matrix.PYTHONS) == named


def program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("on_path", "installed", "version", "is_found"),
    [
        pytest.param(SELECTED, None, HERE, True, id="on the path"),
        pytest.param(NOT_SELECTED, None, HERE, False, id="pyenv's stand-in for one that is not selected"),
        pytest.param(NOT_SELECTED, SELECTED, HERE, True, id="and that one is installed"),
        pytest.param(None, SELECTED, HERE, True, id="installed and not on the path"),
        pytest.param(None, None, HERE, False, id="nowhere"),
        pytest.param(SELECTED, SELECTED, "2.7", False, id="another version under that name"),
    ],
)
def test_an_interpreter_is_one_that_runs(
    on_path: str | None,
    installed: str | None,
    version: str,
    is_found: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    places = {f"bin/python{version}": on_path, f"pyenv/versions/{version}.1/bin/python{version}": installed}
    for place, script in places.items():
        if script is not None:
            program(tmp_path / place, script)
    assert (matrix.interpreter(version) is not None) is is_found


@pytest.mark.parametrize("path", CONSTRAINTS, ids=lambda path: path.stem)
def test_all_that_is_installed_is_pinned(path: Path) -> None:
    pinned = {re.split(r"[=<>;\s]", line)[0] for line in path.read_text().splitlines()}
    text = (matrix.ROOT / "pyproject.toml").read_text()
    groups = [re.search(rf"^{group} = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL) for group in INSTALLED]
    named = [
        name for found in groups if found for name in re.findall(r'^    "([^"]+)"', found[1], re.MULTILINE)
    ]
    assert len(named) > 20
    assert {Requirement(name).name for name in named} - pinned == set()


@pytest.mark.parametrize("path", CONSTRAINTS, ids=lambda path: path.stem)
def test_constraints_name_no_address(path: Path) -> None:
    assert "://" not in path.read_text()


@pytest.mark.parametrize(
    ("constraints", "dependencies", "expected"),
    [
        pytest.param("a==2.0\nb==1\n", ["a>=1.5"], "b==1\na==1.5\n", id="its own"),
        pytest.param("a==2.0\na-b==3\n", ["a>=1.5"], "a-b==3\na==1.5\n", id="a name that begins alike"),
        pytest.param(
            "a==2.0 ; python_version < '3.11'\na==3\n", ["a>=1.5"], "a==1.5\n", id="one for each Python"
        ),
        pytest.param(
            "apache-airflow==3\n",
            ["apache-airflow>=3"],
            "apache-airflow==3\n",
            id="Airflow as it is asked for",
        ),
    ],
)
def test_the_lowest_versions(constraints: str, dependencies: list[str], expected: str) -> None:
    assert matrix.lowest(constraints, dependencies) == expected


def test_the_packages_own_dependencies_are_found() -> None:
    found = matrix._section("dependencies = [")
    assert '"authlib>=' in found
    assert '"pytest"' not in found
