"""Who caused which run, backfill and re-run: recorded when it happens, never inferred afterwards.

A row is written in the transaction that makes the change, so there is a row exactly when there is a change,
and it is *attributed* (the person is filled in) before the answer to that person's request leaves.  A row
that was never attributed names nobody.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Index, Integer, String, insert, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store.base import DAG_ID, Base, PersonColumns

RUN = "run"
BACKFILL = "backfill"
RERUN = "rerun"
DATA = "data"
"""Data of a run was given, changed or deleted: what its tasks read of each other."""


class Attribution(PersonColumns, Base):
    """One change that a request made: it created a run or a backfill, made tasks of a run start
    again, or changed a run's data.

    ``run_pk`` and ``run_created`` name the very run: a run id is free again once its run is deleted.
    ``clears`` is by how much the request raised the run's ``clear_number``.
    ``request`` names the request that made the change, so that a row id which a rolled back transaction gave
    to somebody else is not attributed by mistake.
    """

    __tablename__ = "third_party_attribution"
    __table_args__ = (
        Index("third_party_attribution_run_pk_idx", "run_pk"),
        Index("third_party_attribution_at_idx", "at"),
        Index("third_party_attribution_person_idx", "auth_manager", "user_id", "user_created", "at"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(20))
    dag_id: Mapped[str] = mapped_column(DAG_ID)
    run_id: Mapped[str | None] = mapped_column(DAG_ID)
    run_pk: Mapped[int | None] = mapped_column(Integer)
    run_created: Mapped[datetime | None]
    backfill_id: Mapped[int | None] = mapped_column(Integer)
    clears: Mapped[int] = mapped_column(Integer, default=0)
    attributed: Mapped[bool] = mapped_column(Boolean, default=False)
    request: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]


NOBODY = Person("", "")
"""Stands in a row's person columns until, or unless, the person is known."""


@dataclass
class Recording:
    """The changes one request made, as rows to be attributed when it is answered.

    :param request: name of the request
    :param written: ids of the rows that its transactions wrote
    :param unwritten: rows that could not be written with the change itself
    """

    request: str = field(default_factory=lambda: uuid.uuid4().hex)
    written: list[int] = field(default_factory=list)
    unwritten: list[Mapping[str, Any]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.written or self.unwritten)


def write(connection: Connection, recording: Recording, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows that name nobody yet, inside the caller's transaction.

    :param connection: the caller's, in its transaction
    :param recording: gets the ids of the rows
    :param rows: columns of :class:`Attribution`, the person left out
    :raises sqlalchemy.exc.SQLAlchemyError: nothing was written and the caller's transaction is unharmed
    """
    values = [
        {**PersonColumns.person_values(NOBODY), "attributed": False, "request": recording.request, **row}
        for row in rows
    ]
    with connection.begin_nested():
        ids = connection.execute(insert(Attribution).returning(Attribution.id), values).scalars().all()
    recording.written.extend(ids)


def attribute(session: Session, recording: Recording, person: Person | None) -> None:
    """Say who made the changes of a request; ``None`` settles that nobody is known.

    :param session: writes in its transaction
    :param recording: what the request changed
    :param person: whose request it was
    """
    who = {**PersonColumns.person_values(person or NOBODY), "attributed": True}
    for start in range(0, len(recording.written), 500):
        session.execute(
            update(Attribution)
            .where(
                Attribution.id.in_(recording.written[start : start + 500]),
                Attribution.request == recording.request,
                Attribution.attributed.is_(False),
            )
            .values(**who)
            .execution_options(synchronize_session=False)
        )
    if recording.unwritten:
        rows = [{**row, **who, "request": recording.request} for row in recording.unwritten]
        session.execute(insert(Attribution), rows)
