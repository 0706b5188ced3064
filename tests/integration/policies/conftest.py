"""A real ``airflow dag-processor`` on a SQLite database and a folder of DAG files."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from airflow.utils.session import create_session
from sqlalchemy import select

from tests.support.databases import Database, used

_numbers = itertools.count(1)

PROJECT = Path(__file__).parents[3]
LONG = 280.0
"""Seconds; what is further in the future is taken for a clock that was set back, and read again."""


@dataclass
class DagProcessor:
    """Runs the DAG processor and reads what it left.

    The list of accounts is good for a minute, and a busy machine may take longer from one test to the next:
    say with :meth:`hold` and :meth:`expire` whether the minute has passed.

    :param home: Airflow's home; DAG files are in ``dags`` below it
    :param database: its database
    :param options: more for its environment
    :param first_lookups: what was looked up when every file was parsed for the first time
    """

    home: Path
    database: Database
    options: dict[str, str] = field(default_factory=dict)
    first_lookups: Counter[str] = field(default_factory=Counter)

    @property
    def dags(self) -> Path:
        return self.home / "dags"

    @property
    def lookups_file(self) -> Path:
        return self.home / "lookups"

    @property
    def cache(self) -> Path:
        return self.home / "third_party_account_ids.json"

    def environment(self) -> dict[str, str]:
        backend = "tests.integration.policies.counting_backend.CountingBackend"
        return {
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            # every change is written at once, so that a tag that comes and goes is seen
            "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "0",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self.database.url,
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "0",
            "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "2",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.home / "logs"),
            "AIRFLOW__SECRETS__BACKEND": backend,
            "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"log": str(self.lookups_file)}),
            **self.options,
        }

    def keep(self) -> None:
        """Remember how things are: the database, the list of accounts and the logs."""
        shutil.copytree(self.home, self._kept)
        # not as a file: what was written last may lie in the log beside it
        with (
            closing(sqlite3.connect(self._file)) as source,
            closing(sqlite3.connect(self._kept_file)) as kept,
        ):
            source.backup(kept)

    @contextmanager
    def as_kept(self) -> Iterator[None]:
        """Have all as it was when :meth:`keep` was called, and let Airflow use a database like that."""
        self.options.clear()
        for name in ("logs", "dags"):
            shutil.rmtree(self.home / name)
            shutil.copytree(self._kept / name, self.home / name)
        shutil.copyfile(self._kept / self.cache.name, self.cache)
        self.hold()
        before, copy = self.database, self.home.with_name(f"{self.home.name}-{next(_numbers)}.db")
        shutil.copyfile(self._kept_file, copy)
        self.database = Database("sqlite", f"sqlite:///{copy}")
        with used(self.database):
            yield
        self.database = before

    @property
    def _kept(self) -> Path:
        return self.home.with_name(f"{self.home.name}-kept")

    @property
    def _kept_file(self) -> Path:
        return self._kept / "database"

    @property
    def _file(self) -> str:
        return self.database.url.removeprefix("sqlite:///")

    def write(self, files: Mapping[str, str]) -> None:
        """Put DAG files into the folder.

        :param files: their text by name without ending
        """
        self.dags.mkdir(exist_ok=True)
        for name, body in files.items():
            (self.dags / f"{name}.py").write_text(body)

    def parse(self, runs: int = 1) -> Counter[str]:
        """Parse every file that many times, as it does day and night; answers the look-ups that happened.

        :param runs: how often
        """
        self.lookups_file.write_text("")
        done = subprocess.run(
            [sys.executable, "-m", "airflow", "dag-processor", "--num-runs", str(runs)],
            env=self.environment(),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return Counter(self.lookups_file.read_text().splitlines())

    def expire(self) -> None:
        """Let the minute pass after which the list is read again."""
        self._read_again_in(-1)

    def hold(self) -> None:
        """Let the minute not pass, however slow the machine is."""
        self._read_again_in(LONG)

    def _read_again_in(self, seconds: float) -> None:
        held = json.loads(self.cache.read_text())
        self.cache.write_text(json.dumps({**held, "until": time.time() + seconds}))

    def tags(self) -> dict[str, set[str]]:
        """The tags of every DAG."""
        from airflow.models.dag import DagModel, DagTag

        with create_session(scoped=False) as session:
            found: dict[str, set[str]] = {
                dag_id: set() for dag_id in session.scalars(select(DagModel.dag_id))
            }
            for tag in session.scalars(select(DagTag)):
                found[tag.dag_id].add(tag.name)
        return found

    def written(self) -> dict[str, tuple[str, datetime, datetime]]:
        """Of every DAG its hash, when it was first written, and when it was last written anew."""
        from airflow.models.serialized_dag import SerializedDagModel as Stored

        with create_session(scoped=False) as session:
            rows = session.execute(
                select(Stored.dag_id, Stored.dag_hash, Stored.created_at, Stored.last_updated)
            ).all()
        assert len({row.dag_id for row in rows}) == len(rows)
        return {row.dag_id: (row.dag_hash, row.created_at, row.last_updated) for row in rows}

    def import_errors(self) -> dict[str, str]:
        """The import errors, by file."""
        from airflow.models.errors import ParseImportError

        with create_session(scoped=False) as session:
            rows = session.scalars(select(ParseImportError))
            return {str(row.filename): str(row.stacktrace) for row in rows}

    def logs(self) -> str:
        """Everything that the parse processes logged."""
        return "\n".join(path.read_text() for path in sorted((self.home / "logs").rglob("*.py.log")))


@pytest.fixture(scope="module")
def processor(database: Database, tmp_path_factory: pytest.TempPathFactory) -> DagProcessor:
    home = tmp_path_factory.mktemp("home", numbered=True)
    home.chmod(0o700)
    return DagProcessor(home, database)
