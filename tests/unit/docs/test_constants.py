"""Every number that was chosen says why it is this one, below or beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import airflow_thirdparty

PACKAGE = Path(airflow_thirdparty.__file__).parent
LEFT_OUT = ("ui", "versions")
CHOSEN = ast.Constant | ast.BinOp | ast.UnaryOp
MODULES = [
    path for path in sorted(PACKAGE.rglob("*.py")) if not set(path.relative_to(PACKAGE).parts) & set(LEFT_OUT)
]


def _is_a_number(part: ast.AST) -> bool:
    return isinstance(part, ast.Constant) and type(part.value) in (int, float)


def _is_a_time(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "timedelta"


def _is_chosen(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return False
    value = statement.value
    return (isinstance(value, CHOSEN) or _is_a_time(value)) and any(map(_is_a_number, ast.walk(value)))


def _is_text(statement: ast.stmt | None) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _numbers_without_a_reason(source: str) -> Iterator[str]:
    lines = source.splitlines()
    body = ast.parse(source).body
    for statement, after in zip(body, [*body[1:], None], strict=True):
        line = lines[statement.lineno - 1]
        if _is_chosen(statement) and not _is_text(after) and "#" not in line:
            yield line


@pytest.mark.parametrize("path", MODULES, ids=[str(path.relative_to(PACKAGE)) for path in MODULES])
def test_every_number_says_why(path: Path) -> None:
    assert list(_numbers_without_a_reason(path.read_text())) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        pytest.param("MOST = 4\n", ["MOST = 4"], id="nothing said"),
        pytest.param("MOST = 60 * 24\nOTHER = 'x'\n", ["MOST = 60 * 24"], id="something else follows"),
        pytest.param("DAY = timedelta(days=1)\n", ["DAY = timedelta(days=1)"], id="a time"),
        pytest.param('MOST = 4\n"""More than anybody needs."""\n', [], id="said below"),
        pytest.param("MOST = 4  # RFC 6749\n", [], id="said beside"),
        pytest.param("NAME = 'four'\nYES = True\n", [], id="no number"),
    ],
)
def test_what_is_found(source: str, found: list[str]) -> None:
    assert list(_numbers_without_a_reason(source)) == found
