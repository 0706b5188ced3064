"""Sees which bundle and which files a DAG is parsed from, in the process that writes it to the database.

Airflow loads this module through the ``airflow.policy`` entry point, so nothing heavy is imported until a DAG
is written.  The DAG processor writes what it has parsed in its own process, where no DAG code runs.  Whatever
goes wrong here is logged: no DAG stays away for it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

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
    from airflow_thirdparty.server.broker.acting import dag_records, seen_imports
    from airflow_thirdparty.server.store.clock import utcnow

    connection = session.connection()
    before = [name for name in inspect(dag).attrs.bundle_name.history.deleted or () if name]
    try:
        with connection.begin_nested():
            if any(name != dag.bundle_name for name in before):
                dag_records.mark_claimed(connection, dag.dag_id, utcnow())
            if not dag.bundle_version and seen_imports.wanted(connection, dag.dag_id):
                seen_imports.keep(
                    connection,
                    dag.dag_id,
                    dag.bundle_name,
                    dag.fileloc or "",
                    dag.relative_fileloc or "",
                    utcnow(),
                )
    except Exception:
        log.warning("DAG %s could not be looked at for delegations", dag.dag_id, exc_info=True)
