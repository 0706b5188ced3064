"""The public face: what the page names, the modules export, and nothing else is."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

import airflow_thirdparty
from airflow_thirdparty.exceptions import ThirdPartyAccountError
from tests.unit.docs import api

PACKAGE = Path(airflow_thirdparty.__file__).parent
REPOSITORY = PACKAGE.parent
SHOWN = [
    REPOSITORY / "README.md",
    *sorted((REPOSITORY / "docs").glob("*.md")),
    *sorted((REPOSITORY / "dags_examples").glob("*.py")),
]


def test_the_page_is_made_from_the_modules() -> None:
    assert api.PAGE.read_text() == api.page(), "run `make docs`"


@pytest.mark.parametrize("name", api.MODULES)
def test_every_public_name_is_there_and_says_what_it_is(name: str) -> None:
    module = import_module(name)
    for public in module.__all__:
        thing = getattr(module, public)
        room = name.rpartition(".")[0]
        assert thing.__module__.rpartition(".")[0] == room, "nothing of others"
        assert api._first_line(thing).endswith(".")


def test_no_other_module_that_dags_can_import_names_anything_as_public() -> None:
    exporting = set()
    for path in PACKAGE.rglob("*.py"):
        # no DAG can import the server; inside it, __all__ only passes names on
        if path.is_relative_to(PACKAGE / "server") or "node_modules" in path.parts:
            continue
        if re.search(r"^__all__\b", path.read_text(), re.MULTILINE):
            exporting.add(".".join(path.relative_to(REPOSITORY).with_suffix("").parts))
    assert exporting == set(api.MODULES)


def test_every_error_is_public() -> None:
    module = import_module("airflow_thirdparty.exceptions")
    errors = {
        name
        for name, thing in vars(module).items()
        if isinstance(thing, type) and issubclass(thing, ThirdPartyAccountError)
    }
    assert set(module.__all__) == errors


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: path.name)
def test_what_is_shown_to_dag_authors_is_public(path: Path) -> None:
    text = path.read_text()
    blocks = [text] if path.suffix == ".py" else re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    for block in blocks:
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("airflow_thirdparty"):
                assert node.module in api.MODULES
                assert {alias.name for alias in node.names} <= set(import_module(node.module).__all__)
