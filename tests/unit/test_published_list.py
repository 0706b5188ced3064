"""The published list is the server's, or it is none."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from airflow_thirdparty.published_list import INFO, PublishedList, derive_keys, read_list, write_list

FIRST, SECOND = derive_keys("one, two")
TEXT = write_list(["slack", "github"], 5.0, FIRST)


def test_keys_are_those_of_rfc_5869() -> None:
    expected = HKDF(algorithm=SHA256(), length=32, salt=None, info=INFO).derive(b"one")
    assert derive_keys(" one ,") == (expected,)
    assert FIRST != SECOND
    assert derive_keys(" , ") == ()


def test_what_the_server_wrote_is_read_with_any_of_its_keys() -> None:
    expected = PublishedList(frozenset({"github", "slack"}), 5.0)
    assert read_list(TEXT, [FIRST]) == read_list(TEXT, [SECOND, FIRST]) == expected
    assert read_list(write_list([], 5.0, FIRST), [FIRST]) == PublishedList(frozenset(), 5.0)


def changed(**fields: object) -> str:
    return json.dumps({**json.loads(TEXT), **fields})


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(changed(ids=["github"]), id="an id less"),
        pytest.param(changed(ids=["github", "slack", "more"]), id="an id more"),
        pytest.param(changed(at=6.0), id="another date"),
        pytest.param(changed(at=True), id="a date that is none"),
        pytest.param(changed(mac=""), id="no code"),
        pytest.param(changed(mac="\ud800"), id="a code that is no text"),
        pytest.param(changed(ids={"github": 1}), id="no list"),
        pytest.param(changed(ids=None), id="no ids"),
        pytest.param(write_list(["github"], 5.0, SECOND), id="another key"),
        pytest.param(write_list([""], 5.0, FIRST), id="an empty id"),
        pytest.param('["github"]', id="a bare list"),
        pytest.param("", id="nothing"),
        pytest.param("[" * 100_000, id="nested without end"),
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert read_list(text, [FIRST]) is None
