"""Keys that change or get lost: nobody notices, or everybody knows exactly whom it concerns."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.models.crypto import get_fernet
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from airflow_thirdparty.cli.commands.rotate_keys import rotate_keys
from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.broker.database import in_transaction
from airflow_thirdparty.server.broker.sign_in import signing_out
from airflow_thirdparty.server.store import rotation
from airflow_thirdparty.server.store.models import SignIn
from tests.faults.rig import ALICE, BOB, CAROL, NO_NEED, Rig, ask, person
from tests.support import databases
from tests.support.airflow_home import FERNET_KEY
from tests.support.airflow_server import configured
from tests.support.databases import Database

pytestmark = databases.BOTH

NEW_KEY = Fernet.generate_key().decode()


@contextlib.contextmanager
def keys(*configured_keys: str) -> Iterator[None]:
    """What every process has in its configuration from now on."""
    with configured("core", fernet_key=",".join(configured_keys)):
        get_fernet.cache_clear()
        yield
    get_fernet.cache_clear()


def everything_sealed() -> list[str]:
    def read(session: Session) -> list[str]:
        return [
            sealed
            for columns in rotation.sealed_columns().values()
            for column in columns
            for sealed in session.scalars(select(column).where(column.is_not(None)))
        ]

    return in_transaction(read)


def opens(sealed: str) -> bool:
    try:
        get_fernet().decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def run(capsys: pytest.CaptureFixture[str], *, dry_run: bool = False) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        rotate_keys(argparse.Namespace(verbose=False, dry_run=dry_run))
    said = capsys.readouterr()
    return int(str(ended.value.code)), said.out + said.err


@pytest.fixture
def clean(rig: Rig) -> Iterator[Rig]:
    """A database in which nothing but this test's rows is sealed."""

    def wipe(session: Session) -> None:
        for table in rotation.sealed_columns():
            if table.name != "third_party_client_secret":
                session.execute(table.delete())

    in_transaction(wipe)
    yield rig
    in_transaction(wipe)


def test_every_table_with_something_sealed_is_known(database: Database) -> None:
    assert {
        table.name: [column.name for column in columns]
        for table, columns in rotation.sealed_columns().items()
    } == {
        "third_party_sign_in": ["sealed_access", "sealed_refresh"],
        "third_party_client_secret": ["sealed"],
        "third_party_authorization": ["sealed", "sealed_answer"],
        "third_party_revocation": ["sealed"],
    }


async def test_rotated_under_load(clean: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = clean
    monkeypatch.setattr(rotation, "BATCH", 7)
    people = [person(f"person-{number}") for number in range(40)]
    for who in people:
        rig.sign_in(who, lives=3600)
    broker = rig.broker()
    versions = {who: rig.there(who).version for who in people}
    with keys(NEW_KEY, FERNET_KEY):
        rotating = asyncio.ensure_future(asyncio.to_thread(rotation.rotate, in_transaction))
        read = 0
        while not rotating.done() or read < 100:
            who = people[read % len(people)]
            token = await broker.token(who, rig.account, NO_NEED)
            assert token.value in rig.service.access_tokens
            read += 1
        report = await rotating
    assert report.sealed_anew >= 80
    assert report.lost == []
    with keys(NEW_KEY):
        assert {who: rig.there(who).version for who in people} == versions
        for who in people:
            assert (await ask(broker, who, rig.account)).value in rig.service.access_tokens
        rig.clock.step(4000)
        assert (await ask(broker, people[0], rig.account)).value in rig.service.access_tokens
        for sealed in everything_sealed():
            Fernet(NEW_KEY).decrypt(sealed.encode())


async def test_a_refresh_that_comes_between_is_not_undone(clean: Rig) -> None:
    rig = clean
    rig.sign_in(ALICE, lives=3600, ago=4000)
    broker = rig.broker()
    loop = asyncio.get_running_loop()
    between = 0

    def with_a_refresh_between(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        nonlocal between
        done = in_transaction(work, *args, **kwargs)
        if isinstance(done, list) and done and "sealed_refresh" in done[0]:
            between += 1  # the row was read, and is about to be sealed anew
            asyncio.run_coroutine_threadsafe(ask(broker, ALICE, rig.account), loop).result(10)
        return done

    with keys(NEW_KEY, FERNET_KEY):
        await asyncio.to_thread(rotation.rotate, with_a_refresh_between)
        assert between == 1
        assert rig.calls == 1
        assert (await ask(broker, ALICE, rig.account)).value in rig.service.access_tokens
        rig.clock.step(4000)
        assert (await ask(broker, ALICE, rig.account)).value in rig.service.access_tokens


@pytest.mark.parametrize("changed", ["sealed_access", "sealed_refresh"])
async def test_one_text_that_changes_meanwhile_keeps_no_other_from_being_sealed_anew(
    clean: Rig, changed: str
) -> None:
    rig = clean
    for who in (ALICE, BOB):
        rig.sign_in(who, lives=3600)

    def with_a_change_between(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        done = in_transaction(work, *args, **kwargs)
        if isinstance(done, list) and done and "sealed_refresh" in done[0]:
            in_transaction(change)
        return done

    def change(session: Session) -> None:
        statement = update(SignIn).where(SignIn.user_name == ALICE.name).values({changed: "new meanwhile"})
        session.execute(statement)

    with keys(NEW_KEY, FERNET_KEY):
        report = rotation.rotate(with_a_change_between)
    of_alice, of_bob = rig.there(ALICE), rig.there(BOB)
    assert getattr(of_alice, changed) == "new meanwhile"
    [other] = {"sealed_access", "sealed_refresh"} - {changed}
    with keys(NEW_KEY):
        assert opens(getattr(of_alice, other))
        assert opens(of_bob.sealed_access)
        assert opens(of_bob.sealed_refresh)
    assert report.sealed_anew >= 3
    assert report.left_alone >= 1


async def test_resumed_where_it_was_interrupted(
    clean: Rig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = clean
    monkeypatch.setattr(rotation, "BATCH", 3)
    for number in range(12):
        rig.sign_in(person(f"person-{number}"), lives=3600)
    left = 8

    def until_the_machine_stops(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt
        return in_transaction(work, *args, **kwargs)

    with keys(NEW_KEY, FERNET_KEY):
        with pytest.raises(KeyboardInterrupt):
            rotation.rotate(until_the_machine_stops)
        status, said = run(capsys)
        assert status == 0, said
        assert run(capsys)[1].partition(":")[2].startswith(" 0 secrets sealed with the first key")
    with keys(NEW_KEY):
        for sealed in everything_sealed():
            Fernet(NEW_KEY).decrypt(sealed.encode())


async def test_a_lost_key_names_exactly_whom_it_concerns(
    clean: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = clean
    rig.sign_in(ALICE, lives=3600)
    rig.sign_in(BOB, lives=3600, refresh=None)
    rig.sign_in(CAROL, lives=3600)
    in_transaction(
        lambda session: signing_out.forget(session, CAROL, rig.account.conn_id, rig.clock(), CAROL)
    )
    broker = rig.broker()
    with keys(NEW_KEY):
        status, said = run(capsys)
        assert status == 1
        conn_id = rig.account.conn_id
        for line in (
            f"access token of 'alice' (id id-of-alice), account '{conn_id}'",
            f"refresh token of 'alice' (id id-of-alice), account '{conn_id}'",
            f"access token of 'bob' (id id-of-bob), account '{conn_id}'",
            f"tokens to revoke of 'carol' (id id-of-carol), account '{conn_id}'",
            f"client secret, account '{conn_id}'",
        ):
            assert said.count(line) == 1, said
        assert "refresh token of 'bob'" not in said
        with pytest.raises(AccountMisconfigured, match="none of the keys"):
            await ask(broker, ALICE, rig.account)
        # nothing is deleted: with the key back, everything is
        assert in_transaction(lambda session: session.query(SignIn).count()) == 2
    assert (await ask(broker, ALICE, rig.account)).value in rig.service.access_tokens


async def test_a_dry_run_counts_and_changes_nothing(clean: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    rig = clean
    for number in range(4):
        rig.sign_in(person(f"person-{number}"), lives=3600)
    before = everything_sealed()
    with keys(NEW_KEY, FERNET_KEY):
        status, said = run(capsys, dry_run=True)
    assert status == 0
    with keys(NEW_KEY):
        due = sum(not opens(sealed) for sealed in before)
    assert due >= 8
    assert f" {due} secrets to be sealed with the first key" in said
    assert "Nothing was changed" in said
    assert everything_sealed() == before


async def test_without_a_key(clean: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    with keys(""):
        status, said = run(capsys)
    assert status == 2
    assert "fernet_key is empty" in said
