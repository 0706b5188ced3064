from __future__ import annotations

from tests.unit.server.broker.acting.table import PAGE, page


def test_the_documented_table_is_the_tested_one():
    assert PAGE.read_text() == page(), "run `make docs`"
