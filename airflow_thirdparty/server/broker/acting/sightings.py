"""Keeps where each DAG was last seen to be parsed from, and what it imports there, in a table of our own.

Airflow's own records do not tell that another bundle or file had a DAG's id for a while: a version that never
had a run is overwritten in place, and some parses write none.  So every parse is looked at, where no DAG code
runs: in the DAG processor's own process.  An API server may look as well; what it sees holds until the next
parse.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow.models.dag import DagTag
from sqlalchemy import Connection, Row, exists, insert, or_, select, update

from airflow_thirdparty import dag_tags
from airflow_thirdparty.server.broker.acting import dag_records, imports
from airflow_thirdparty.server.store.delegations import DagSighting, Delegation


@dataclass(frozen=True)
class Parse:
    """One parse of a DAG, as Airflow puts it on record.

    :param bundle: name of the bundle
    :param file: the DAG's file, relative to the bundle's folder
    :param fileloc: the same on the machine that parsed it
    :param version: version of the bundle; empty where it has none
    :param at: when it was parsed
    :param before: when it was parsed before that; ``None``: never
    """

    dag_id: str
    bundle: str
    file: str
    fileloc: str
    version: str
    at: datetime
    before: datetime | None


def wanted(connection: Connection, dag_id: str) -> bool:
    """Whether a DAG's parses matter: it uses accounts, or somebody has delegated to it.

    :param connection: to the database
    :param dag_id: id of the DAG
    :return: false for most DAGs, whose files need not be read
    """
    uses = exists().where(
        DagTag.dag_id == dag_id, DagTag.name.startswith(dag_tags.ACCOUNT_PREFIX, autoescape=True)
    )
    delegated = exists().where(Delegation.dag_id == dag_id)
    return bool(connection.scalar(select(or_(uses, delegated))))


def keep(connection: Connection, parse: Parse, watched_since: datetime, *, moved: bool = False) -> None:
    """Keep a parse as the latest one that was seen; ends delegations if the DAG has moved.

    :param connection: writes in its transaction
    :param parse: the parse
    :param watched_since: since when no parse can have been missed, if the one before this was
    :param moved: whether Airflow had another bundle or file on record until now
    """
    this = DagSighting.dag_id == parse.dag_id
    known = connection.execute(select(*DagSighting.__table__.columns).where(this)).one_or_none()
    if known is not None and known.seen_at > parse.at:
        return
    if known is not None and (known.bundle_name, known.relative_fileloc) != (parse.bundle, parse.file):
        moved = True
    if moved:
        dag_records.mark_claimed(connection, parse.dag_id, parse.at)
    values = _values(parse, known, watched_since, moved)
    if known is None:
        connection.execute(insert(DagSighting).values(dag_id=parse.dag_id, **values))
    else:
        connection.execute(update(DagSighting).where(this).values(**values))


def _values(parse: Parse, known: Row[Any] | None, watched_since: datetime, moved: bool) -> dict[str, object]:
    none_missed = known is not None and parse.before is not None and known.seen_at >= parse.before
    moved_before = None if known is None else known.moved_at
    values: dict[str, object] = {
        "bundle_name": parse.bundle,
        "relative_fileloc": parse.file,
        "seen_at": parse.at,
        "watched_since": known.watched_since if known is not None and none_missed else watched_since,
        "moved_at": parse.at if moved else moved_before,
    }
    root = None if parse.version else imports.bundle_root(parse.fileloc, parse.file)
    if root is not None:
        found = imports.follow(root, parse.file)
        values |= {"digest": found.digest, "files": found.files, "unknown": "\n".join(found.unknown)}
    elif parse.version or moved or not none_missed:
        values |= {"digest": "", "files": 0, "unknown": ""}
    return values
