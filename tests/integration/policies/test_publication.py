"""The list of account ids follows the accounts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from airflow.models.connection import Connection
from airflow.models.variable import Variable
from airflow.utils.session import create_session
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from airflow_thirdparty.policies.account_ids import LIFETIME, AccountIdCache, read_variable
from airflow_thirdparty.published_list import derive_keys, read_list, write_list
from airflow_thirdparty.server.broker.database import utcnow
from airflow_thirdparty.server.broker.housekeeping.publication import account_ids, publish_account_ids
from airflow_thirdparty.server.store.airflow_tables import VARIABLE
from airflow_thirdparty.wire import ACCOUNTS_VARIABLE, CONN_TYPE
from tests.support import databases
from tests.support.airflow_home import FERNET_KEY
from tests.support.airflow_server import configured
from tests.support.databases import Database

pytestmark = databases.BOTH

KEYS = derive_keys(FERNET_KEY)
NEW_KEY = "6bJdTzqk5RYv5mcKj0W3l1a0b5n5E0ZsD1vXc2yQ8mM="


def account(conn_id: str) -> Connection:
    return Connection(conn_id=conn_id, conn_type=CONN_TYPE, login="client", extra='{"service": "github"}')


def published() -> list[str] | None:
    with create_session(scoped=False) as session:
        row = session.scalar(select(Variable).where(Variable.key == ACCOUNTS_VARIABLE))
        found = row and read_list(row.get_val() or "", KEYS)
        return sorted(found.ids) if found else None


def _connection(session: Session, conn_id: str) -> Connection:
    return session.scalars(select(Connection).where(Connection.conn_id == conn_id)).one()


def _add(session: Session) -> None:
    session.add(account("slack"))


def _add_other(session: Session) -> None:
    session.add(Connection(conn_id="plain", conn_type="http"))


def _delete(session: Session) -> None:
    session.delete(_connection(session, "github"))


def _change_type(session: Session) -> None:
    _connection(session, "github").conn_type = "http"


def _change_other(session: Session) -> None:
    _connection(session, "github").description = "ours"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(_add, ["github", "slack"], id="added"),
        pytest.param(_add_other, ["github"], id="another type added"),
        pytest.param(_delete, [], id="deleted"),
        pytest.param(_change_type, [], id="type changed"),
        pytest.param(_change_other, ["github"], id="something else changed"),
    ],
)
def test_it_follows_what_is_saved(
    fresh_database: Database, change: Callable[[Session], None], expected: list[str]
) -> None:
    with create_session(scoped=False) as session:
        session.add(account("github"))
        session.flush()
        publish_account_ids(session, utcnow())
    assert published() == ["github"]
    with create_session(scoped=False) as session:
        change(session)
    with create_session(scoped=False) as session:
        assert publish_account_ids(session, utcnow()) is (expected != ["github"])
    with create_session(scoped=False) as session:
        assert not publish_account_ids(session, utcnow()), "nothing to write a second time"
    assert published() == expected
    with create_session(scoped=False) as session:
        assert account_ids(session) == set(expected)


def test_what_is_rolled_back_is_not_published(fresh_database: Database) -> None:
    with create_session(scoped=False) as session:
        session.add(account("github"))
        session.flush()
        publish_account_ids(session, utcnow())
        session.rollback()
    assert not published()


def test_accounts_of_a_secrets_backend_are_named_by_configuration(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__THIRD_PARTY_ACCOUNTS__ACCOUNTS", "vaulted, other")
    with create_session(scoped=False) as session:
        session.add(account("github"))
        session.flush()
        publish_account_ids(session, utcnow())
    assert published() == ["github", "other", "vaulted"]


def test_an_account_deleted_behind_our_back_is_gone_after_the_next_round(fresh_database: Database) -> None:
    from sqlalchemy import delete

    with create_session(scoped=False) as session:
        session.add(account("github"))
        session.flush()
        publish_account_ids(session, utcnow())
    with create_session(scoped=False) as session:
        session.execute(delete(Connection))
    with create_session(scoped=False) as session:
        assert publish_account_ids(session, utcnow())
    assert published() == []


def _write(text: str) -> None:
    """As a task does: any may write any variable."""
    with create_session(scoped=False) as session:
        Variable.set(ACCOUNTS_VARIABLE, text, session=session)


def _publish() -> bool:
    with create_session(scoped=False) as session:
        return publish_account_ids(session, utcnow())


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param("[]", id="a list without a code"),
        pytest.param(write_list([], 9e9, derive_keys("another")[0]), id="with a code of another key"),
        pytest.param(write_list([], 1.0, KEYS[0]), id="an older one, put back"),
        pytest.param("{broken", id="no list"),
    ],
)
def test_a_list_that_a_task_wrote_changes_nothing_and_is_mended(
    fresh_database: Database, forged: str, tmp_path: Path
) -> None:
    with create_session(scoped=False) as session:
        session.add(account("github"))
    assert _publish()
    now = [1e9]
    known = AccountIdCache(read_variable, lambda: FERNET_KEY, home=str(tmp_path), clock=lambda: now[0])
    assert known.ids() == {"github"}
    _write(forged)
    now[0] += LIFETIME + 1
    assert known.ids() == {"github"}
    assert _publish()
    assert published() == ["github"]
    assert not _publish()


@pytest.mark.parametrize("spoilt", ["", "no token"])
def test_a_row_that_no_key_opens_is_written_anew(fresh_database: Database, spoilt: str) -> None:
    with create_session(scoped=False) as session:
        session.add(account("github"))
    assert _publish()
    with create_session(scoped=False) as session:
        session.execute(update(VARIABLE).values(val=spoilt, is_encrypted=True))
    assert _publish()
    assert published() == ["github"]


def test_a_new_fernet_key_writes_it_anew(fresh_database: Database) -> None:
    with create_session(scoped=False) as session:
        session.add(account("github"))
    assert _publish()
    with configured("core", fernet_key=f"{NEW_KEY},{FERNET_KEY}"):
        assert _publish()
        assert not _publish()
    with create_session(scoped=False) as session:
        row = session.scalars(select(Variable).where(Variable.key == ACCOUNTS_VARIABLE)).one()
        assert read_list(row.get_val() or "", derive_keys(NEW_KEY)) is not None


def test_without_a_fernet_key_nothing_is_published_and_that_is_said(fresh_database: Database) -> None:
    with create_session(scoped=False) as session:
        session.add(account("github"))
    with configured("core", fernet_key=""):
        assert not _publish()
    assert published() is None
