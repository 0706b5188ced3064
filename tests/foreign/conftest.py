"""Airflow's home is settled before Airflow is imported; of the other fixtures only a server's are needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.foreign.cases import GROUP, cases
from tests.support import airflow_home
from tests.support.certificates import certificate

airflow_home.settle()

pytest_plugins = [
    "tests.support.databases",
    "tests.support.airflow_server",
    "tests.support.people",
    "tests.support.tasks",
    "tests.integration.execution.conftest",
]

collect_ignore = [] if GROUP == "foreign" else ["test_keycloak.py", "sdks"]
"""What imports packages that are not here."""

FURTHER = {"acme.blob.core.windows.net", "graph.example", "login.example"}
"""Hosts that hooks know, of services that are in no row."""


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for all vendors' names."""
    names = sorted({case.vendor for case in cases() if case.vendor} | FURTHER)
    return certificate(tmp_path_factory.mktemp("tls"), *names)
