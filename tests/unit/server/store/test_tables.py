"""Tables that another version made are recognised by what is missing from them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, text

from airflow_thirdparty.server.store import tables
from airflow_thirdparty.server.store.manager import ThirdPartyAccountsDBManager

METADATA = ThirdPartyAccountsDBManager.metadata


@pytest.fixture
def connection() -> Iterator[Connection]:
    """To a database in memory with the tables of this version."""
    engine = create_engine("sqlite://")
    with engine.connect() as connected:
        METADATA.create_all(connected)
        yield connected
    engine.dispose()


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        pytest.param([], [], id="current"),
        pytest.param(
            [f"DROP TABLE {name}" for name in METADATA.tables],
            sorted(f"table '{name}' is missing" for name in METADATA.tables),
            id="fresh",
        ),
        pytest.param(
            [
                "ALTER TABLE third_party_usage RENAME TO third_party_use",
                "ALTER TABLE third_party_leader_lease RENAME TO third_party_duty",
                "ALTER TABLE third_party_client_secret RENAME COLUMN binding TO pin",
            ],
            [
                "column 'third_party_client_secret.binding' is missing",
                "column 'third_party_client_secret.pin' is unknown",
                "table 'third_party_leader_lease' is missing",
                "table 'third_party_usage' is missing",
            ],
            id="former words",
        ),
        pytest.param(
            ["ALTER TABLE third_party_sign_in DROP COLUMN retry_at"],
            ["column 'third_party_sign_in.retry_at' is missing"],
            id="a column is missing",
        ),
        pytest.param(
            ["ALTER TABLE third_party_delegation ADD COLUMN colour TEXT NOT NULL DEFAULT ''"],
            ["column 'third_party_delegation.colour' is unknown"],
            id="a column of a later version",
        ),
        pytest.param(["CREATE TABLE third_party_of_somebody (id INTEGER)"], [], id="somebody else's table"),
    ],
)
def test_differences(connection: Connection, statements: list[str], found: list[str]) -> None:
    for statement in statements:
        connection.execute(text(statement))
    assert sorted(tables.differences(connection, METADATA)) == found


@pytest.mark.parametrize(
    ("found", "words"),
    [
        pytest.param([], "", id="nothing"),
        pytest.param(["table 'a' is missing"], "this version: table 'a' is missing. Drop", id="one"),
        pytest.param(list("abcd"), "this version: a, b, c, d. Drop", id="all are named"),
        pytest.param(list("abcdef"), "this version: a, b, c, d and 2 more. Drop", id="too many"),
    ],
)
def test_in_words(found: list[str], words: str) -> None:
    said = tables.describe(found)
    assert words in said
    assert bool(said) == bool(found)
