"""A throwaway home for Airflow, made before Airflow is imported: it reads its configuration only once."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

FERNET_KEY = "81HqDtbqAywKSOumSha3BhWNOdQ26slT6K0YaZeZyPs="

FOLDER = Path(tempfile.mkdtemp(prefix="third-party-tests-"))
"""The home; everything the tests leave is below it, and it is removed in the end."""

SETTINGS = {
    "AIRFLOW_HOME": str(FOLDER),
    "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
    "AIRFLOW__FAB__AUTH_RATE_LIMITED": "False",  # many people log in from one address within a minute
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__FERNET_KEY": FERNET_KEY,
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": str(FOLDER / "dags"),
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__API__BASE_URL": "http://localhost:8080",
    "AIRFLOW__API__SECRET_KEY": "cookies" * 12,
    "AIRFLOW__API_AUTH__JWT_SECRET": "tokens of tests only " * 4,
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{FOLDER}/never-migrated.db",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "NO_PROXY": "localhost,127.0.0.1",
    "no_proxy": "localhost,127.0.0.1",
}


def settle() -> None:
    """Point this process, and what it starts, to the throwaway home."""
    for name in [name for name in os.environ if name.startswith(("AIRFLOW_", "_AIRFLOW"))]:
        del os.environ[name]
    os.environ.update(SETTINGS)
    (FOLDER / "dags").mkdir()
    owner = os.getpid()

    def clean_up() -> None:
        # Forked children inherit the handler, but not the folder.
        if os.getpid() == owner:
            shutil.rmtree(FOLDER, ignore_errors=True)

    atexit.register(clean_up)
