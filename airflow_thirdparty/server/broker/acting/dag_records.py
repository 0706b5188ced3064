"""Which DAG an id names: its bundle, its file and its code, as Airflow has them on record."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from airflow_thirdparty.server.store import airflow_tables as tables
from airflow_thirdparty.server.store.base import changed_rows
from airflow_thirdparty.server.store.delegations import CodeFingerprint, DagSighting, Delegation


@dataclass(frozen=True)
class DagRecord:
    """A DAG as its next run will be.

    :param bundle: name of its bundle
    :param version_bundle: the bundle of its latest version, which differs for a moment when two bundles claim
        the id
    :param file: its file, relative to the bundle's folder
    :param fileloc: its file on the machine that parsed it
    :param fingerprint: its code
    :param version: version of its bundle; empty where it has none
    :param parsed_at: when it was last parsed
    :param seen: the last parse was seen, see :class:`DagSighting`
    :param moved_at: when it was last seen to come from another bundle or file; ``None``: never
    :param unknown_imports: places in what it imports that cannot be followed
    """

    bundle: str
    version_bundle: str
    file: str
    fileloc: str
    fingerprint: CodeFingerprint
    version: str
    parsed_at: datetime | None
    seen: bool
    moved_at: datetime | None
    unknown_imports: tuple[str, ...] = ()


def records(session: Session, dag_ids: Collection[str]) -> dict[str, DagRecord]:
    """What Airflow has on record of some DAGs, in one query.

    :param session: a session
    :param dag_ids: ids of the DAGs
    :return: it, by id; those that there are
    """
    if not dag_ids:
        return {}
    dag, version, code = tables.DAG.c, tables.DAG_VERSION.c, tables.DAG_CODE.c
    latest = (
        select(version.dag_id, func.max(version.version_number).label("number"))
        .where(version.dag_id.in_(dag_ids))
        .group_by(version.dag_id)
        .subquery()
    )
    this = and_(version.dag_id == latest.c.dag_id, version.version_number == latest.c.number)
    rows = session.execute(
        select(
            dag.dag_id,
            dag.bundle_name,
            version.bundle_name.label("version_bundle"),
            dag.relative_fileloc,
            dag.fileloc,
            dag.bundle_version,
            dag.last_parsed_time,
            code.source_code,
            DagSighting.digest,
            DagSighting.unknown,
            DagSighting.bundle_name.label("seen_bundle"),
            DagSighting.relative_fileloc.label("seen_file"),
            DagSighting.seen_at,
            DagSighting.moved_at,
        )
        .select_from(tables.DAG)
        .outerjoin(latest, latest.c.dag_id == dag.dag_id)
        .outerjoin(tables.DAG_VERSION, this)
        .outerjoin(tables.DAG_CODE, code.dag_version_id == version.id)
        .outerjoin(DagSighting, DagSighting.dag_id == dag.dag_id)
        .where(dag.dag_id.in_(dag_ids))
    )
    return {row.dag_id: _record(row) for row in rows}


def _record(row: Any) -> DagRecord:
    place = (row.bundle_name or "", row.relative_fileloc or "")
    seen = is_seen(place, (row.seen_bundle, row.seen_file), row.seen_at, row.last_parsed_time)
    return DagRecord(
        bundle=row.bundle_name or "",
        version_bundle=row.version_bundle or "",
        file=row.relative_fileloc or "",
        fileloc=row.fileloc or "",
        fingerprint=CodeFingerprint.of(row.source_code, row.bundle_version, row.digest if seen else None),
        version=row.bundle_version or "",
        parsed_at=row.last_parsed_time,
        seen=seen,
        moved_at=row.moved_at,
        unknown_imports=tuple((row.unknown or "").splitlines()),
    )


def is_seen(
    place: tuple[str, str],
    seen_place: tuple[str | None, str | None],
    seen_at: datetime | None,
    parsed_at: datetime | None,
) -> bool:
    """Whether a DAG's latest parse was seen, and was of this place.

    :param place: bundle and file that it should be in
    :param seen_place: where it was seen
    :param seen_at: the parse that was seen; ``None``: none was
    :param parsed_at: the latest parse by Airflow's own record
    :return: false where the DAG processor runs without this package
    """
    return seen_place == place and seen_at is not None and parsed_at is not None and seen_at >= parsed_at


def other_version() -> ColumnElement[bool]:
    """Whether a version of the DAG that is not of the delegation's bundle was written since the consent.

    :return: a condition on :class:`Delegation`
    """
    another = tables.DAG_VERSION.alias().c  # the query may have a version of its own
    return (
        exists()
        .where(
            another.dag_id == Delegation.dag_id,
            another.last_updated >= Delegation.made_at,
            func.coalesce(another.bundle_name, "") != Delegation.bundle_name,
        )
        .correlate(Delegation)
    )


def mark_contested(session: Session, now: datetime) -> int:
    """Remember which delegations' DAGs another bundle claims, so that they lend nothing after it has stopped.

    :param session: writes in its transaction
    :param now: the time, in UTC
    :return: how many are marked anew
    """
    dag = tables.DAG.c
    moved = exists().where(dag.dag_id == Delegation.dag_id, dag.bundle_name != Delegation.bundle_name)
    statement = (
        update(Delegation)
        .where(Delegation.contested_at.is_(None), or_(moved, other_version()))
        .values(contested_at=now)
    )
    return changed_rows(session, statement)


def mark_claimed(connection: Connection, dag_id: str, now: datetime) -> None:
    """Remember that a bundle or file took a DAG's id from another: no delegation to it holds any more.

    :param connection: the DAG processor's, in its transaction
    :param dag_id: id of the DAG
    :param now: the time, in UTC
    """
    connection.execute(
        update(Delegation)
        .where(Delegation.dag_id == dag_id, Delegation.contested_at.is_(None))
        .values(contested_at=now)
    )
