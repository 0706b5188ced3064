"""What the guard counts on in Airflow: who reads connections, what loads first, what a 403 becomes."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from airflow.models.connection import Connection
from airflow.sdk.exceptions import AirflowSecretsBackendAccessDenied, ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse
from airflow.sdk.execution_time.secrets.execution_api import ExecutionAPISecretsBackend
from airflow.secrets.metastore import MetastoreBackend

from airflow_thirdparty.server.broker.registry import guard
from airflow_thirdparty.server.broker.registry.not_projected import NotProjectedHere

FUNCTION = "get_connection_from_secrets"


def airflow_folder() -> Path:
    spec = find_spec("airflow")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def calls(file: Path) -> bool:
    source = file.read_text()
    return FUNCTION in source and any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == FUNCTION
        for node in ast.walk(ast.parse(source))
    )


def test_who_reads_connections_for_somebody() -> None:
    folder = airflow_folder()
    rooms = ("api_fastapi", "cli", "dag_processing", "executors", "jobs", "models", "sdk", "secrets", "utils")
    files = [file for room in rooms for file in (folder / room).rglob("*.py")]
    assert {
        ".".join(("airflow", *file.relative_to(folder).with_suffix("").parts))
        for file in files
        if calls(file)
    } == {
        guard.ROUTE,
        *guard.READERS,
        "airflow.utils.context",  # templates outside tasks: refused
        "airflow.utils.email",  # refused
    }


ORDER = """
import sys
from pluggy import PluginManager

load = PluginManager.load_setuptools_entrypoints
def watched(self, group, name=None):
    if group == "airflow.policy":
        print("airflow.models.connection" in sys.modules, "airflow.secrets.metastore" in sys.modules)
    return load(self, group, name)
PluginManager.load_setuptools_entrypoints = watched
import airflow.settings
from airflow.models.connection import Connection
from airflow_thirdparty.server.broker.registry import guard
print(guard.is_installed(Connection.get_connection_from_secrets))
"""


def test_both_classes_are_there_before_any_policy_module() -> None:
    done = subprocess.run([sys.executable, "-c", ORDER], capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines()[-2:] == ["True True", "True"], done.stderr


def test_the_guard_stands_in_this_process() -> None:
    assert guard.is_installed(Connection.get_connection_from_secrets)
    assert guard.is_installed(MetastoreBackend.get_connection)


def test_installed_twice_it_stands_once() -> None:
    before = Connection.__dict__["get_connection_from_secrets"]
    guard.install()
    assert Connection.__dict__["get_connection_from_secrets"] is before


def test_a_refusal_is_a_403_and_airflows_denial() -> None:
    refusal = NotProjectedHere("acme")
    assert refusal.status_code == 403
    assert isinstance(refusal, AirflowSecretsBackendAccessDenied)
    assert "uvicorn airflow_thirdparty.execution_server:app" in str(refusal)


def test_a_denial_stops_the_sdk() -> None:
    denied = ErrorResponse(error=ErrorType.PERMISSION_DENIED, detail={"conn_id": "acme"})
    with pytest.raises(AirflowSecretsBackendAccessDenied):
        ExecutionAPISecretsBackend()._raise_if_authz_denied(denied, resource="connection", key="acme")
