"""The tags fit into Airflow's column and never mix two accounts up."""

from __future__ import annotations

import pytest
from airflow.models.dag import TAG_MAX_LEN

from airflow_thirdparty import dag_tags


@pytest.mark.parametrize(
    ("conn_id", "expected"),
    [
        pytest.param("github", "account:github", id="short"),
        pytest.param("a" * 92, "account:" + "a" * 92, id="just fits"),
    ],
)
def test_ids_that_fit_stand_as_they_are(conn_id: str, expected: str) -> None:
    assert dag_tags.account_tag(conn_id) == expected


def test_longer_ids_are_hashed_apart() -> None:
    one, other = dag_tags.account_tag("a" * 93), dag_tags.account_tag("a" * 94)
    assert len(one) == len(other) == dag_tags.MAX_LENGTH == TAG_MAX_LEN
    assert one != other
    assert one == dag_tags.account_tag("a" * 93)
    assert "~" in one, "an id cannot hold this character, so no short id has the tag of a long one"


def test_the_unknown_is_no_accounts_tag() -> None:
    from airflow_thirdparty.wire import CONN_ID_PATTERN

    assert not CONN_ID_PATTERN.fullmatch(dag_tags.UNKNOWN_ACCOUNT.removeprefix(dag_tags.ACCOUNT_PREFIX))
