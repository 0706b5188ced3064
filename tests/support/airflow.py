"""A whole Airflow in one process: its API server, and what people, scheduler, workers and shells do to it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.support import accounts, loopback, scheduler
from tests.support.airflow_server import SLOWEST_SECONDS, AirflowServer, configured, serving_airflow
from tests.support.tasks import Tasks
from tests.support.user_directory import FAB, SIMPLE, USERS, UserDirectory

FAB_KINDS = [
    pytest.param(("sqlite", FAB), id="fab"),
    pytest.param(("postgres", FAB), id="fab-postgres"),
]
SIMPLE_KINDS = [pytest.param(("sqlite", SIMPLE), id="simple")]
KINDS = [FAB_KINDS[1], *SIMPLE_KINDS]
"""Database and auth manager of an Airflow: each of both once, since neither asks what the other one is."""


class Airflow:
    """An API server with people and tasks.

    :param server: the API server
    :param users: who may log in there
    :param dags: the folder of its DAG files, which tests may change
    """

    def __init__(self, server: AirflowServer, users: UserDirectory, dags: Path) -> None:
        self.server = server
        self.users = users
        self.dags = dags
        self.tasks = Tasks(server.url)
        self.client = loopback.client(base_url=server.url, timeout=SLOWEST_SECONDS)
        """Nobody's: whoever uses it shows who they are."""

    def close(self) -> None:
        """Close the connections."""
        self.tasks.close()
        self.client.close()

    # people ----------------------------------------------------------------------------------------------

    def _call(self, user: str, method: str, path: str, expect: int, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.users.token(user)}", **options.pop("headers", {})}
        self.client.cookies.clear()
        answer = self.client.request(method, path, headers=headers, **options)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    def rest(self, user: str, method: str, path: str, expect: int = 200, **options: Any) -> Any:
        """Call the REST API as a user who has logged in.

        :param user: their name
        :param path: after ``/api/v2``
        :param expect: the status that is right
        :param options: for the client
        """
        return self._call(user, method, f"/api/v2{path}", expect, **options)

    def page(self, user: str, method: str, path: str, expect: int = 200, **options: Any) -> Any:
        """Call our own API as the user's page does; see :meth:`rest`."""
        options["headers"] = {"Content-Type": "application/json", **options.pop("headers", {})}
        return self._call(user, method, f"/third-party-accounts/api/v1{path}", expect, **options)

    def register(self, conn_id: str, **extra: Any) -> None:
        """Have an account for keys of people's own, which needs no service."""
        fields = {"service": "custom", "kind": "key", **extra}
        body = accounts.connection(conn_id, "https://service.invalid", login=None, password=None, **fields)
        self.rest("admin", "POST", "/connections", expect=201, json=body)

    def trigger(self, user: str, dag_id: str = "by_hand", **body: Any) -> str:
        """Trigger a run by REST; answers its id."""
        body = {"logical_date": None, "dag_run_id": f"r{uuid.uuid4().hex}", **body}
        return str(self.rest(user, "POST", f"/dags/{dag_id}/dagRuns", json=body)["dag_run_id"])

    def backfill(self, user: str, day: str, **body: Any) -> int:
        """Create a backfill of one day by REST, and answer its id."""
        body = {"dag_id": "daily", "from_date": f"{day}T00:00:00Z", "to_date": f"{day}T00:00:00Z", **body}
        return int(self.rest(user, "POST", "/backfills", json=body)["id"])

    # the worker ------------------------------------------------------------------------------------------

    def start(self, dag_id: str, run_id: str, task_id: str = "first", map_index: int = -1) -> uuid.UUID:
        """Let a task start, as scheduler and executor would; answers the id of its instance."""
        return self.tasks.start(dag_id, run_id, task_id, map_index).id

    def running(self, dag_id: str, run_id: str, task_id: str = "first") -> uuid.UUID:
        """The task instance, started unless it runs already."""
        return self.tasks.running(dag_id, run_id, task_id)

    def finish(self, ti_id: uuid.UUID, state: str = "success") -> None:
        """Let a task report how it ended."""
        self.tasks.finish(self.tasks.known(ti_id), state)

    def execution(
        self, ti_id: uuid.UUID, method: str, path: str, expect: int | None = 200, **options: Any
    ) -> Any:
        """Call the Execution API as a task; answers the whole answer where no status is expected."""
        answer = self.tasks.known(ti_id).worker.request(method, f"/execution{path}", **options)
        if expect is None:
            return answer
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    def set_teams(self, conn_id: str, account: str | None, dags: str | None) -> None:
        """Give an account, and the bundle of all DAGs, to teams."""
        from airflow.models import dag as dag_models
        from airflow.models.connection import Connection
        from airflow.models.dagbundle import DagBundleModel
        from airflow.models.team import Team
        from airflow.utils.session import create_session
        from sqlalchemy import select, update

        with create_session(scoped=False) as session:
            for name in {account, dags} - {None}:
                session.merge(Team(name=name))
            session.flush()
            session.execute(update(Connection).where(Connection.conn_id == conn_id).values(team_name=account))
            bundle = session.get_one(DagBundleModel, "dags-folder")
            team = session.scalar(select(Team).where(Team.name == dags)) if dags else None
            bundle.teams = [team] if team else []
        # Airflow 3.3 remembers for half a minute whose a DAG is
        getattr(dag_models, "clear_team_name_cache", lambda: None)()

    # the broker ------------------------------------------------------------------------------------------

    def write_usage(self) -> None:
        """Do not wait for the background task."""
        from airflow_thirdparty.server.broker.usage.recorder import usage_recorder

        self.server.run(usage_recorder().write_due(True))

    def acting(self, ti_id: uuid.UUID, conn_id: str = "demo", later: float = 60, **options: Any) -> Any:
        """Whom the task instance acts for, ``later`` seconds from now."""
        from airflow.utils.session import create_session

        from airflow_thirdparty import settings
        from airflow_thirdparty.server.broker.acting.queries import facts_of, gather
        from airflow_thirdparty.server.broker.acting.resolver import acting_user
        from airflow_thirdparty.server.broker.tokens import joined
        from airflow_thirdparty.server.people.directory import directory

        now = datetime.now(timezone.utc) + timedelta(seconds=later)
        with create_session(scoped=False) as session:
            facts = gather(session, ti_id, conn_id, now, **options)
            if not settings.multi_team():  # the short path finds the same facts, by its own query
                parameters = {"ti_id": ti_id, "asked_conn_id": conn_id, "asked_id": conn_id}
                rows = session.connection().execute(joined.statement(directory()), parameters).all()
                short = facts_of(rows, conn_id, now, **options)
                # what runs in the background may have changed something between the two
                assert short in (facts, gather(session, ti_id, conn_id, now, **options))
        return facts and acting_user(facts)

    def acts_for(self, dag_id: str, run_id: str, task_id: str = "first", **options: Any) -> str:
        """Start a task and say whom it acts for: a name, or the code of the refusal."""
        acting = self.acting(self.start(dag_id, run_id, task_id), **options)
        return acting.person.name if acting.person else acting.refusal.code


@contextmanager
def running(auth_manager: str, dags: Path, passwords: Path) -> Iterator[Airflow]:
    """Run an Airflow on the database that it uses in this process.

    :param auth_manager: :data:`FAB` or :data:`SIMPLE`
    :param dags: the folder of its DAG files
    :param passwords: a file that the simple auth manager may write
    """
    names = ",".join(f"{name}:{role.lower()}" for name, role in USERS.items())
    core = {
        "min_serialized_dag_update_interval": "0",
        "auth_manager": auth_manager,
        "simple_auth_manager_users": names.replace("alice:user", "alice:op"),
        "simple_auth_manager_passwords_file": str(passwords),
    }
    users = UserDirectory(auth_manager)
    with configured("core", **core):
        users.fill()
        scheduler.load_dags(dags)
        with serving_airflow() as server:
            airflow = Airflow(server, users, dags)
            try:
                yield airflow
            finally:
                airflow.close()
