"""The reference is made from what it describes."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.unit.docs import command_line, errors, http_api


@pytest.mark.parametrize("page", [command_line, errors, http_api], ids=lambda page: page.PAGE.name)
def test_the_page_is_made_from_what_it_describes(page: ModuleType) -> None:
    assert page.PAGE.read_text() == page.page(), "run `make docs`"


def test_every_code_is_explained_once() -> None:
    text = errors.page()
    codes = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    assert len(codes) == len(set(codes))
    assert {"sign_in_required", "not_projected", "no_such_account"} <= set(codes)
