"""Who lets which DAG's scheduled or asset-fired runs act with their account."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, ColumnElement, Integer, String, Text, UniqueConstraint, or_
from sqlalchemy.orm import Mapped, mapped_column

from airflow_thirdparty.server.store.base import CONN_ID, DAG_ID, Base, PersonColumns


class Delegation(PersonColumns, Base):
    """One person's consent for one DAG and account; there is one delegate per DAG and account.

    The two consents are apart because whoever may post asset events fires the runs of the second.
    ``bundle_name`` and ``relative_fileloc`` say which DAG of this id is meant; a row without a bundle lends
    nothing.  ``contested_at`` is when another bundle was seen to claim the id since.
    ``pinned_code``, ``pinned_version`` and ``pinned_imports`` name the code that was delegated to; empty: not
    pinned.
    ``entitled`` is what the auth manager said at ``asked_at``: whether the person may trigger the DAG.
    """

    __tablename__ = "third_party_delegation"
    __table_args__ = (UniqueConstraint("dag_id", "conn_id", name="third_party_delegation_uq"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    dag_id: Mapped[str] = mapped_column(DAG_ID)
    bundle_name: Mapped[str] = mapped_column(String(250), default="")
    relative_fileloc: Mapped[str] = mapped_column(String(2000), default="")
    conn_id: Mapped[str] = mapped_column(CONN_ID)
    on_schedule: Mapped[bool] = mapped_column(Boolean)
    on_asset_events: Mapped[bool] = mapped_column(Boolean)
    expires_at: Mapped[datetime | None]
    pinned: Mapped[bool] = mapped_column(Boolean)
    pinned_code: Mapped[str] = mapped_column(String(64), default="")
    pinned_version: Mapped[str] = mapped_column(String(250), default="")
    pinned_imports: Mapped[str] = mapped_column(String(64), default="")
    contested_at: Mapped[datetime | None]
    entitled: Mapped[bool] = mapped_column(Boolean)
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime]

    @classmethod
    def not_ended(cls, now: datetime) -> ColumnElement[bool]:
        """Those whose end, if they have one, is still to come.

        :param now: the time, in UTC
        :return: a condition for a query
        """
        return or_(cls.expires_at.is_(None), cls.expires_at > now)


class DagSighting(Base):
    """Where the DAG processor was last seen to parse a DAG from, with what that file imports.

    ``seen_at`` is Airflow's own ``last_parsed_time`` of that parse: a later one was not seen by this package.
    ``watched_since`` is since when no parse has been missed, and ``moved_at`` when bundle or file last
    changed; empty: never seen.  ``digest`` names the imported files and their content, where the bundle has
    no versions and its folder could be read; ``unknown`` lists, one a line, what cannot be followed.
    """

    __tablename__ = "third_party_dag_sighting"

    dag_id: Mapped[str] = mapped_column(DAG_ID, primary_key=True)
    bundle_name: Mapped[str] = mapped_column(String(250))
    relative_fileloc: Mapped[str] = mapped_column(String(2000))
    seen_at: Mapped[datetime]
    watched_since: Mapped[datetime]
    moved_at: Mapped[datetime | None]
    digest: Mapped[str] = mapped_column(String(64), default="")
    files: Mapped[int] = mapped_column(Integer, default=0)
    unknown: Mapped[str] = mapped_column(Text, default="")


@dataclass(frozen=True)
class CodeFingerprint:
    """The code that a delegation may be pinned to.

    :param code: hash of the DAG's file
    :param version: version of its bundle; empty where bundles have none
    :param imports: names what the file imports from its bundle; empty where the version says it, or where
        it is not known
    """

    code: str
    version: str
    imports: str

    @classmethod
    def of(cls, source: str | None, bundle_version: str | None, imports: str | None) -> CodeFingerprint:
        """Name some code.

        :param source: the DAG's file
        :param bundle_version: version of the DAG's bundle, where it has one
        :param imports: digest of what the file imports, where it is known
        :return: what is stored and compared
        """
        code = hashlib.sha256(source.encode()).hexdigest() if source is not None else ""
        return cls(code, bundle_version or "", "" if bundle_version else imports or "")

    @property
    def is_whole(self) -> bool:
        """Whether it covers the file and what that imports; else it says nothing."""
        return bool(self.code and (self.version or self.imports))


NOT_PINNED = CodeFingerprint("", "", "")
"""Stands in a row that is not pinned."""
