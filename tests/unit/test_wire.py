"""How the hook's request travels inside a connection id."""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_thirdparty.protocol import SCOPE_PATTERN
from airflow_thirdparty.wire import CONN_ID_PATTERN, REQUEST_PREFIX, TokenRequest, moment

REQUESTS = st.builds(
    TokenRequest,
    conn_id=st.from_regex(CONN_ID_PATTERN, fullmatch=True),
    scopes=st.lists(st.from_regex(SCOPE_PATTERN, fullmatch=True), max_size=5).map(tuple),
    min_lifetime=st.integers(0, 86_400),
    force_refresh=st.booleans(),
    waits=st.booleans(),
    grant=st.booleans(),
    dag=st.booleans(),
)


def spelled(fields: object) -> str:
    raw = fields if isinstance(fields, bytes) else json.dumps(fields, separators=(",", ":")).encode()
    return REQUEST_PREFIX + base64.urlsafe_b64encode(raw).decode().rstrip("=")


@given(REQUESTS)
def test_what_is_encoded_is_read_back(request: TokenRequest) -> None:
    asked_id = request.encode()
    assert re.fullmatch(r"[A-Za-z0-9_-]+", asked_id)
    if len(asked_id) <= 8000:
        assert TokenRequest.decode(asked_id) == request


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: spelled(raw)))
def test_anything_else_is_refused_or_harmless(text: str) -> None:
    try:
        request = TokenRequest.decode(text)
    except ValueError:
        return
    assert request.encode() == text


@pytest.mark.parametrize(
    "asked_id",
    [
        pytest.param("github", id="a bare id"),
        pytest.param(REQUEST_PREFIX, id="nothing"),
        pytest.param(spelled({}), id="no account"),
        pytest.param(spelled([]), id="a list"),
        pytest.param(spelled("github"), id="a text"),
        pytest.param(spelled(None), id="null"),
        pytest.param(spelled(b"\xff\xfe"), id="no text"),
        pytest.param(spelled(b"[" * 5000), id="nested deeply"),
        pytest.param(spelled(b'{"id":' + b"9" * 5000 + b"}"), id="a monstrous number"),
        pytest.param(spelled({"id": "github", "scopes": ["x"] * 3000}), id="too long"),
        pytest.param(spelled({"id": "github", "user": "alice"}), id="a field of its own"),
        pytest.param(spelled({"id": ["github"]}), id="an id that is no text"),
        pytest.param(spelled({"id": "../variables/x"}), id="a path"),
        pytest.param(spelled({"id": "a/b"}), id="a slash"),
        pytest.param(spelled({"id": "a\n"}), id="a line end"),
        pytest.param(spelled({"id": "ä"}), id="a letter beyond ASCII"),
        pytest.param(spelled({"id": "a" * 201}), id="an id too long"),
        pytest.param(spelled({"id": ".hidden"}), id="a dot first"),
        pytest.param(spelled({"id": "github", "scopes": "repo"}), id="scopes as one text"),
        pytest.param(spelled({"id": "github", "scopes": {"repo": 1}}), id="scopes as an object"),
        pytest.param(spelled({"id": "github", "scopes": ["a b"]}), id="two scopes in one"),
        pytest.param(spelled({"id": "github", "scopes": ["\ud800"]}), id="half a character"),
        pytest.param(spelled({"id": "github", "scopes": [""]}), id="an empty scope"),
        pytest.param(spelled({"id": "github", "scopes": []}), id="what encode leaves out"),
        pytest.param(spelled({"id": "github", "min_lifetime": 0}), id="another default spelled out"),
        pytest.param(spelled({"id": "github", "min_lifetime": -1}), id="a negative lifetime"),
        pytest.param(spelled({"id": "github", "min_lifetime": 86_401}), id="more than a day"),
        pytest.param(spelled({"id": "github", "min_lifetime": True}), id="a lifetime of true"),
        pytest.param(spelled({"id": "github", "min_lifetime": 1.0}), id="a fraction"),
        pytest.param(spelled({"id": "github", "force_refresh": 1}), id="force_refresh of 1"),
        pytest.param(spelled({"id": "github", "grant": "yes"}), id="a grant of yes"),
        pytest.param(spelled({"id": "github", "grant": True, "waits": True}), id="in another order"),
        pytest.param(spelled(b'{"id":"a","id":"github"}'), id="two ids"),
        pytest.param(spelled(b'{ "id":"github"}'), id="a space"),
        pytest.param(spelled({"id": "github"}) + "=", id="padding"),
        pytest.param(spelled({"id": "github"}).upper(), id="upper case, as in a variable's name"),
        pytest.param(spelled({"id": "github"})[:-1] + "+", id="letters of plain base64"),
    ],
)
def test_what_encode_never_writes_is_refused(asked_id: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        TokenRequest.decode(asked_id)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2026-01-31T12:30:00.250000Z", id="as Pydantic writes it"),
        pytest.param("2026-01-31T12:30:00.250000+00:00", id="as Python does"),
    ],
)
def test_a_moment(text: str) -> None:
    assert moment(text) == datetime(2026, 1, 31, 12, 30, 0, 250_000, timezone.utc)
