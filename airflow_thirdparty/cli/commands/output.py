"""How commands answer: rows on standard output by Airflow's own console, remarks on standard error."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.cli.simple_table import AirflowConsole
from rich.markup import escape

Row = Mapping[str, Any]
"""One row: plain values, lists and dictionaries by column; every row of a list has the same columns."""


def print_rows(rows: Sequence[Row], output: str) -> None:
    """List rows the way that ``-o`` asks for.

    :param rows: what to list, in order
    :param output: ``table`` or ``plain`` for people, ``json`` or ``yaml`` with all structure for programs
    """
    if output in ("table", "plain"):
        rows = [{name: _cell(value) for name, value in row.items()} for row in rows]
    if output == "table":  # the only one in which the console understands markup
        rows = [{name: escape(value) for name, value in row.items()} for row in rows]
    AirflowConsole().print_as([dict(row) for row in rows], output)


def remark(text: str) -> None:
    """Say something to the person at the shell that is not part of the listing.

    :param text: one or several lines
    """
    print(text, file=sys.stderr, flush=True)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_cell(each)}" if each else str(key) for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_cell(each) for each in value)
    return str(value)
