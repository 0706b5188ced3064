"""Tables made by the migrations are those of the models, and ``db reset`` leaves nothing old."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow.utils.session import create_session
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, select

from airflow_thirdparty.server.store.base import metadata
from airflow_thirdparty.server.store.manager import HEAD, ThirdPartyAccountsDBManager
from airflow_thirdparty.server.store.models import LeaderLease
from tests.support import databases
from tests.support.databases import Database

pytestmark = databases.BOTH

VERSION = ThirdPartyAccountsDBManager.version_table_name
EXPECTED = {*metadata.tables, VERSION}


def look(database: Database, at: Callable[[Any], Any]) -> Any:
    engine = create_engine(database.url)
    with engine.connect() as connection:
        seen = at(connection)
    engine.dispose()
    return seen


def our_tables(database: Database) -> set[str]:
    names = look(database, lambda connection: inspect(connection).get_table_names())
    return {name for name in names if name.startswith("third_party_")}


def differences(database: Database) -> Any:
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_object": lambda _obj, name, type_, *_: type_ != "table" or name in metadata.tables,
    }
    return look(
        database,
        lambda connection: compare_metadata(MigrationContext.configure(connection, opts=options), metadata),
    )


def test_a_plain_migrate_makes_all_tables(fresh_database: Database) -> None:
    assert our_tables(fresh_database) == EXPECTED
    assert differences(fresh_database) == []
    with create_session() as session:
        assert ThirdPartyAccountsDBManager(session).check_migration()
        assert ThirdPartyAccountsDBManager(session).get_script_object().get_heads() == [HEAD]


def test_the_migrations_make_what_the_models_say(fresh_database: Database) -> None:
    from airflow import settings

    with settings.engine.begin() as connection, create_session() as session:
        ThirdPartyAccountsDBManager(session).drop_tables(connection)
    assert our_tables(fresh_database) == set()
    with create_session() as session:
        ThirdPartyAccountsDBManager(session).upgradedb(use_migration_files=True)
    assert our_tables(fresh_database) == EXPECTED
    assert differences(fresh_database) == []
    with create_session() as session:
        assert ThirdPartyAccountsDBManager(session).check_migration()


def test_a_reset_leaves_nothing_old(fresh_database: Database) -> None:
    from airflow.utils.db import resetdb

    with create_session() as session:
        session.add(LeaderLease(name="old"))
    resetdb()
    assert our_tables(fresh_database) == EXPECTED
    with create_session() as session:
        assert session.scalars(select(LeaderLease)).all() == []


def test_a_downgrade_and_back(fresh_database: Database) -> None:
    with create_session(scoped=False) as session:
        ThirdPartyAccountsDBManager(session).downgrade("base")
    assert our_tables(fresh_database) <= {VERSION}
    with create_session(scoped=False) as session:
        assert not ThirdPartyAccountsDBManager(session).check_migration()
        assert not ThirdPartyAccountsDBManager(session).has_tables()
    with create_session(scoped=False) as session:
        ThirdPartyAccountsDBManager(session).upgradedb()
    assert our_tables(fresh_database) == EXPECTED
    assert differences(fresh_database) == []


def test_a_downgrade_to_where_one_is_keeps_everything(fresh_database: Database) -> None:
    with create_session(scoped=False) as session:
        session.add(LeaderLease(name="kept"))
    with create_session(scoped=False) as session:
        ThirdPartyAccountsDBManager(session).downgrade("0001")
    with create_session(scoped=False) as session:
        assert session.scalars(select(LeaderLease.name)).all() == ["kept"]
        assert ThirdPartyAccountsDBManager(session).check_migration()
