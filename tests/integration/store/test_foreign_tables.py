"""A database that another version made is recognised and said, wherever an admin or the demo meets it."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from unittest.mock import Mock

import pytest
from airflow.utils.db import upgradedb
from airflow.utils.session import create_session
from sqlalchemy import inspect, text

from airflow_thirdparty.demo import prepare
from airflow_thirdparty.server.broker import health
from airflow_thirdparty.server.store.manager import ThirdPartyAccountsDBManager
from tests.support import databases
from tests.support.databases import Database

pytestmark = databases.BOTH

FORMER_WORDS = (
    "ALTER TABLE third_party_usage RENAME TO third_party_use",
    "ALTER TABLE third_party_attribution RENAME COLUMN attributed TO settled",
    "ALTER TABLE third_party_sign_in RENAME COLUMN binding TO pin",
)
SAID = "The tables are not those of this version: "


def run(*statements: str) -> None:
    with create_session() as session:
        for statement in statements:
            session.execute(text(statement))


def of_a_former_version() -> None:
    run(*FORMER_WORDS)


def never_migrated() -> None:
    with create_session() as session:
        names = inspect(session.connection()).get_table_names()
    run(*(f"DROP TABLE {name}" for name in names if name.startswith("third_party_")))


def untouched() -> None:
    """Leave the tables alone."""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(untouched, "", id="current"),
        pytest.param(of_a_former_version, SAID, id="former words"),
        pytest.param(never_migrated, "run 'airflow db migrate'", id="never migrated"),
    ],
)
def test_health_says_it(fresh_database: Database, change: Callable[[], None], words: str) -> None:
    change()
    with create_session() as session:
        said = health.checks(session)["migrations"]
    assert words in said
    assert bool(said) == bool(words)


def test_db_migrate_logs_it_and_what_it_says_helps(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Airflow sets logging up anew while it migrates, so what is captured before does not see it
    log = Mock()
    monkeypatch.setattr(ThirdPartyAccountsDBManager, "log", log)
    of_a_former_version()
    upgradedb()
    [(_, said)] = [call.args for call in log.error.call_args_list]
    assert said.startswith(SAID)
    log.reset_mock()

    never_migrated()
    upgradedb()
    log.error.assert_not_called()
    with create_session() as session:
        assert ThirdPartyAccountsDBManager(session).foreign_tables() == ""


def test_the_demo_stops_before_it_writes(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of_a_former_version()
    monkeypatch.setattr(sys, "stdin", io.StringIO("{}"))
    assert prepare.main() == prepare.FOREIGN_TABLES
    assert SAID in capsys.readouterr().out
