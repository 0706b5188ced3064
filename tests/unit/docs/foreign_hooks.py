"""Writes `docs/foreign_hooks.md` from the exposure entries: `python -m tests.unit.docs.foreign_hooks`."""

from __future__ import annotations

from pathlib import Path

from airflow_thirdparty.server.accounts import exposures
from airflow_thirdparty.server.accounts.exposures import Entry
from tests.foreign.cases import Case, cases

PAGE = Path(__file__).parents[3] / "docs" / "foreign_hooks.md"

HEAD = """\
| entry | for | connection type | needs | options |
|---|---|---|---|---|
"""


TRIED = """\
| provider | hook or operator | entry | keeps its first token | deferred too | |
|---|---|---|---|---|---|
"""


def page() -> str:
    """The page as it should be."""
    with_entries = put(PAGE.read_text(), "entries", HEAD + "".join(_row(entry) for entry in _entries()))
    return put(with_entries, "tried", TRIED + "".join(_tried(case) for case in cases()))


def _tried(case: Case) -> str:
    keeps, defers = ("yes" if is_so else "" for is_so in (case.keeps, case.trigger))
    netrc = case.netrc and f"`.netrc`: {case.netrc}"
    note = f"cannot: {case.cannot}" if case.cannot else "; ".join(filter(None, (case.note, netrc)))
    return f"| {case.provider} | {case.name} | `{case.entry}` | {keeps} | {defers} | {note} |\n"


def put(page: str, name: str, made: str) -> str:
    """Put what was made into its place on a page.

    :param page: the page
    :param name: of the place
    :param made: what belongs there
    """
    before, mark, rest = page.partition(f"<!-- made by `make docs`: {name} -->\n")
    _, end, after = rest.partition("<!-- end -->\n")
    assert mark
    assert end
    return before + mark + made + end + after


def _entries() -> list[Entry]:
    found = [exposures.find(name) for name in exposures.names()]
    return [entry for entry in found if entry is not None]


def _row(entry: Entry) -> str:
    needs = [
        word for word, is_needed in (("host", entry.needs_host), ("login", entry.needs_login)) if is_needed
    ]
    options = [
        f"`{option.name}`{'*' if option.is_place else ''}{'' if option.is_needed else '?'}: {option.about}"
        for option in entry.options.values()
    ]
    cells = (f"`{entry.name}`", entry.about, f"`{entry.conn_type}`", ", ".join(needs), " ".join(options))
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page())
