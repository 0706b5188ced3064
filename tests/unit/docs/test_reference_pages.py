"""The reference is made from what it describes."""

from __future__ import annotations

from types import ModuleType

import pytest

from airflow_thirdparty.exceptions import BY_CODE
from tests.unit.docs import command_line, errors, http_api

TROUBLESHOOTING = errors.PAGE.with_name("troubleshooting.md").read_text()


@pytest.mark.parametrize("page", [command_line, errors, http_api], ids=lambda page: page.PAGE.name)
def test_the_page_is_made_from_what_it_describes(page: ModuleType) -> None:
    assert page.PAGE.read_text() == page.page(), "run `make docs`"


def test_every_code_is_explained_once() -> None:
    text = errors.page()
    codes = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    assert len(codes) == len(set(codes))
    assert {"sign_in_required", "not_projected", "no_such_account"} <= set(codes)


@pytest.mark.parametrize("name", sorted(cls.__name__ for cls in BY_CODE.values()))
def test_what_a_task_meets_has_a_remedy(name: str) -> None:
    assert f"| `{name}`" in TROUBLESHOOTING
