"""docs/deployment.md shows the commands that the tests start servers with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.execution.test_split_servers import COMMANDS

PAGE = (Path(__file__).parents[3] / "docs" / "deployment.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("server", COMMANDS)
def test_servers_for_tasks_are_started_as_in_the_tests(server: str) -> None:
    assert f"\n{COMMANDS[server].format(port=8080).replace('127.0.0.1', '0.0.0.0')}\n" in PAGE
