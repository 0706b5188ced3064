from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import airflow
from tests.support.airflow import Airflow
from tests.support.databases import Database, Postgres, SQLite, used

DAG_FILES = Path(__file__).parent / "dags"


@pytest.fixture(scope="module", params=airflow.KINDS)
def server(
    request: pytest.FixtureRequest,
    database_server: Callable[[str], SQLite | Postgres],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Airflow]:
    """A whole Airflow, with real users of one auth manager, and a copy of the DAGs for tests to change."""
    kind, auth_manager = request.param
    folder = tmp_path_factory.mktemp("airflow")
    dags = shutil.copytree(DAG_FILES, folder / "dags")
    with (
        used(Database(kind, database_server(kind).prepared())),
        airflow.running(auth_manager, dags, folder / "passwords.json") as running,
    ):
        yield running
