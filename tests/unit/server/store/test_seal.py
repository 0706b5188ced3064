"""Secrets open at their own place only."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator

import pytest
from airflow.models.crypto import get_fernet
from cryptography.fernet import Fernet

from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store.seal import Resealer, SealContext, SealError, open_sealed, seal
from tests.support.airflow_home import FERNET_KEY
from tests.support.airflow_server import configured

ALICE = Person("manager", "1", "2026-01-01T00:00:00", "alice")
NEW_KEY = "JzsCLhGWH1a7aFyKhDjVEMWo_ZBVk5vUPKAqDL5Oqps="


@pytest.fixture(autouse=True)
def _keys() -> Iterator[None]:
    get_fernet.cache_clear()
    yield
    get_fernet.cache_clear()


HERE = SealContext("access", "github", 1, ALICE)

PLACES = {
    "alice's access token": HERE,
    "her refresh token": SealContext("refresh", "github", 1, ALICE),
    "her next access token": SealContext("access", "github", 2, ALICE),
    "her access token elsewhere": SealContext("access", "gitlab", 1, ALICE),
    "an account of another case": SealContext("access", "GitHub", 1, ALICE),
    "bob's": SealContext("access", "github", 1, Person("manager", "2", ALICE.created)),
    "a new user with alice's id": SealContext(
        "access", "github", 1, Person("manager", "1", "2026-02-02T00:00:00")
    ),
    "another auth manager's user": SealContext("access", "github", 1, Person("other", "1", ALICE.created)),
    "a user whose id ends like hers": SealContext(
        "access", "github", 1, Person("manager", "11", ALICE.created)
    ),
    "one with a shifted border": SealContext("access", "github", 1, Person("manager1", "", ALICE.created)),
    "nobody's": SealContext("access", "github", 1),
    "an authorization": SealContext("authorization", "github", 1, ALICE, "hash-a"),
    "another authorization": SealContext("authorization", "github", 1, ALICE, "hash-b"),
    "a revocation": SealContext("revocation", "github", 1, ALICE, "hash-a"),
    "the client secret": SealContext("client_secret", "github", 1),
    "the next client secret": SealContext("client_secret", "github", 2),
    "another account's client secret": SealContext("client_secret", "gitlab", 1),
}


@pytest.mark.parametrize(
    ("sealed_for", "opened_as"),
    [pytest.param(a, b, id=f"{a} as {b}") for a, b in itertools.permutations(PLACES, 2)],
)
def test_what_was_moved_does_not_open(sealed_for: str, opened_as: str) -> None:
    sealed = seal("the secret", PLACES[sealed_for])
    with pytest.raises(SealError) as refused:
        open_sealed(sealed, PLACES[opened_as])
    assert refused.value.code == "moved"
    assert "the secret" not in str(refused.value)


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize(
    "value", ["the secret", "", "ÄÖ 😀 \x00", "x" * 100_000], ids=["text", "empty", "odd", "long"]
)
def test_what_is_at_its_place_opens(name: str, value: str) -> None:
    assert open_sealed(seal(value, PLACES[name]), PLACES[name]) == value


def test_a_renamed_user_keeps_their_secrets() -> None:
    renamed = dataclasses.replace(HERE, person=dataclasses.replace(ALICE, name="alicia"))
    assert open_sealed(seal("the secret", HERE), renamed) == "the secret"


@pytest.mark.parametrize(
    "sealed",
    [
        pytest.param("", id="nothing"),
        pytest.param("the secret", id="plain text"),
        pytest.param(Fernet(NEW_KEY).encrypt(b"{}").decode(), id="another key"),
        pytest.param(Fernet(FERNET_KEY).encrypt(b"the secret").decode(), id="plain Fernet, no place"),
        pytest.param("gAAAAA" + "é", id="not ASCII"),
    ],
)
def test_what_was_not_sealed_does_not_open(sealed: str) -> None:
    with pytest.raises(SealError) as refused:
        open_sealed(sealed, HERE)
    assert refused.value.code == "key_lost"


@pytest.mark.parametrize(
    "envelope", [b"[]", b"{}", b'{"value": "x"}', b'{"place": null, "value": "x"}', b"1"]
)
def test_an_envelope_without_a_place_does_not_open(envelope: bytes) -> None:
    with pytest.raises(SealError) as refused:
        open_sealed(Fernet(FERNET_KEY).encrypt(envelope).decode(), HERE)
    assert refused.value.code == "moved"


def test_every_configured_key_opens_and_the_first_seals() -> None:
    old = seal("the secret", HERE)
    with configured("core", fernet_key=f"{NEW_KEY},{FERNET_KEY}"):
        get_fernet.cache_clear()
        assert open_sealed(old, HERE) == "the secret"
        moved = Resealer([NEW_KEY, FERNET_KEY]).reseal(old)
        assert moved is not None
        assert Resealer([NEW_KEY]).reseal(moved) is None, "it is sealed with the first one"
    with configured("core", fernet_key=NEW_KEY):
        get_fernet.cache_clear()
        assert open_sealed(moved, HERE) == "the secret"
        with pytest.raises(SealError, match="none of the keys"):
            open_sealed(old, HERE)


def test_without_a_key_nothing_is_kept_or_opened() -> None:
    sealed = seal("the secret", HERE)
    with configured("core", fernet_key=""):
        get_fernet.cache_clear()
        for attempt in (lambda: seal("the secret", HERE), lambda: open_sealed(sealed, HERE)):
            with pytest.raises(SealError, match="fernet_key is empty") as refused:
                attempt()
            assert refused.value.code == "no_key"
