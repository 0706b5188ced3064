from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.integration.acting import real_airflow
from tests.support.airflow_home import FOLDER
from tests.support.airflow_server import configured
from tests.support.databases import Database, used


@pytest.fixture(scope="module", params=real_airflow.KINDS)
def server(request: pytest.FixtureRequest, database_server) -> Iterator[real_airflow.Server]:
    """The real API server, with real users of one auth manager."""
    from starlette.testclient import TestClient

    kind, auth_manager = request.param
    names = ",".join(f"{name}:{role.lower()}" for name, role in real_airflow.USERS.items())
    core = {
        "min_serialized_dag_update_interval": "0",
        "auth_manager": auth_manager,
        "simple_auth_manager_users": names.replace("alice:user", "alice:op"),
        "simple_auth_manager_passwords_file": str(FOLDER / "passwords.json"),
    }
    with ExitStack() as stack:
        stack.enter_context(used(Database(kind, database_server(kind).prepared())))
        stack.enter_context(configured("core", **core))
        if auth_manager == real_airflow.FAB:
            real_airflow.add_fab_users()
        real_airflow.load_dags()
        client = TestClient(real_airflow.make_app(), base_url="http://localhost")
        yield real_airflow.Server(stack.enter_context(client), auth_manager)
