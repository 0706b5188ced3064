"""docs/observability.md lists what the code writes: audit rows, metrics, spans, checks of health."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from airflow_thirdparty.server.broker import health
from airflow_thirdparty.server.broker.telemetry import audit, metrics

ROOT = Path(__file__).parents[3]
SERVER = ROOT / "airflow_thirdparty" / "server"
PAGE = (ROOT / "docs" / "observability.md").read_text()
EVENT = re.compile(r"[a-z_]+")


def section(heading: str) -> str:
    (found,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def texts(node: ast.AST) -> Iterator[str]:
    """The texts an expression can be: of a constant, or of both branches of a condition."""
    branches = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
    for branch in branches:
        if isinstance(branch, ast.Constant) and isinstance(branch.value, str):
            yield branch.value


def arguments(name: str, position: int, keyword: str) -> set[str]:
    """What a function is given anywhere in the server, called itself or handed on with its arguments.

    :param name: as it is written where it is called, such as ``audit.write``
    :param position: of the argument
    :param keyword: its name, where it is given by name
    """
    found = set()
    for path in SERVER.rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            given = [ast.unparse(call.func), *map(ast.unparse, call.args)]
            if name not in given:
                continue
            at = position if given[0] == name else len(call.args)
            values = [*call.args[at : at + 1], *(k.value for k in call.keywords if k.arg == keyword)]
            found |= {text for value in values for text in texts(value)}
    return found


def test_audit_events() -> None:
    named = set(re.findall(r"`([a-z_]+)`", section("Audit log")))
    assert named == arguments("audit.write", 1, "event") | arguments("audit.row", 0, "event")
    assert f"`{audit.PREFIX}.`" in section("Audit log")


def test_metrics() -> None:
    named = set(re.findall(r"^\| `third_party_accounts\.([a-z_]+)` ", section("Metrics"), re.MULTILINE))
    counted = re.findall(
        r'_count\("([a-z_]+)"|timing\("third_party_accounts\.([a-z_]+)"', Path(metrics.__file__).read_text()
    )
    assert named == {name for pair in counted for name in pair if name}


def test_spans() -> None:
    named = re.findall(r"`(?:third_party_accounts)?\.([a-z_]+)`", section("Traces"))
    assert set(named) - {"type"} == arguments("span", 0, "name")


def test_checks_of_health() -> None:
    tree = ast.parse(Path(health.__file__).read_text())
    (checks,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "_wrong"]
    keys = {
        key.value
        for node in ast.walk(checks)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    }
    named = set(EVENT.findall(" ".join(re.findall(r"`([a-z_]+)`", section("Health")))))
    assert named == keys | {"middlewares"}
