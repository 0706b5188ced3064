"""Runs our migrations inside Airflow's database."""

from __future__ import annotations

from typing import Any

from airflow import settings
from alembic import context

from airflow_thirdparty.server.store.manager import ThirdPartyAccountsDBManager

target_metadata = ThirdPartyAccountsDBManager.metadata
version_table = ThirdPartyAccountsDBManager.version_table_name


def include_object(_object: object, name: str | None, type_: str, *_: object) -> bool:
    """Look at our own tables only; the rest is Airflow's."""
    return type_ != "table" or name in target_metadata.tables


def run(**options: Any) -> None:
    """Run what Alembic was asked for."""
    context.configure(
        target_metadata=target_metadata,
        version_table=version_table,
        include_object=include_object,
        compare_type=True,
        compare_server_default=True,
        render_as_batch=True,
        **options,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run(url=settings.SQL_ALCHEMY_CONN, literal_binds=True)
else:
    given = context.config.attributes.get("connection")
    if given is not None:
        run(connection=given, transaction_per_migration=True)
    else:
        assert settings.engine is not None  # noqa: S101  # Airflow is initialized here
        with settings.engine.connect() as connection:
            run(connection=connection, transaction_per_migration=True)
