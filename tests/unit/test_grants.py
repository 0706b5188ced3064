"""A grant holds where this server signed it; its sealed form says nothing."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

import pytest
from cryptography.fernet import Fernet

from airflow_thirdparty.grants import Grant, GrantInvalid, open_sealed, read_grant, write_grant

KEY, OTHER = Fernet.generate_key().decode(), Fernet.generate_key().decode()
NOW = 1_800_000_000.0
GRANT = Grant("0198-ti", "github", ("fab", "7", "2026-01-01"), NOW, ("repo",), waits=True)


@dataclass(frozen=True)
class OfNextVersion(Grant):
    """A grant as a version to come may write it."""

    reach: str = "all"


def signed(grant: Grant = GRANT, key: str = KEY) -> str:
    return open_sealed(write_grant(grant, key), key)


def test_what_is_written_is_read_back() -> None:
    assert read_grant(signed(), KEY) == GRANT


def test_what_lies_in_the_database_says_nothing() -> None:
    sealed = write_grant(GRANT, KEY)
    for word in ("github", "0198-ti", "fab"):
        assert word not in sealed
        assert word.encode() not in base64.urlsafe_b64decode(sealed)
    with pytest.raises(GrantInvalid, match="no grant"):
        read_grant(sealed, KEY)


@pytest.mark.parametrize(
    ("keys", "holds"),
    [
        pytest.param(KEY, True, id="the same key"),
        pytest.param(f"{OTHER},{KEY}", True, id="rotated, the old one kept"),
        pytest.param(f"{OTHER}, {KEY}", True, id="rotated, with a blank"),
        pytest.param(OTHER, False, id="another key"),
        pytest.param("", False, id="no key"),
        pytest.param("x", False, id="no such key"),
    ],
)
def test_keys(keys: str, holds: bool) -> None:
    sealed = write_grant(GRANT, KEY)
    if holds:
        assert read_grant(open_sealed(sealed, keys), keys) == GRANT
        return
    with pytest.raises(GrantInvalid):
        open_sealed(sealed, keys)
    with pytest.raises(GrantInvalid):
        read_grant(signed(), keys)


def test_without_a_key_there_is_none() -> None:
    with pytest.raises(GrantInvalid, match="fernet_key is empty"):
        write_grant(GRANT, " , ")


def forged(**fields: object) -> str:
    """A grant whose content somebody changed, with the code it had."""
    body, code = signed().split(".")
    content = json.loads(base64.urlsafe_b64decode(body + "=="))
    raw = json.dumps({**content, **fields}, separators=(",", ":")).encode()
    return f"{base64.urlsafe_b64encode(raw).decode().rstrip('=')}.{code}"


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param("", id="nothing"),
        pytest.param("x", id="no dot"),
        pytest.param("a.b.c", id="three parts, as a JWT"),
        pytest.param("ä.ö", id="letters beyond ASCII"),
        pytest.param(forged(conn_id="jira"), id="another account"),
        pytest.param(forged(ti_id="0198-other"), id="another task instance"),
        pytest.param(forged(person=["fab", "1", ""]), id="another person"),
        pytest.param(forged(waits=False), id="one that yields tokens"),
        pytest.param(forged(given_at=NOW * 2), id="of another deferral"),
        pytest.param(signed(key=OTHER), id="another server's"),
        pytest.param(signed().split(".")[0] + ".", id="no code"),
        pytest.param(signed(OfNextVersion(**vars(GRANT))), id="another version's, with a field more"),
    ],
)
def test_anything_else_is_refused(shown: str) -> None:
    with pytest.raises(GrantInvalid):
        read_grant(shown, KEY)
