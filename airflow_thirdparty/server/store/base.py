"""The metadata that all our tables share, apart from Airflow's own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, cast

from airflow.models.base import _get_schema, naming_convention
from airflow.utils.sqlalchemy import UtcDateTime
from sqlalchemy import ColumnElement, CursorResult, Delete, MetaData, String, Update, and_
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

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

    @classmethod
    def person_key(cls) -> tuple[ColumnElement[str], ...]:
        """The columns that tell people apart, to select and to group by."""
        columns = (cls.auth_manager, cls.user_id, cls.user_created)
        return tuple(cast("ColumnElement[str]", column) for column in columns)

    @classmethod
    def belongs_to(cls, key: Iterable[Any]) -> ColumnElement[bool]:
        """Whether a row is a person's, as a condition of a query.

        Databases fold case in places: where another person's row would do harm, compare :attr:`person` too.

        :param key: :attr:`Person.key <airflow_thirdparty.server.people.person.Person.key>`, or columns or
            parameters that stand for its parts
        :return: the condition
        """
        return and_(*(column == value for column, value in zip(cls.person_key(), key, strict=True)))

    @staticmethod
    def person_values(person: Person) -> dict[str, Any]:
        """The columns' values for this person.

        :param person: whose it is
        :return: values by name of the column, for an insert or an update
        """
        return {
            "auth_manager": person.auth_manager,
            "user_id": person.user_id,
            "user_created": person.created,
            "user_name": person.name,
        }


def changed_rows(session: Session, statement: Update | Delete) -> int:
    """Run an update or a delete past the session's objects, which are left as they are.

    :param session: runs it in its transaction
    :param statement: what to run
    :return: how many rows it changed, by which a fenced write knows whether it came to pass
    """
    result = session.execute(statement.execution_options(synchronize_session=False))
    return int(cast("CursorResult[Any]", result).rowcount)
