"""Who lets which DAG's scheduled or asset-fired runs act with their account."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from airflow_thirdparty.server.store.base import CONN_ID, DAG_ID, Base, PersonColumns


class Delegation(PersonColumns, Base):
    """One person's consent for one DAG and account; there is one delegate per DAG and account.

    The two consents are apart because whoever may post asset events fires the runs of the second.
    ``pinned_code`` and ``pinned_bundle`` name the code that was delegated to; empty: not pinned.
    """

    __tablename__ = "third_party_delegation"
    __table_args__ = (UniqueConstraint("dag_id", "conn_id", name="third_party_delegation_uq"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    dag_id: Mapped[str] = mapped_column(DAG_ID)
    conn_id: Mapped[str] = mapped_column(CONN_ID)
    on_schedule: Mapped[bool] = mapped_column(Boolean)
    on_asset_events: Mapped[bool] = mapped_column(Boolean)
    expires_at: Mapped[datetime | None]
    pinned: Mapped[bool] = mapped_column(Boolean)
    pinned_code: Mapped[str] = mapped_column(String(64), default="")
    pinned_bundle: Mapped[str] = mapped_column(String(250), default="")
    made_at: Mapped[datetime]


@dataclass(frozen=True)
class CodeFingerprint:
    """The code that a delegation may be pinned to.

    :param code: hash of the DAG's file
    :param bundle: version of its bundle; empty where bundles have none
    """

    code: str
    bundle: str

    @classmethod
    def of(cls, source: str | None, bundle_version: str | None) -> CodeFingerprint:
        """Name some code.

        :param source: the DAG's file
        :param bundle_version: version of the DAG's bundle, where it has one
        :return: what is stored and compared
        """
        code = hashlib.sha256(source.encode()).hexdigest() if source is not None else ""
        return cls(code, bundle_version or "")
