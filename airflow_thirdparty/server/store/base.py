"""The metadata that all our tables share, apart from Airflow's own."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from airflow.models.base import _get_schema, naming_convention
from airflow.utils.sqlalchemy import UtcDateTime
from sqlalchemy import MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from airflow_thirdparty.server.people.person import Person

metadata = MetaData(
    schema=_get_schema(),  # type: ignore[no-untyped-call]  # Airflow's, untyped
    naming_convention=naming_convention,
)

CONN_ID = String(250)
"""As long as Airflow's own connection ids."""

DAG_ID = String(250)
"""As long as Airflow's own ids of DAGs, runs and tasks."""


class Base(DeclarativeBase):
    """Base of our tables; none of them is created outside Alembic."""

    metadata = metadata
    type_annotation_map: ClassVar = {datetime: UtcDateTime}


class PersonColumns:
    """The columns that say whose row it is."""

    auth_manager: Mapped[str] = mapped_column(String(200))
    user_id: Mapped[str] = mapped_column(String(200))
    user_created: Mapped[str] = mapped_column(String(40), default="")
    user_name: Mapped[str] = mapped_column(String(250), default="")

    @property
    def person(self) -> Person:
        """Whose row it is."""
        return Person(self.auth_manager, self.user_id, self.user_created, self.user_name)

    @staticmethod
    def person_values(person: Person) -> dict[str, Any]:
        """The columns' values for this person."""
        return {
            "auth_manager": person.auth_manager,
            "user_id": person.user_id,
            "user_created": person.created,
            "user_name": person.name,
        }
