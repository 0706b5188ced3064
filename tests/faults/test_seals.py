"""What is sealed opens at its own place only."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select, update

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.broker.database import in_transaction
from airflow_thirdparty.server.broker.sign_in import begun, signing_out
from airflow_thirdparty.server.store import client_secrets, revocations, sign_ins
from airflow_thirdparty.server.store.base import PersonColumns
from airflow_thirdparty.server.store.models import Authorization, ClientSecret, Revocation, SignIn
from airflow_thirdparty.server.store.seal import SealError, open_sealed, seal
from tests.faults.rig import ALICE, BOB, Rig, ask, register


@dataclass(frozen=True)
class Cell:
    """One sealed column of one row.

    :param opens: reads it as the product does
    """

    table: Any
    key: Any
    column: str
    opens: Callable[[Any], object]

    def read(self) -> str:
        return str(in_transaction(lambda session: getattr(session.get(self.table, self.key), self.column)))

    def write(self, sealed: str) -> None:
        primary = self.table.__table__.primary_key.columns.values()[0]
        statement = update(self.table).where(primary == self.key).values({self.column: sealed})
        in_transaction(lambda session: session.execute(statement))

    def open(self) -> object:
        return in_transaction(lambda session: self.opens(session.get(self.table, self.key)))

    def __str__(self) -> str:
        return f"{self.table.__tablename__}.{self.column}[{self.key}]"


def authorization(rig: Rig, who: Any, state_hash: str) -> None:
    row = Authorization(
        state_hash=state_hash,
        conn_id=rig.account.conn_id,
        browser_hash="",
        binding="",
        endpoints="{}",
        redirect_uri="",
        scopes="",
        switch_subject=False,
        expires_at=rig.clock() + timedelta(days=1),
        **PersonColumns.person_values(who),
    )
    row.sealed = seal(json.dumps({"verifier": "v", "nonce": None}), begun.seal_context(row))
    row.sealed_answer = seal(json.dumps([["code", "c"]]), begun.seal_context(row, "answer"))
    in_transaction(lambda session: session.add(row))


def cells(rig: Rig) -> list[Cell]:
    """Every kind of sealed column, for two people and two accounts."""
    other = register(rig.service.base_url)
    for who in (ALICE, BOB):
        for account in (rig.account, other):
            rig.sign_in(who, account, lives=3600)
            if account is other:
                in_transaction(
                    lambda session, w=who: signing_out.forget(session, w, other.conn_id, rig.clock(), w)
                )
                rig.sign_in(who, other, lives=3600)
        authorization(rig, who, f"{who.name}-{rig.account.conn_id}")
    conn_ids = (rig.account.conn_id, other.conn_id)

    def keys(table: Any, column: Any) -> list[Any]:
        return in_transaction(
            lambda session: list(session.scalars(select(column).where(table.conn_id.in_(conn_ids))))
        )

    found = [
        Cell(SignIn, key, column, opens)
        for key in keys(SignIn, SignIn.id)
        for column, opens in (
            ("sealed_access", sign_ins.open_access),
            ("sealed_refresh", sign_ins.open_refresh),
        )
    ]
    found += [
        Cell(Revocation, key, "sealed", revocations.open_tokens) for key in keys(Revocation, Revocation.id)
    ]
    found += [
        Cell(Authorization, key, column, opens)
        for key in keys(Authorization, Authorization.state_hash)
        for column, opens in (
            ("sealed", lambda row: open_sealed(row.sealed, begun.seal_context(row))),
            ("sealed_answer", lambda row: open_sealed(row.sealed_answer, begun.seal_context(row, "answer"))),
        )
    ]
    found += [
        Cell(
            ClientSecret,
            key,
            "sealed",
            lambda row: open_sealed(row.sealed, client_secrets._seal_context(row.conn_id, row.version)),
        )
        for key in keys(ClientSecret, ClientSecret.conn_id)
    ]
    return found


async def test_every_pair_of_cells_swapped(rig: Rig) -> None:
    found = cells(rig)
    assert len(found) == 8 + 2 + 4 + 2
    sealed = {cell: cell.read() for cell in found}
    for cell in found:
        assert cell.open()
    for target, source in permutations(found, 2):
        target.write(sealed[source])
        with pytest.raises(SealError) as refused:
            target.open()
        assert refused.value.code == "moved", f"{source} opens in {target}"
        target.write(sealed[target])
    for cell in found:
        assert cell.open()


@pytest.mark.parametrize("column", ["sealed_access", "sealed_refresh"])
@pytest.mark.parametrize(
    "whose", ["another person's", "another account's", "an older version's", "the other column's"]
)
async def test_what_was_moved_is_refused_in_words_and_on_record(rig: Rig, column: str, whose: str) -> None:
    rig.sign_in(ALICE, lives=3600)
    other = register(rig.service.base_url)
    rig.sign_in(ALICE, other, lives=3600)
    rig.sign_in(BOB, lives=3600)
    mine = rig.there(ALICE)
    moved = {
        "another person's": getattr(rig.there(BOB), column),
        "another account's": getattr(rig.there(ALICE, other), column),
        "an older version's": getattr(mine, column),
        "the other column's": mine.sealed_refresh if column == "sealed_access" else mine.sealed_access,
    }[whose]
    broker = rig.broker()
    if whose == "an older version's":
        rig.clock.step(4000)
        await ask(broker, ALICE, rig.account)
    if column == "sealed_refresh":
        rig.clock.step(4000)
    calls = rig.calls
    rig.change(ALICE, **{column: moved})
    with pytest.raises(AccountMisconfigured, match="sealed for another context"):
        await ask(broker, ALICE, rig.account)
    assert rig.calls == calls
    assert "seal_refused" in rig.events()
    assert rig.row(ALICE) is not None


async def test_a_whole_row_given_to_somebody_else(rig: Rig) -> None:
    from tests.faults.rig import person

    mallory = person("mallory")
    rig.sign_in(ALICE, lives=3600)
    rig.change(ALICE, user_id=mallory.user_id, user_name="mallory")
    with pytest.raises(AccountMisconfigured, match="sealed for another context"):
        await ask(rig.broker(), mallory, rig.account)


async def test_no_key_means_nothing_is_stored(rig: Rig) -> None:
    from tests.faults.test_keys import keys

    with keys(""), pytest.raises(SealError, match="fernet_key is empty"):
        rig.sign_in(ALICE, lives=3600)
    assert rig.row(ALICE) is None
