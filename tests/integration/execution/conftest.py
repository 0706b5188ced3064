"""A running task of alice's, and the account it asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import real_task
from tests.support.accounts import Accounts
from tests.support.people import Person
from tests.support.projecting import ACME, DAG_ID, KEY
from tests.support.signing_in import api, forget_all
from tests.support.tasks import RunningTask, Tasks


@pytest.fixture
def accounts(admin: Person) -> Iterator[Accounts]:
    forget_all()
    made = Accounts(admin)
    yield made
    made.remove_all()
    forget_all()


@pytest.fixture
def register(accounts: Accounts, alice: Person, tasks: Tasks) -> Callable[..., None]:
    """Registers an account that alice has handed a key to."""

    def make(host: str = "https://api.acme.example/v1", **extra: Any) -> None:
        tasks.add_dag(DAG_ID)
        plain = {"kind": "key", "issuer": "https://idp.example", "scopes": None, "service": "custom"}
        accounts.add(ACME, host, **{**plain, "authorize_params": {"prompt": "consent"}, **extra})
        answer = alice.browser.post(f"{api(ACME)}/sign-in", json={"key": KEY})
        assert answer.status_code == 200, answer.text

    return make


@pytest.fixture
def task(alice: Person, tasks: Tasks, register: Callable[..., None]) -> RunningTask:
    register()
    return tasks.start(DAG_ID, alice.trigger(DAG_ID))


@pytest.fixture
def dags(request: pytest.FixtureRequest, tmp_path: Path, admin: Person) -> Path:
    """A folder with the module's ``DAG_FILE``, which Airflow knows."""
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "of_this_module.py").write_text(request.module.DAG_FILE)
    real_task.load_dags(folder)
    return folder
