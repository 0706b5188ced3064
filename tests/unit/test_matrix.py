"""The parts of the matrix, and the lowest versions that the package allows."""

from __future__ import annotations

import pytest

from tools import matrix


def test_every_airflow_runs_the_whole_suite() -> None:
    whole = [part for part in matrix.parts() if part.targets == ("test",)]
    versions = {path.stem for path in (matrix.ROOT / "constraints").glob("airflow-*.txt")}
    assert {part.name for part in whole} == versions


def test_each_part_has_an_environment_of_its_own() -> None:
    parts = matrix.parts()
    assert len({part.name for part in parts}) == len({part.variables["VENV"] for part in parts}) == len(parts)


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
