"""The configuration and the environment of the demo's Airflow."""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import airflow_thirdparty
from airflow_thirdparty.demo.errors import DemoError
from airflow_thirdparty.demo.state import State

DAG_ID = "who_am_i"
"""The example DAG that people try first."""

FAB_AUTH_MANAGER = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"


def write_configuration(state: State) -> None:
    """Write ``airflow.cfg``.

    A file and not variables, so that ``AIRFLOW_HOME=.demo/airflow airflow …`` meets the same Airflow.

    :param state: the demo's folder
    """
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_dict(_settings(state))
    file = state.airflow_home / "airflow.cfg"
    file.touch(mode=0o600)
    with file.open("w") as output:
        output.write("# Written anew by every start of the demo.\n")
        parser.write(output)


def child_environment(state: State) -> dict[str, str]:
    """The environment of the demo's processes: the user's own, without what would change Airflow.

    :param state: the demo's folder
    :return: all variables they get
    """
    kept = {name: value for name, value in os.environ.items() if not _changes_airflow(name)}
    # Airflow starts tasks by the name of the program, and nothing on this machine is reached by a proxy.
    here = str(Path(sys.executable).parent)
    return kept | {
        "AIRFLOW_HOME": str(state.airflow_home),
        "PATH": os.pathsep.join([here, kept.get("PATH", os.defpath)]),
        "NO_PROXY": "localhost,127.0.0.1",
        "no_proxy": "localhost,127.0.0.1",
        "PYTHONUNBUFFERED": "1",
    }


def dags_folder() -> Path:
    """The folder of the example DAGs, beside the package in a clone and inside it in a wheel.

    :return: an existing folder
    :raises DemoError: when there is none
    """
    package = Path(airflow_thirdparty.__file__).parent
    for folder in (package.parent / "dags_examples", package / "dags_examples"):
        if folder.is_dir():
            return folder
    raise DemoError("the example DAGs are not installed. Run the demo from a clone of the project.")


def provider_packages() -> Path:
    """Where the identity provider's packages are put: with this Python's, so that all demos share them."""
    return Path(sys.prefix) / "share" / "airflow-thirdparty" / "identity-provider"


def _changes_airflow(name: str) -> bool:
    return name.startswith(("AIRFLOW_", "FLASK_", "_AIRFLOW"))


def _settings(state: State) -> Mapping[str, Mapping[str, str]]:
    secrets = state.remembered
    settings = {
        "core": {
            "auth_manager": FAB_AUTH_MANAGER,
            "dags_folder": str(dags_folder()),
            "dags_are_paused_at_creation": "False",
            "executor": "LocalExecutor",
            "parallelism": "4",
            "load_examples": "False",
            "fernet_key": secrets.fernet_key,
            "execution_api_server_url": f"{state.server_url}/execution/",
            "test_connection": "Enabled",
        },
        "database": {"sql_alchemy_conn": f"sqlite:///{state.airflow_home}/airflow.db"},
        "api": {
            "base_url": state.base_url,
            "host": "127.0.0.1",
            "port": str(secrets.port),
            "workers": "1",
            "secret_key": secrets.cookie_secret,
        },
        "api_auth": {"jwt_secret": secrets.jwt_secret},
        "logging": {"base_log_folder": str(state.airflow_home / "logs")},
        "scheduler": {"enable_health_check": "False"},
        "usage_data_collection": {"enabled": "False"},
    }
    # Airflow interpolates: a percent sign in a path has to be doubled.
    return {
        section: {name: value.replace("%", "%%") for name, value in values.items()}
        for section, values in settings.items()
    }
