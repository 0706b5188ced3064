"""What importing the hook loads beyond Airflow's SDK, which every task loads anyway."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import pytest

from tests.support.loading import loaded_by

STEPS = {
    "uses_account": "from airflow_thirdparty.hooks.uses_account import uses_account",
    "the hook": "from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook",
    "a hook whose token alone is used": "ThirdPartyAccountHook('acme')",
    "the objects for SDKs": "import airflow_thirdparty.sdks.credentials",
}

AIRFLOW = """
from airflow.sdk import BaseHook, Connection
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.log import mask_secret
"""
"""What every task loads in any case."""

HOOKS = "airflow_thirdparty.hooks"
OWN = {
    "airflow_thirdparty",
    *(f"airflow_thirdparty.{name}" for name in ("exceptions", "hooks", "protocol", "urls", "wire")),
    *(f"{HOOKS}.{name}" for name in ("access", "development", "paging", "third_party_account")),
}


@pytest.fixture(scope="module")
def loaded() -> Mapping[str, list[str]]:
    return loaded_by(STEPS, after=AIRFLOW)


@pytest.mark.parametrize(
    ("step", "own"),
    [
        ("uses_account", {"airflow_thirdparty", HOOKS, f"{HOOKS}.uses_account"}),
        ("the hook", OWN),
        ("a hook whose token alone is used", set()),
        ("the objects for SDKs", {"airflow_thirdparty.sdks", "airflow_thirdparty.sdks.credentials"}),
    ],
)
def test_what_dags_import_loads_nothing_but_itself_and_the_standard_library(
    loaded: Mapping[str, list[str]], step: str, own: set[str]
) -> None:
    foreign = {name for name in loaded[step] if name.split(".")[0] not in sys.stdlib_module_names}
    assert foreign <= own, "the HTTP client, above all"
