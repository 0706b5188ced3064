"""The page on hooks of other providers says what the entries say."""

from __future__ import annotations

from tests.unit.docs.foreign_hooks import PAGE, page


def test_the_page_is_made_from_the_entries() -> None:
    assert PAGE.read_text() == page(), "run: make docs"
