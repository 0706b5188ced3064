"""Sealing everything anew with the first of the configured keys, while tasks go on reading.

Each batch is a short transaction of its own.  What the first key opens already is left alone, so a run that
was interrupted is resumed by running it again.  An update is fenced by the very texts it replaces: whatever a
refresh or a new sign-in writes meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow.configuration import conf
from airflow.models.crypto import get_fernet
from cryptography.fernet import InvalidToken
from sqlalchemy import ARRAY, Column, Select, Table, bindparam, cast, func, select, tuple_, update
from sqlalchemy import column as sql_column
from sqlalchemy.orm import Session

from airflow_thirdparty.server.store import attributions, delegations, models, usage
from airflow_thirdparty.server.store.base import metadata
from airflow_thirdparty.server.store.seal import Resealer, SealContext, SealError

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
    in_transaction: InTransaction,
    progress: Callable[[Report], None] = lambda _report: None,
    *,
    write: bool = True,
) -> Report:
    """Seal everything with the first key.

    :param in_transaction: runs work in a session of its own and commits
    :param progress: told after each batch
    :param write: whether to change anything; without, everything is opened, and what would be sealed counted
    :raises SealError: ``no_key`` when Airflow has no Fernet key
    :return: how far it came, and what no configured key opens
    """
    if not get_fernet().is_encrypted:
        raise SealError("no_key", SealContext("every secret", "*", 0))
    keys = [key.strip() for key in conf.get_mandatory_value("core", "fernet_key").split(",")]
    work = _Work(in_transaction, Resealer(keys), write, Report())
    for table, columns in sealed_columns().items():
        for rows in _batches(in_transaction, table, columns):
            work.do_batch(table, columns, rows)
            progress(work.report)
    return work.report


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


@dataclass(frozen=True)
class _Work:
    """Seals batches of rows anew.

    :param in_transaction: runs work in a session of its own and commits
    :param resealer: has the keys
    :param write: whether to change anything
    :param report: counts
    """

    in_transaction: InTransaction
    resealer: Resealer
    write: bool
    report: Report

    def do_batch(
        self, table: Table, columns: Sequence[Column[Any]], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Seal some rows of a table.

        :param table: the table
        :param columns: those that hold something sealed
        :param rows: as they were read
        """
        self.report.rows += len(rows)
        for sealed, changes in self._changes(table, columns, rows).items():
            wanted = written = len(sealed) * len(changes)
            if self.write:
                written = self.in_transaction(_write, table=table, columns=sealed, changes=changes)
            self.report.sealed_anew += written
            self.report.left_alone += wanted - written

    def _changes(
        self, table: Table, columns: Sequence[Column[Any]], rows: Sequence[Mapping[str, Any]]
    ) -> dict[tuple[Column[Any], ...], list[dict[str, Any]]]:
        """What to write, by the columns that it changes: most rows change in all of them."""
        found: dict[tuple[Column[Any], ...], list[dict[str, Any]]] = {}
        for row in rows:
            new = {column: self._resealed(table, column, row) for column in columns}
            sealed = tuple(column for column in columns if new[column] is not None)
            if sealed:
                change = {f"key_{key.name}": row[key.name] for key in table.primary_key}
                for column in sealed:
                    change |= {f"old_{column.name}": row[column.name], f"new_{column.name}": new[column]}
                found.setdefault(sealed, []).append(change)
        return found

    def _resealed(self, table: Table, column: Column[Any], row: Mapping[str, Any]) -> str | None:
        if row[column.name] is None:
            return None
        try:
            new = self.resealer.reseal(row[column.name])
        except InvalidToken:
            self.report.lost.append(_lost(table, column, row))
            return None
        if new is None:
            self.report.left_alone += 1
        return new


def _write(
    session: Session, table: Table, columns: Sequence[Column[Any]], changes: Sequence[Mapping[str, Any]]
) -> int:
    """Replace old texts by new ones, where the old ones still stand; how many texts were replaced."""
    rows = _replace(session, table, columns, changes)
    if rows == len(changes) or len(columns) == 1:
        return rows * len(columns)
    # where one text of a row was changed meanwhile, the others are replaced by themselves
    return rows * len(columns) + sum(_replace(session, table, [column], changes) for column in columns)


def _replace(
    session: Session, table: Table, columns: Sequence[Column[Any]], changes: Sequence[Mapping[str, Any]]
) -> int:
    """Update those rows of which each old text still stands; how many rows these are."""
    types = {f"key_{key.name}": key.type for key in table.primary_key}
    types |= {f"{which}_{column.name}": column.type for column in columns for which in ("old", "new")}
    at_once = session.get_bind().dialect.name == "postgresql"
    given: Mapping[str, Any] = _arrays(types) if at_once else {name: bindparam(name) for name in types}
    which = [own == given[f"key_{own.name}"] for own in table.primary_key]
    which += [column == given[f"old_{column.name}"] for column in columns]
    statement = (
        update(table).where(*which).values({column: given[f"new_{column.name}"] for column in columns})
    )
    rows = [{name: change[name] for name in types} for change in changes]
    parameters: Any = {name: [row[name] for row in rows] for name in types} if at_once else rows
    return session.connection().execute(statement, parameters).rowcount


def _arrays(types: Mapping[str, Any]) -> Mapping[str, Any]:
    """The columns of a table that is made of one parameter each: a single round trip for all rows."""
    arrays = [cast(bindparam(name), ARRAY(kind)) for name, kind in types.items()]
    columns = [sql_column(name, kind) for name, kind in types.items()]
    return dict(func.unnest(*arrays).table_valued(*columns, name="given").render_derived().c.items())


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
