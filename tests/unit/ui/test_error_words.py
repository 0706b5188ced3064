"""Every error that a page can show has words in every language, by its code."""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path

import airflow_thirdparty.server
from airflow_thirdparty.exceptions import ThirdPartyAccountError

WORDS = Path(airflow_thirdparty.__file__).parent / "ui" / "src" / "words"
NOT_FOR_PEOPLE = frozenset(
    {
        *(
            "cannot_defer",
            "leaves_account",
            "not_granted",
            "not_projected",
            "still_refreshing",
        ),  # tasks alone
        *("id_taken", "kept_elsewhere", "roles_elsewhere", "no_such_role", "no_such_service"),  # admins alone
        *("no_such_dag", "no_such_delegation", "no_such_sign_in", "no_such_task_instance"),  # stale pages
        *("not_the_delegate", "public_dag", "third_party_account_error"),
    }
)
"""Codes whose English words do: their readers see them in a task's log, or beside Airflow's English."""


def codes() -> set[str]:
    for module in pkgutil.walk_packages(airflow_thirdparty.server.__path__, "airflow_thirdparty.server."):
        if ".migrations" not in module.name:
            importlib.import_module(module.name)
    waiting, found = [ThirdPartyAccountError], set()
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if kind.__module__.startswith("airflow_thirdparty."):
                found.add(kind.code)
    return found


def test_all_of_them() -> None:
    said = {
        key.split(".")[1] for key in json.loads((WORDS / "de.json").read_text()) if key.startswith("errors.")
    }
    assert codes() - NOT_FOR_PEOPLE - said == set()
