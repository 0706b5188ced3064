"""How Airflow creates, migrates and drops our tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.utils.db_manager import BaseDBManager
from sqlalchemy import inspect

from airflow_thirdparty.server.store import (
    attempts,
    attributions,
    delegations,
    models,
    notices,
    tables,
    usage,
    waits,
)
from airflow_thirdparty.server.store.base import metadata

__all__ = [
    "ThirdPartyAccountsDBManager",
    "attempts",
    "attributions",
    "delegations",
    "models",
    "notices",
    "usage",
    "waits",
]

FOLDER = Path(__file__).parent

HEAD = "0001"
"""The last migration."""


class ThirdPartyAccountsDBManager(BaseDBManager):
    """Airflow's seam for tables of others: ``airflow db migrate`` is all an admin runs."""

    metadata = metadata
    version_table_name = "third_party_alembic_version"
    migration_dir = (FOLDER / "migrations").as_posix()
    alembic_file = (FOLDER / "alembic.ini").as_posix()
    # a `db reset` that kept old sign-ins would hand them to a new user who happens to get the same id
    supports_table_dropping = True
    revision_heads_map = {"0.1.0": HEAD}  # noqa: RUF012  # as Airflow declares it

    def has_tables(self) -> bool:
        """Whether any of our tables is there.

        :return: false before the first ``airflow db migrate``
        """
        there = inspect(self.session.connection())
        return any(there.has_table(table.name, schema=table.schema) for table in self.metadata.sorted_tables)

    def check_migration(self) -> bool:
        """Whether the last migration has been made; asked without Alembic, which health would load.

        :return: false also where no table is there
        """
        return tables.revision(self.session.connection(), self.version_table_name) == HEAD

    def foreign_tables(self) -> str:
        """Say whether another version of this package made the tables.

        :return: what differs and what to do, in words; empty text if they are those of this version
        """
        return tables.describe(tables.differences(self.session.connection(), self.metadata))

    def downgrade(
        self, to_revision: str, from_revision: str | None = None, show_sql_only: bool = False
    ) -> None:
        """Go back to an earlier state of the tables; ``airflow db-manager downgrade`` calls it.

        :param to_revision: a migration, or ``base`` for no tables at all
        :param from_revision: where to begin, for ``show_sql_only``
        :param show_sql_only: print the statements instead of running them
        :raises ValueError: when a beginning is given where nothing is only shown
        """
        from alembic import command

        if from_revision and not show_sql_only:
            raise ValueError("from_revision goes with show_sql_only")
        config = self.get_alembic_config()  # type: ignore[no-untyped-call]  # Airflow's, untyped
        if show_sql_only:
            begin = from_revision or self.get_current_revision()  # type: ignore[no-untyped-call]  # as above
            command.downgrade(config, revision=f"{begin}:{to_revision}", sql=True)
            return
        self.session.commit()  # what it has read must not keep its tables from being dropped
        command.downgrade(config, revision=to_revision)

    def upgradedb(self, *args: Any, **kwargs: Any) -> None:
        """Upgrade the tables, and log it as an error if they are still not those of this version.

        It does not raise: Airflow's own tables have been migrated by then, and everything but third-party
        accounts can work with them.

        :param args: of Airflow's own method
        :param kwargs: likewise
        """
        super().upgradedb(*args, **kwargs)  # type: ignore[no-untyped-call]  # Airflow's, untyped
        found = "" if kwargs.get("show_sql_only") else self.foreign_tables()
        if found:
            self.log.error("%s", found)
