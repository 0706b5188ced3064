"""Sees which bundle and which file each DAG is parsed from, in the process that writes it to the database.

Airflow loads this module through the ``airflow.policy`` entry point, so nothing heavy is imported until a
DAG is written.  The DAG processor writes what it has parsed in its own process, where no DAG code runs.
Whatever goes wrong here is logged: no DAG stays away for it, and delegations to it lend nothing until
it is seen again.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from airflow_thirdparty.dag_tags import ACCOUNT_PREFIX

if TYPE_CHECKING:
    from sqlalchemy.orm import UOWTransaction

log = logging.getLogger(__name__)


@event.listens_for(Session, "before_flush")
def _before_flush(session: Session, _context: UOWTransaction, _instances: object) -> None:
    for obj in (*session.new, *session.dirty):
        # by name: importing the class here would import Airflow's models while Airflow itself is starting
        if type(obj).__name__ == "DagModel" and _was_parsed(obj):
            _look_at(session, obj)


def _was_parsed(dag: Any) -> bool:
    return bool(inspect(dag).attrs.last_parsed_time.history.added)


def _look_at(session: Session, dag: Any) -> None:
    from airflow_thirdparty.server.broker.acting import sightings

    connection = session.connection()
    attributes = inspect(dag).attrs
    parse = sightings.Parse(
        dag_id=dag.dag_id,
        bundle=dag.bundle_name,
        file=dag.relative_fileloc or "",
        fileloc=dag.fileloc or "",
        version=dag.bundle_version or "",
        at=dag.last_parsed_time,
        before=next(iter(attributes.last_parsed_time.history.deleted or ()), None),
    )
    moved = any(
        before
        for name in ("bundle_name", "relative_fileloc")
        for before in attributes[name].history.deleted or ()
    )
    try:
        with connection.begin_nested():
            if moved or _tagged(session, dag) or sightings.wanted(connection, dag.dag_id):
                sightings.keep(connection, parse, parse.at, moved=moved)
    except Exception:
        log.warning("DAG %s could not be looked at for delegations", dag.dag_id, exc_info=True)


def _tagged(session: Session, dag: Any) -> bool:
    """Whether this flush writes a tag that says the DAG uses an account: a new DAG has none stored."""
    return any(
        type(obj).__name__ == "DagTag" and obj.dag_id == dag.dag_id and obj.name.startswith(ACCOUNT_PREFIX)
        for obj in session.new
    )
