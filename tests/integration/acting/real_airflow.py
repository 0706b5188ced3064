"""The real API server, and what scheduler, workers and the command line would do, in one process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.support.airflow_home import FOLDER

SOURCES = Path(__file__).parent / "dags"
DAGS = FOLDER / "acting-dags"
"""A copy of the sources, so that tests may change them."""

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
SIMPLE = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
FAB_KINDS = [
    pytest.param(("sqlite", FAB), id="fab"),
    pytest.param(("postgres", FAB), id="fab-postgres"),
]
SIMPLE_KINDS = [pytest.param(("sqlite", SIMPLE), id="simple")]
KINDS = [*FAB_KINDS, *SIMPLE_KINDS]
"""Database and auth manager of a server."""

USERS = {"admin": "Admin", "alice": "User", "bob": "User", "carol": "User", "viewer": "Viewer"}


def make_app() -> FastAPI:
    """The API server as `airflow api-server` makes it, plugins included."""
    from airflow.api_fastapi.app import create_app, purge_cached_app

    purge_cached_app()
    return create_app()


def add_fab_users() -> None:
    """Add those users whom the shared database does not have."""
    from airflow.providers.fab.www.app import create_app as create_flask_app

    flask = create_flask_app(enable_plugins=False)
    with flask.app_context():
        manager = flask.appbuilder.sm
        for name, role in USERS.items():
            if manager.find_user(name) is None:
                email = f"{name}@test.invalid"
                manager.add_user(name, name, "T", email, manager.find_role(role), password=name)


def users_by_name(auth_manager: str) -> dict[str, Any]:
    """The users as the auth manager's own objects."""
    if auth_manager == SIMPLE:
        from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

        return {user.username: user for user in SimpleAuthManager.get_users()}
    from airflow.providers.fab.auth_manager.models import User
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session(scoped=False) as session:
        return {user.username: user for user in session.scalars(select(User)).unique()}


def load_dags() -> None:
    """Bring the DAGs into the database, as the DAG processor does."""
    if not DAGS.exists():
        shutil.copytree(SOURCES, DAGS)
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session
    from sqlalchemy import update

    with create_session(scoped=False) as session:
        if session.get(DagBundleModel, "dags-folder") is None:
            session.add(DagBundleModel(name="dags-folder"))
    bag = DagBag(DAGS, bundle_path=DAGS, bundle_name="dags-folder")
    assert not bag.import_errors, bag.import_errors
    sync_bag_to_db(bag, "dags-folder", None)
    with create_session(scoped=False) as session:
        session.execute(update(DagModel).values(is_paused=False))


@dataclass
class Server:
    """The API server, and what other processes of Airflow would do.

    :param client: speaks to the API server
    """

    client: TestClient
    auth_manager: str

    # people ----------------------------------------------------------------------------------------------

    def rest(self, user: str, method: str, path: str, expect: int = 200, **options: Any) -> Any:
        """Call the REST API as a user who has logged in."""
        from airflow.api_fastapi.app import get_auth_manager

        token = get_auth_manager().generate_jwt(users_by_name(self.auth_manager)[user])
        self.client.cookies.clear()
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        answer = self.client.request(method, f"/api/v2{path}", headers=headers, **options)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    def add_user(self, name: str, role_name: str = "User", **columns: Any) -> None:
        """Add a user of Flask-AppBuilder."""
        from airflow.providers.fab.auth_manager.models import Role, User
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session(scoped=False) as session:
            role = session.scalars(select(Role).where(Role.name == role_name)).unique().one()
            email = f"{name}-{uuid.uuid4().hex}@test.invalid"
            user = User(first_name=name, last_name="T", username=name, email=email, active=True, **columns)
            user.roles = [role]
            session.add(user)
        self._forget_users()

    def delete_user(self, name: str) -> int:
        """Delete a user of Flask-AppBuilder, and answer the id that is free now."""
        from airflow.providers.fab.auth_manager.models import User
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session(scoped=False) as session:
            user = session.scalars(select(User).where(User.username == name)).unique().one()
            user_id = user.id
            user.roles = []
            session.flush()
            session.delete(user)
        self._forget_users()
        return user_id

    def change_user(self, name: str, **columns: Any) -> None:
        """Change a user of Flask-AppBuilder."""
        from airflow.providers.fab.auth_manager.models import User
        from airflow.utils.session import create_session
        from sqlalchemy import update

        with create_session(scoped=False) as session:
            session.execute(update(User).where(User.username == name).values(**columns))
        self._forget_users()

    @contextmanager
    def user(self, name: str, role: str = "User") -> Iterator[None]:
        """Have a user for a while, wherever the auth manager keeps them."""
        if self.auth_manager == FAB:
            self.add_user(name, role)
        yield
        if self.auth_manager == FAB:
            for left in users_by_name(FAB).keys() - USERS.keys():
                self.delete_user(left)

    @contextmanager
    def without_user(self, name: str) -> Iterator[None]:
        """Shut a user out for a while."""
        if self.auth_manager == FAB:
            self.change_user(name, active=False)
            yield
            self.change_user(name, active=True)
            return
        option = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"
        before = os.environ[option]
        os.environ[option] = ",".join(user for user in before.split(",") if not user.startswith(name))
        yield
        os.environ[option] = before

    def tag(self, dag_id: str, name: str) -> None:
        """Tag a DAG as the policy does."""
        from airflow.models.dag import DagTag
        from airflow.utils.session import create_session

        with create_session(scoped=False) as session:
            session.merge(DagTag(dag_id=dag_id, name=name))

    def _forget_users(self) -> None:
        from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager

        FabAuthManager.cache.clear()

    def page(self, user: str, method: str, path: str, expect: int = 200, **options: Any) -> Any:
        """Call our own API as the user's page does."""
        from airflow.api_fastapi.app import get_auth_manager

        token = get_auth_manager().generate_jwt(users_by_name(self.auth_manager)[user])
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.client.cookies.clear()
        path = f"/third-party-accounts/api/v1{path}"
        answer = self.client.request(method, path, headers=headers, **options)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    def register(self, conn_id: str, **extra: Any) -> None:
        """Have an account for keys of people's own, which needs no service."""
        body = {
            "connection_id": conn_id,
            "conn_type": "third_party_account",
            "host": "https://service.invalid",
            "extra": json.dumps({"service": "custom", "kind": "key", **extra}),
        }
        self.rest("admin", "POST", "/connections", expect=201, json=body)

    def trigger(self, user: str, dag_id: str = "by_hand", **body: Any) -> str:
        """Trigger a run by REST."""
        body = {"logical_date": None, "dag_run_id": f"r{uuid.uuid4().hex}", **body}
        return str(self.rest(user, "POST", f"/dags/{dag_id}/dagRuns", json=body)["dag_run_id"])

    def backfill(self, user: str, day: str, **body: Any) -> int:
        """Create a backfill of one day by REST, and answer its id."""
        body = {"dag_id": "daily", "from_date": f"{day}T00:00:00Z", "to_date": f"{day}T00:00:00Z", **body}
        return int(self.rest(user, "POST", "/backfills", json=body)["id"])

    def end_backfills(self) -> None:
        """Let the scheduler find that all backfills are over, so that the next may begin."""
        from airflow.models.backfill import Backfill
        from airflow.utils.session import create_session
        from sqlalchemy import func, update

        with create_session(scoped=False) as session:
            session.execute(update(Backfill).values(completed_at=func.now()))

    # the command line ------------------------------------------------------------------------------------

    def cli(self, *words: str, **env: str) -> None:
        """Run a command line of Airflow, in this process to save time."""
        from airflow.cli import cli_parser
        from airflow.utils.platform import getuser

        before = dict(os.environ)
        os.environ.update(env)
        getuser.cache_clear()  # each process of its own would ask anew
        try:
            arguments = cli_parser.get_parser().parse_args(words)
            arguments.func(arguments)
        finally:
            os.environ.clear()
            os.environ.update(before)
            getuser.cache_clear()

    def command(self, *words: str, may_fail: bool = False, **env: str) -> str:
        """Run a command line of Airflow in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "airflow", *words],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert may_fail or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    # the scheduler and the worker ------------------------------------------------------------------------

    def start(self, dag_id: str, run_id: str, task_id: str = "first", map_index: int = -1) -> uuid.UUID:
        """Let a task start, as scheduler and executor would."""
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session
        from sqlalchemy import func, select, update

        key = (
            TaskInstance.dag_id == dag_id,
            TaskInstance.run_id == run_id,
            TaskInstance.task_id == task_id,
            TaskInstance.map_index == map_index,
        )
        with create_session(scoped=False) as session:
            task = session.scalars(select(TaskInstance).where(*key)).one()
            # as DagRun.schedule_tis does
            number = task.try_number if task.state == "up_for_reschedule" else task.try_number + 1
            session.execute(
                update(TaskInstance)
                .where(*key)
                .values(state="queued", try_number=number, scheduled_dttm=func.now())
                .execution_options(synchronize_session=False)
            )
            ti_id = task.id
        self.execution(
            ti_id,
            "PATCH",
            f"/task-instances/{ti_id}/run",
            json={
                "state": "running",
                "hostname": "worker",
                "unixname": "worker",
                "pid": 1,
                "start_date": _now(),
            },
        )
        return ti_id

    def started_earlier(self, ti_id: uuid.UUID, seconds: float) -> None:
        """Let it be that a task started some time ago."""
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session

        with create_session(scoped=False) as session:
            found = session.get_one(TaskInstance, ti_id)
            assert found.start_date is not None
            found.start_date -= timedelta(seconds=seconds)

    def running(self, dag_id: str, run_id: str, task_id: str = "first") -> uuid.UUID:
        """The task instance, started unless it runs already."""
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session(scoped=False) as session:
            key = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": -1}
            found = session.scalars(select(TaskInstance).filter_by(**key)).one()
            if found.state == "running":
                return found.id
        return self.start(dag_id, run_id, task_id)

    def finish(self, ti_id: uuid.UUID, state: str = "success") -> None:
        """Let a task report how it ended."""
        body: dict[str, Any] = {"state": state, "end_date": _now()}
        if state == "success":
            body |= {"task_outlets": [], "outlet_events": []}
        self.execution(ti_id, "PATCH", f"/task-instances/{ti_id}/state", expect=204, json=body)

    def schedule(self) -> None:
        """Let the scheduler create the runs that are due."""
        from airflow.jobs.job import Job
        from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
        from airflow.utils.session import create_session
        from airflow.utils.sqlalchemy import prohibit_commit

        runner = SchedulerJobRunner(job=Job())
        with create_session(scoped=False) as session, prohibit_commit(session) as guard:
            runner._create_dagruns_for_dags(guard, session)

    def latest_run(self, dag_id: str, run_type: str | None = None) -> str:
        """The DAG's newest run."""
        from airflow.models.dagrun import DagRun
        from airflow.utils.session import create_session
        from sqlalchemy import select

        statement = select(DagRun.run_id).where(DagRun.dag_id == dag_id).order_by(DagRun.id.desc()).limit(1)
        if run_type:
            statement = statement.where(DagRun.run_type == run_type)
        with create_session(scoped=False) as session:
            return str(session.scalars(statement).one())

    def forget_runs(self, dag_id: str) -> None:
        """Delete a DAG's runs, so that what reaches into all of them does not take ever longer."""
        from airflow.models.dagrun import DagRun
        from airflow.utils.session import create_session
        from sqlalchemy import delete

        with create_session(scoped=False) as session:
            session.execute(delete(DagRun).where(DagRun.dag_id == dag_id))

    def end(self, dag_id: str, run_id: str, state: str) -> None:
        """Let the scheduler find that a run is over."""
        from airflow.models.dagrun import DagRun
        from airflow.utils.session import create_session
        from sqlalchemy import update

        with create_session(scoped=False) as session:
            run = update(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
            session.execute(run.values(state=state).execution_options(synchronize_session=False))

    def execution(
        self, ti_id: uuid.UUID, method: str, path: str, expect: int | None = 200, **options: Any
    ) -> Any:
        """Call the Execution API as a task; answers the whole answer where no status is expected."""
        from airflow.executors.base_executor import BaseExecutor

        token = BaseExecutor.jwt_generator.func(None).generate({"sub": str(ti_id)})  # type: ignore[attr-defined]
        self.client.cookies.clear()
        answer = self.client.request(
            method, f"/execution{path}", headers={"Authorization": f"Bearer {token}"}, **options
        )
        if expect is None:
            return answer
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    def set_teams(self, conn_id: str, account: str | None, dags: str | None) -> None:
        """Give an account, and the bundle of all DAGs, to teams."""
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

    def write_usage(self) -> None:
        """Do not wait for the background task."""
        from airflow_thirdparty.server.broker.usage.recorder import usage_recorder

        assert self.client.portal is not None
        self.client.portal.call(usage_recorder().write_due, True)

    # the broker ------------------------------------------------------------------------------------------

    def acting(self, ti_id: uuid.UUID, conn_id: str = "demo", later: float = 60, **options: Any) -> Any:
        """Whom the task instance acts for, ``later`` seconds from now."""
        from airflow.utils.session import create_session

        from airflow_thirdparty.server.broker.acting.queries import gather
        from airflow_thirdparty.server.broker.acting.resolver import acting_user

        now = datetime.now(timezone.utc) + timedelta(seconds=later)
        with create_session(scoped=False) as session:
            facts = gather(session, ti_id, conn_id, now, **options)
        return facts and acting_user(facts)

    def acts_for(self, dag_id: str, run_id: str, task_id: str = "first", **options: Any) -> str:
        """Start a task and say whom it acts for: a name, or the code of the refusal."""
        acting = self.acting(self.start(dag_id, run_id, task_id), **options)
        return acting.person.name if acting.person else acting.refusal.code


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()
