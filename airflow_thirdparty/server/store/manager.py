"""How Airflow creates, migrates and drops our tables."""

from __future__ import annotations

from pathlib import Path

from airflow.utils.db_manager import BaseDBManager

from airflow_thirdparty.server.store import attributions, delegations, models, usage
from airflow_thirdparty.server.store.base import metadata

__all__ = ["ThirdPartyAccountsDBManager", "attributions", "delegations", "models", "usage"]

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
