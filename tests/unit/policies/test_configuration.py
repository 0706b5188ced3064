"""What the configuration reference promises is what the settings do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_thirdparty import settings
from airflow_thirdparty.get_provider_info import get_provider_info
from airflow_thirdparty.policies.rules import Configured, Rules

OPTIONS = get_provider_info()["config"][settings.SECTION]["options"]
DOCS = (Path(__file__).parents[3] / "docs" / "policy.md").read_text()


@pytest.mark.parametrize(
    ("option", "read"),
    [
        pytest.param("public_dag_policy", settings.public_dag_policy, id="mode"),
        pytest.param("public_dag_tags", settings.public_dag_tags, id="tags"),
        pytest.param("public_roles", settings.public_roles, id="roles"),
        pytest.param("acknowledgement_tag", settings.acknowledgement_tag, id="acknowledgement by tag"),
        pytest.param("acknowledgement_param", settings.acknowledgement_param, id="acknowledgement by param"),
        pytest.param("account_ids_file", settings.account_ids_file, id="where the list is kept"),
    ],
)
def test_defaults(option: str, read: Callable[[], str | tuple[str, ...]]) -> None:
    value = read()
    text = value if isinstance(value, str) else ", ".join(value)
    assert OPTIONS[option]["default"] == text
    assert f"| `{option}` | {f'`{text}`' if text else ''}".rstrip() in DOCS


def test_the_rules_without_configuration_are_the_defaults() -> None:
    configured = Configured()
    for name, default in vars(Rules()).items():
        assert getattr(configured, name) == default
