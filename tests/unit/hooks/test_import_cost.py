"""What importing the hook loads beyond Airflow's SDK, which every task loads anyway."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

LOADED = """
import json, sys
from airflow.sdk import BaseHook, Connection
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.log import mask_secret
before = set(sys.modules)
{statement}
print(json.dumps(sorted(set(sys.modules) - before)))
"""
OWN = {
    "airflow_thirdparty",
    *(f"airflow_thirdparty.{name}" for name in ("exceptions", "hooks", "protocol")),
} | {f"airflow_thirdparty.{name}" for name in ("hooks.development", "hooks.paging", "urls", "wire")}


def loaded_by(statement: str) -> set[str]:
    script = LOADED.format(statement=statement)
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("module", ["third_party_account", "uses_account"])
def test_a_module_for_dags_loads_nothing_but_itself_and_the_standard_library(module: str) -> None:
    name = f"airflow_thirdparty.hooks.{module}"
    roots = {
        each for each in loaded_by(f"import {name}") if each.split(".")[0] not in sys.stdlib_module_names
    }
    assert roots <= OWN | {name}


def test_a_hook_whose_token_alone_is_used_loads_no_http_client() -> None:
    statement = (
        "from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook\n"
        "ThirdPartyAccountHook('acme')"
    )
    assert not {each for each in loaded_by(statement) if each.startswith(("http", "anyio"))}
