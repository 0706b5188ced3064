"""Whether the tables in the database are those of this version, told by their columns and not by a number.

Alembic compares the number of the last migration only, so tables that another version made under the same
number pass for ours until a query meets a column that is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Inspector, MetaData, Table, column, inspect, select, table

MOST = 4
"""How many differences are named: enough to recognise what happened, short enough for a line of a log."""


def differences(connection: Connection, metadata: MetaData) -> list[str]:
    """Compare the tables of this version with those in the database; it costs two small queries a table.

    Tables that are not in ``metadata`` are Airflow's or somebody else's and not looked at.

    :param connection: to the database
    :param metadata: the tables of this version
    :return: what is missing or unknown, such as ``table 'x' is missing`` or ``column 'x.y' is unknown``, in
        the order of the tables; nothing means that they are ours
    """
    there = inspect(connection)
    return [found for table in metadata.sorted_tables for found in _compare(there, table)]


def revision(connection: Connection, version_table: str) -> str | None:
    """Read the number of the last migration that was made.

    :param connection: to the database
    :param version_table: where Alembic keeps it
    :return: nothing where none was
    """
    if not inspect(connection).has_table(version_table):
        return None
    return connection.scalar(select(column("version_num")).select_from(table(version_table)))


def describe(found: Sequence[str]) -> str:
    """Say in one sentence, and what to do, that the tables are those of another version.

    :param found: what :func:`differences` returned
    :return: the sentences; empty text if nothing was found
    """
    if not found:
        return ""
    more = f" and {len(found) - MOST} more" if len(found) > MOST else ""
    return (
        f"The tables are not those of this version: {', '.join(found[:MOST])}{more}. "
        "Drop every table that begins with 'third_party_' and run 'airflow db migrate'; people then sign in "
        "again."
    )


def _compare(there: Inspector, table: Table) -> Iterator[str]:
    if not there.has_table(table.name, schema=table.schema):
        yield f"table '{table.name}' is missing"
        return
    columns = {column["name"] for column in there.get_columns(table.name, schema=table.schema)}
    ours = {column.name for column in table.columns}
    yield from (f"column '{table.name}.{name}' is missing" for name in sorted(ours - columns))
    yield from (f"column '{table.name}.{name}' is unknown" for name in sorted(columns - ours))
