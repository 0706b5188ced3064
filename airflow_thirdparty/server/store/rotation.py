"""Sealing everything anew with the first of the configured keys, while tasks go on reading.

Each batch is a short transaction of its own.  What the first key opens already is left alone, so a run that
was interrupted is resumed by running it again.  An update is fenced by the very text it replaces: whatever a
refresh or a new sign-in writes meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow.configuration import conf
from airflow.models.crypto import get_fernet
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Column, Select, Table, and_, bindparam, select, tuple_, update
from sqlalchemy.orm import Session

from airflow_thirdparty.server.store import attributions, delegations, models, usage
from airflow_thirdparty.server.store.base import metadata
from airflow_thirdparty.server.store.seal import SealContext, SealError, reseal

__all__ = [
    "BATCH",
    "Lost",
    "Report",
    "attributions",
    "delegations",
    "models",
    "rotate",
    "sealed_columns",
    "usage",
]

BATCH = 500
"""Rows sealed anew in one transaction: a fraction of a second, so that nobody waits long for a row."""

InTransaction = Callable[..., Any]
"""Runs work in a session of its own: called with the work and what it takes beside the session."""


@dataclass(frozen=True)
class Lost:
    """Something sealed that no configured key opens.

    :param what: which table and column
    :param account: id of the account
    :param user: name of the person and their id, where it is a person's
    """

    what: str
    account: str
    user: str | None

    def __str__(self) -> str:
        whose = f" of {self.user}" if self.user else ""
        return f"{self.what}{whose}, account '{self.account}'"


@dataclass
class Report:
    """How far the work has come.

    :param sealed_anew: how many secrets were sealed with the first key
    :param left_alone: how many were already, or were changed meanwhile
    """

    rows: int = 0
    sealed_anew: int = 0
    left_alone: int = 0
    lost: list[Lost] = field(default_factory=list)


def sealed_columns() -> dict[Table, list[Column[Any]]]:
    """Every column of ours that holds something sealed, by table."""
    found = {table: [column for column in table.c if column.name.startswith("sealed")] for table in _tables()}
    return {table: columns for table, columns in found.items() if columns}


def _tables() -> Sequence[Table]:
    return metadata.sorted_tables


def rotate(
    in_transaction: InTransaction, progress: Callable[[Report], None] = lambda _report: None
) -> Report:
    """Seal everything with the first key.

    :param in_transaction: runs work in a session of its own and commits
    :param progress: told after each batch
    :raises SealError: ``no_key`` when Airflow has no Fernet key
    :return: how far it came, and what no configured key opens
    """
    if not get_fernet().is_encrypted:
        raise SealError("no_key", SealContext("every secret", "*", 0))
    first = Fernet(conf.get_mandatory_value("core", "fernet_key").split(",")[0].strip())
    report = Report()
    for table, columns in sealed_columns().items():
        for rows in _batches(in_transaction, table, columns):
            _one_batch(in_transaction, table, columns, rows, first, report)
            progress(report)
    return report


def _batches(
    in_transaction: InTransaction, table: Table, columns: Sequence[Column[Any]]
) -> Iterator[list[Mapping[str, Any]]]:
    key = list(table.primary_key)
    whose = [table.c[name] for name in ("conn_id", "user_name", "user_id") if name in table.c]
    wanted = select(*dict.fromkeys([*key, *columns, *whose])).order_by(*key).limit(BATCH)
    statement = wanted
    while True:
        rows = in_transaction(_read, statement=statement)
        if not rows:
            return
        yield rows
        statement = wanted.where(tuple_(*key) > tuple_(*(rows[-1][column.name] for column in key)))


def _read(session: Session, statement: Select[Any]) -> list[Mapping[str, Any]]:
    return [dict(row) for row in session.execute(statement).mappings()]


def _one_batch(
    in_transaction: InTransaction,
    table: Table,
    columns: Sequence[Column[Any]],
    rows: Sequence[Mapping[str, Any]],
    first: Fernet,
    report: Report,
) -> None:
    report.rows += len(rows)
    for column in columns:
        changes = []
        for row in rows:
            sealed = row[column.name]
            if sealed is None:
                continue
            if _opens(first, sealed):
                report.left_alone += 1
                continue
            try:
                changes.append(_change(table, row, sealed, reseal(sealed)))
            except InvalidToken:
                report.lost.append(_lost(table, column, row))
        if changes:
            written = in_transaction(_write, table=table, column=column, changes=changes)
            report.sealed_anew += written
            report.left_alone += len(changes) - written


def _opens(fernet: Fernet, sealed: str) -> bool:
    try:
        fernet.decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def _change(table: Table, row: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    return {"old": old, "new": new} | {f"key_{column.name}": row[column.name] for column in table.primary_key}


def _write(session: Session, table: Table, column: Column[Any], changes: list[dict[str, Any]]) -> int:
    key = [own == bindparam(f"key_{own.name}") for own in table.primary_key]
    statement = update(table).where(and_(*key, column == bindparam("old"))).values({column: bindparam("new")})
    connection = session.connection()
    return sum(connection.execute(statement, change).rowcount for change in changes)


def _lost(table: Table, column: Column[Any], row: Mapping[str, Any]) -> Lost:
    what = _MESSAGES.get((table.name, column.name), f"{table.name}.{column.name}")
    user = f"'{row['user_name']}' (id {row['user_id']})" if row.get("user_id") else None
    return Lost(what, str(row.get("conn_id", "")), user)


_MESSAGES = {
    ("third_party_sign_in", "sealed_access"): "access token",
    ("third_party_sign_in", "sealed_refresh"): "refresh token",
    ("third_party_client_secret", "sealed"): "client secret",
    ("third_party_authorization", "sealed"): "unfinished sign-in",
    ("third_party_authorization", "sealed_answer"): "kept answer to a sign-in",
    ("third_party_revocation", "sealed"): "tokens to revoke",
}
