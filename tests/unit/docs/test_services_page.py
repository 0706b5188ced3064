"""The page about services says what the presets say."""

from __future__ import annotations

import re

from airflow_thirdparty.server.accounts.presets import PRESETS
from tests.unit.docs import services


def test_the_page_is_made_from_the_presets() -> None:
    assert services.PAGE.read_text() == services.page(), "run `make docs`"


def test_every_service_has_a_line_and_a_section_of_its_own() -> None:
    text = services.page()
    sections = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert len(sections) == len(set(sections)) == len(PRESETS)
    anchors = re.findall(r"^\| \[[^]]+\]\(#([^)]+)\)", text, re.MULTILINE)
    assert len(anchors) == len(set(anchors)) == len(PRESETS)


def test_what_binds_no_code_is_said() -> None:
    unbound = {each.id for each in PRESETS.values() if each.kind == "oauth2" and not each.binds_code}
    rows = re.findall(r"^\| \[[^|]+\| `(\w+)` \|[^|]+\|[^|]*\| nothing \|", services.page(), re.MULTILINE)
    assert unbound
    assert set(rows) == unbound
