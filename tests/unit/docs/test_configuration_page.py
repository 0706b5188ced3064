"""The page about the configuration says what is declared."""

from __future__ import annotations

import re

from tests.unit.docs import configuration


def test_the_page_is_made_from_the_declaration() -> None:
    assert configuration.PAGE.read_text() == configuration.page(), "run `make docs`"


def test_every_table_is_one() -> None:
    for table in re.findall(r"(?:^\|.*\n)+", configuration.page(), re.MULTILINE):
        columns = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(columns) == 1, table
