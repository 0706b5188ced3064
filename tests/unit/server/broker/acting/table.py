"""Writes the cases into `docs/acting_user.md`: `python -m tests.unit.server.broker.acting.table`."""

from __future__ import annotations

from pathlib import Path

from tests.unit.server.broker.acting.cases import CASES

PAGE = Path(__file__).parents[5] / "docs" / "acting_user.md"
BEGIN, END = "<!-- begin: cases -->\n", "<!-- end: cases -->\n"

WORDS = {
    "alice": "Alice",
    "acting_user_unknown": "nobody: `ActingUserUnknown`",
    "rerun_by_other_user": "nobody: `RerunByOtherUser`",
    "data_by_other_user": "nobody: `DataByOtherUser`",
    "account_not_allowed": "nobody: `AccountNotAllowed`",
    "service_unavailable": "ask again: `ServiceUnavailable`",
}


def table() -> str:
    """The cases as a table."""
    lines = ["| the run came from, or what is asked | and | acts for |", "|---|---|---|"]
    shown = ""
    for case in CASES:
        lines.append(
            f"| {case.origin if case.origin != shown else ''} | {case.story} | {WORDS[case.expected]} |"
        )
        shown = case.origin
    return "\n".join(lines) + "\n"


def page() -> str:
    """The page as it should be."""
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    PAGE.write_text(page())
