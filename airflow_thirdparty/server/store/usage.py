"""Usage: which task instances used whose sign-in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from airflow_thirdparty.server.store.base import CONN_ID, DAG_ID, Base, PersonColumns


class Usage(PersonColumns, Base):
    """One try of a task instance that was handed an access token of one account.

    ``times`` counts how often within the minutes in which it was written; repeats within a minute are one.
    """

    __tablename__ = "third_party_usage"
    __table_args__ = (
        UniqueConstraint("ti_id", "conn_id", name="third_party_usage_uq"),
        Index("third_party_usage_person_idx", "auth_manager", "user_id", "user_created", "last_at"),
        Index("third_party_usage_last_at_idx", "last_at"),
        # what a task instance's tab shows
        Index("third_party_usage_task_idx", "dag_id", "run_id", "task_id", "map_index"),
        # in the order in which an admin's counts are paged
        Index("third_party_usage_account_idx", "conn_id", "auth_manager", "user_id", "user_created"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    ti_id: Mapped[str] = mapped_column(String(36))
    conn_id: Mapped[str] = mapped_column(CONN_ID)
    dag_id: Mapped[str] = mapped_column(DAG_ID)
    run_id: Mapped[str] = mapped_column(DAG_ID)
    task_id: Mapped[str] = mapped_column(DAG_ID)
    map_index: Mapped[int] = mapped_column(Integer)
    try_number: Mapped[int] = mapped_column(Integer)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(Integer)
