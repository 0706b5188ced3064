"""Keeps what DAGs import from bundles without versions in a table of our own, for pinned delegations.

It is looked at where no DAG code runs: in the DAG processor's own process, and in an API server that can read
the bundle's folder.
"""

from __future__ import annotations

from datetime import datetime

from airflow.models.dag import DagTag
from sqlalchemy import Connection, exists, insert, or_, select, update

from airflow_thirdparty import dag_tags
from airflow_thirdparty.server.broker.acting import imports
from airflow_thirdparty.server.store.delegations import DagImports, Delegation


def wanted(connection: Connection, dag_id: str) -> bool:
    """Whether anybody may want to know what a DAG imports: it uses accounts, or is delegated to, pinned.

    :param connection: to the database
    :param dag_id: id of the DAG
    :return: false for most DAGs, whose files need not be read
    """
    uses = exists().where(
        DagTag.dag_id == dag_id, DagTag.name.startswith(dag_tags.ACCOUNT_PREFIX, autoescape=True)
    )
    pinned = exists().where(Delegation.dag_id == dag_id, Delegation.pinned.is_(True))
    return bool(connection.scalar(select(or_(uses, pinned))))


def keep(
    connection: Connection,
    dag_id: str,
    bundle_name: str,
    fileloc: str,
    relative_fileloc: str,
    now: datetime,
) -> None:
    """Look at what a DAG imports and keep it, if the bundle's folder is on this machine.

    :param connection: writes in its transaction
    :param dag_id: id of the DAG
    :param bundle_name: name of its bundle
    :param fileloc: its file on the machine that parsed it
    :param relative_fileloc: its file, from the bundle's folder
    :param now: the time, in UTC
    """
    root = imports.bundle_root(fileloc, relative_fileloc)
    if root is None:
        return
    found = imports.follow(root, relative_fileloc)
    values = {
        "digest": found.digest,
        "files": found.files,
        "unknown": "\n".join(found.unknown),
        "seen_at": now,
    }
    this = (DagImports.dag_id == dag_id, DagImports.bundle_name == bundle_name)
    kept = connection.execute(select(DagImports.digest, DagImports.unknown).where(*this)).one_or_none()
    if kept is None:
        connection.execute(insert(DagImports).values(dag_id=dag_id, bundle_name=bundle_name, **values))
    elif (kept.digest, kept.unknown) != (values["digest"], values["unknown"]):
        connection.execute(update(DagImports).where(*this).values(**values))
