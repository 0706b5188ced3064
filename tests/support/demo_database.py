"""Rows in the database of a running demo that no honest program would write."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from airflow_thirdparty.demo.state import State

PERSON = ("auth_manager", "user_id", "user_created", "user_name")
NOW = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")
"""Rows of long ago would be pruned while they are looked at."""


class DemoDatabase:
    """Writes rows, and takes them away in the end.

    :param connection: to the demo's database
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._written: list[tuple[str, int]] = []

    def insert(self, table: str, **values: Any) -> None:
        """Write a row."""
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        done = self._connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values())
        )
        self._connection.commit()
        assert done.lastrowid is not None
        self._written.append((table, done.lastrowid))

    def person(self, user_name: str) -> dict[str, str]:
        """Whose rows are somebody's, told from one of their sign-ins."""
        row = self._connection.execute(
            f"SELECT {', '.join(PERSON)} FROM third_party_sign_in WHERE user_name = ?", [user_name]
        ).fetchone()
        return dict(zip(PERSON, row, strict=True))

    def use(self, user_name: str, conn_id: str, number: int, **context: str) -> None:
        """Let a task instance have used somebody's sign-in."""
        context = {"dag_id": "d", "run_id": "r", "task_id": "t", **context}
        rest = {"ti_id": f"made-up-{number}", "map_index": -1, "try_number": 1, "times": 1}
        self.insert(
            "third_party_usage",
            conn_id=conn_id,
            first_at=NOW,
            last_at=NOW,
            **self.person(user_name),
            **context,
            **rest,
        )

    def delegation(self, user_name: str, dag_id: str, conn_id: str) -> None:
        """Let somebody have delegated."""
        self.insert(
            "third_party_delegation",
            dag_id=dag_id,
            conn_id=conn_id,
            on_schedule=True,
            on_asset_events=False,
            pinned=False,
            pinned_code="",
            pinned_version="",
            entitled=True,
            asked_at=NOW,
            pinned_imports="",
            bundle_name="dags-folder",
            relative_fileloc=f"{dag_id}.py"[:2000],
            made_at=NOW,
            **self.person(user_name),
        )

    def dag_like(self, pattern: str, dag_id: str, file: str, tags: list[str]) -> None:
        """Let there be a DAG of any id, in any file, otherwise like another."""
        cursor = self._connection.execute("SELECT * FROM dag WHERE dag_id = ?", [pattern])
        names = [column[0] for column in cursor.description]
        values = dict(zip(names, cursor.fetchone(), strict=True))
        self.insert("dag", **{**values, "dag_id": dag_id, "relative_fileloc": file})
        self.tag(dag_id, *tags)

    def tag(self, dag_id: str, *tags: str) -> None:
        """Let a DAG carry tags."""
        for tag in tags:
            self.insert("dag_tag", dag_id=dag_id, name=tag)

    def refusal(self, context: tuple[str, str, str], conn_id: str, **error: str) -> None:
        """Let a task instance have been refused.

        :param place: ids of DAG, run and task
        """
        dag_id, run_id, task_id = context
        self.insert(
            "log",
            dttm=NOW,
            event="third_party_account.refused",
            dag_id=dag_id,
            run_id=run_id,
            task_id=task_id,
            map_index=-1,
            extra=json.dumps({"account": conn_id, **error}),
        )

    def clean(self) -> None:
        """Take all rows away."""
        for table, number in reversed(self._written):
            self._connection.execute(f"DELETE FROM {table} WHERE rowid = ?", [number])
        self._connection.commit()


@contextlib.contextmanager
def open_database(state: State) -> Iterator[DemoDatabase]:
    """Open the database of a running demo.

    :param state: the demo's folder
    """
    with contextlib.closing(sqlite3.connect(state.airflow_home / "airflow.db", timeout=30)) as connection:
        database = DemoDatabase(connection)
        try:
            yield database
        finally:
            database.clean()
