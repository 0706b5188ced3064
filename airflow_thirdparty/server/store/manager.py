"""How Airflow creates, migrates and drops our tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.utils.db_manager import BaseDBManager

from airflow_thirdparty.server.store import attempts, attributions, delegations, models, tables, usage, waits
from airflow_thirdparty.server.store.base import metadata

__all__ = [
    "ThirdPartyAccountsDBManager",
    "attempts",
    "attributions",
    "delegations",
    "models",
    "usage",
    "waits",
]

FOLDER = Path(__file__).parent


class ThirdPartyAccountsDBManager(BaseDBManager):
    """Airflow's seam for tables of others: ``airflow db migrate`` is all an admin runs."""

    metadata = metadata
    version_table_name = "third_party_alembic_version"
    migration_dir = (FOLDER / "migrations").as_posix()
    alembic_file = (FOLDER / "alembic.ini").as_posix()
    # a `db reset` that kept old sign-ins would hand them to a new user who happens to get the same id
    supports_table_dropping = True
    revision_heads_map = {"0.1.0": "0001"}  # noqa: RUF012  # as Airflow declares it

    def foreign_tables(self) -> str:
        """Say whether another version of this package made the tables.

        :return: what differs and what to do, in words; empty text if they are those of this version
        """
        return tables.describe(tables.differences(self.session.connection(), self.metadata))

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
