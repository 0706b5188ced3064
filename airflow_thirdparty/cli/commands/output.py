"""How commands answer: rows on standard output by Airflow's own console, remarks on standard error."""

from __future__ import annotations

import sys
import time
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


LISTED = 1000
"""How many rows a table for people has at most; nobody reads more, and a million would not fit in memory."""


class Listing:
    """Rows that are listed in the end, as many as somebody would read.

    :param output: as for :func:`print_rows`; what programs read is listed whole
    """

    def __init__(self, output: str) -> None:
        self.total = 0
        self._output = output
        self._rows: list[Row] = []

    def add(self, row: Row) -> None:
        """Add a row.

        :param row: with the same columns as the others
        """
        self.total += 1
        if self._output != "table" or self.total <= LISTED:
            self._rows.append(row)

    def print(self) -> None:
        """List the rows, and say how many are left out."""
        print_rows(self._rows, self._output)
        if self.total > len(self._rows):
            remark(f"And {self.total - len(self._rows)} more; '-o plain' and '-o json' list all.")


class Progress:
    """Says now and then how far long work has come: nobody thinks it hangs, and no log fills up.

    :param every: seconds between two lines
    """

    def __init__(self, every: float = 5.0) -> None:
        self._every = every
        self._told = time.monotonic()

    def tell(self, text: str) -> None:
        """Say it, unless something was said just before.

        :param text: one line
        """
        if time.monotonic() - self._told >= self._every:
            self._told = time.monotonic()
            remark(text)


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
