"""Notes which runs a request creates or makes start again, in the very transaction that does it.

Airflow's answers do not tell it all: marking a task as successful clears failed tasks in other runs, a clear
reaches into the past and the future, a refused one changes nothing.  So what is noted is what SQLAlchemy
writes.  A row that names nobody yet is added to the same transaction: if the change is committed, so is the
note, and if it is rolled back, so is the note.  Who made the change is filled in before the answer leaves
(:mod:`airflow_thirdparty.server.recording.middleware`).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Set
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from airflow.models.backfill import Backfill
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import event, inspect, select, tuple_
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, UOWTransaction
from sqlalchemy.orm.attributes import History

from airflow_thirdparty.server.broker.database import utcnow
from airflow_thirdparty.server.recording import answers, data
from airflow_thirdparty.server.recording.data import Key
from airflow_thirdparty.server.store.attributions import BACKFILL, DATA, RERUN, RUN, Recording, write

log = logging.getLogger(__name__)

RUN_COLUMNS = (
    "_state",
    "clear_number",
    "run_type",
    "triggered_by",
    "triggering_user_name",
    "created_dag_version_id",
    "bundle_version",
)
TASK_COLUMNS = ("state", "id", "max_tries", "try_number", "dag_version_id")
"""A person who changes one of these has had a hand in what runs."""

RUNS = "airflow.api_fastapi.execution_api.routes.dag_runs"
"""The module of the only endpoints by which a task changes runs; most others report on the task itself."""

XCOMS = "airflow.api_fastapi.execution_api.routes.xcoms"
"""The module of the only endpoints by which a task changes data of runs, mostly of its own."""

DAGS = "airflow.api_fastapi.core_api.routes.public.dags"
"""The module of the endpoint that deletes a whole DAG: its runs go with their data."""


@dataclass
class RequestChanges:
    """What one request changed.

    :param scope: the request, as ASGI knows it
    """

    scope: MutableMapping[str, Any]
    recording: Recording = field(default_factory=Recording)
    created: set[Key] = field(default_factory=set)
    answered: set[uuid.UUID] = field(default_factory=set)
    own_run: Key | None = None
    noted: dict[SessionTransaction | None, set[tuple[str, Key]]] = field(default_factory=dict)

    def note(self, session: Session) -> None:
        """Add what the session is writing.

        :param session: has just been flushed; the rows are written in its transaction
        """
        where = self._endpoint()
        if "ti_token" not in self.scope:
            self.answered |= answers.answered(session)
        elif where not in (RUNS, XCOMS):
            return
        changes = FlushedChanges()
        if where != XCOMS:
            changes = FlushedChanges.of(session, self.answered)
            changes.data |= answers.with_free_input(session)
        changes.data |= self._foreign(session, data.flushed(session))
        self._write(session, changes)

    def note_statement(self, state: ORMExecuteState) -> None:
        """Add which runs lose or change data by a statement.

        :param state: the statement, about to run; the rows are written in its transaction
        """
        where = self._endpoint()
        of_task = "ti_token" in self.scope
        if (of_task and where not in (RUNS, XCOMS)) or where == DAGS:
            return
        if where == XCOMS and not self._foreign(state.session, {self._path()}):
            return
        touched = self._foreign(state.session, data.touched_by(state))
        self._write(state.session, FlushedChanges(data=touched))

    def _endpoint(self) -> str:
        return getattr(self.scope.get("endpoint"), "__module__", "")

    def _path(self) -> Key:
        """The run that the path of the request names."""
        params = self.scope["path_params"]
        return (params["dag_id"], params["run_id"])

    def _foreign(self, session: Session, keys: set[Key]) -> set[Key]:
        """Leave out the run of the task that asks, to which it may write what it likes."""
        token = self.scope.get("ti_token")
        if token is None or not keys:
            return keys
        if self.own_run is None:
            self.own_run = data.run_of(session.connection(), token.id)
        return keys - {self.own_run}

    def _write(self, session: Session, changes: FlushedChanges) -> None:
        if not changes:
            return
        rows = self._rows(session, changes)
        if not rows:
            return
        try:
            write(session.connection(), self.recording, rows)
        except SQLAlchemyError:
            log.exception("It could not be recorded with the change itself who caused it")
            self.recording.unwritten.extend(rows)

    def _rows(self, session: Session, changes: FlushedChanges) -> list[Mapping[str, Any]]:
        at = utcnow()
        rows: list[Mapping[str, Any]] = [
            _row(BACKFILL, at, dag_id=backfill.dag_id, backfill_id=backfill.id)
            for backfill in changes.backfills
        ]
        self.created |= changes.created
        # what a savepoint wrote is gone if it is rolled back, so each one notes for itself
        transaction = session.get_nested_transaction() or session.get_transaction()
        noted = self.noted.setdefault(transaction, set())
        touched = changes.touched - self.created
        found = {
            *((RUN, key) for key in changes.created),
            *((RERUN, key) for key in touched if (RERUN, key) not in noted),
            *((RERUN, key) for key in changes.clears.keys() - changes.created),
            *((DATA, key) for key in changes.data if (DATA, key) not in noted),
        }
        noted |= found
        for run in _runs(session, {key for _, key in found}):
            key = (run.dag_id, run.run_id)
            values = {
                "dag_id": run.dag_id,
                "run_id": run.run_id,
                "run_pk": run.id,
                "run_created": run.created_at,
                "backfill_id": run.backfill_id,
            }
            for kind in (RUN, RERUN, DATA):
                if (kind, key) in found:
                    clears = 0 if kind == DATA else changes.clears.get(key, 0)
                    rows.append(_row(kind, at, **values, clears=clears))
        return rows


@dataclass
class FlushedChanges:
    """What a session is writing about runs.

    :param created: runs that are new
    :param touched: runs with changes to them or to their tasks
    :param clears: by how much the ``clear_number`` of a run grows
    :param data: runs whose data change
    :param answered: task instances that go on because their question is answered
    """

    created: set[Key] = field(default_factory=set)
    touched: set[Key] = field(default_factory=set)
    clears: dict[Key, int] = field(default_factory=dict)
    data: set[Key] = field(default_factory=set)
    backfills: list[Backfill] = field(default_factory=list)
    answered: Set[uuid.UUID] = frozenset()

    @classmethod
    def of(cls, session: Session, answered: Set[uuid.UUID]) -> FlushedChanges:
        """Read them off.

        :param session: has just been flushed
        :param answered: task instances whose question this request answers, which makes them go on
        :return: what it is writing about runs
        """
        changes = cls(answered=answered)
        for obj in session.new:
            changes._new(obj)
        for obj in session.dirty:
            changes._dirty(obj)
        gone = {_key(obj) for obj in session.deleted if isinstance(obj, DagRun)}
        lost = {_key(obj) for obj in session.deleted if isinstance(obj, TaskInstance)}
        changes.touched |= lost - gone
        return changes

    def __bool__(self) -> bool:
        return bool(self.created or self.touched or self.data or self.backfills)

    def _new(self, obj: object) -> None:
        if isinstance(obj, DagRun):
            self.created.add(_key(obj))
        elif isinstance(obj, TaskInstance):
            self.touched.add(_key(obj))
        elif isinstance(obj, Backfill):
            self.backfills.append(obj)

    def _dirty(self, obj: object) -> None:
        if isinstance(obj, TaskInstance):
            # Airflow makes whoever waited for an answer start again in the request that brings it
            goes_on = obj.id in self.answered and not _changed(obj, set(TASK_COLUMNS) - {"state"})
            if not goes_on and _changed(obj, TASK_COLUMNS):
                self.touched.add(_key(obj))
        elif isinstance(obj, DagRun) and _changed(obj, RUN_COLUMNS):
            self.touched.add(_key(obj))
            history: History = inspect(obj).attrs.clear_number.history
            if history.added and history.deleted:
                self.clears[_key(obj)] = int(history.added[0]) - int(history.deleted[0])


def _key(obj: DagRun | TaskInstance) -> Key:
    return (obj.dag_id, obj.run_id)


def _changed(obj: object, columns: Iterable[str]) -> bool:
    attributes = inspect(obj, raiseerr=True).attrs
    return any(attributes[column].history.has_changes() for column in columns)


def _row(kind: str, at: Any, **values: Any) -> Mapping[str, Any]:
    # every row has every column, so that one statement writes them all
    empty = {"run_id": None, "run_pk": None, "run_created": None, "backfill_id": None, "clears": 0}
    return {"kind": kind, "at": at, **empty, **values}


def _runs(session: Session, keys: set[Key]) -> Iterator[Any]:
    ordered = sorted(keys)
    columns = (DagRun.id, DagRun.dag_id, DagRun.run_id, DagRun.created_at, DagRun.backfill_id)
    for start in range(0, len(ordered), 300):
        some = ordered[start : start + 300]
        statement = select(*columns).where(tuple_(DagRun.dag_id, DagRun.run_id).in_(some))
        yield from session.connection().execute(statement)


_current: ContextVar[RequestChanges | None] = ContextVar("third_party_account_changes", default=None)


@contextmanager
def track_changes(scope: MutableMapping[str, Any]) -> Iterator[RequestChanges]:
    """Note what happens on behalf of a request meanwhile.

    :param scope: the request, as ASGI knows it
    :yield: the changes, which grow until the end of the block
    """
    changes = RequestChanges(scope)
    token = _current.set(changes)
    try:
        yield changes
    finally:
        _current.reset(token)


def _after_flush(session: Session, _context: UOWTransaction) -> None:
    changes = _current.get()
    if changes is None:
        return
    try:
        changes.note(session)
    except Exception:
        # the request that changes a run matters more than the record of it; the run then acts for nobody
        log.exception("It could not be noted who caused a run")


def _do_orm_execute(state: ORMExecuteState) -> None:
    changes = _current.get()
    if changes is None or not data.is_touched_by(state):
        return
    try:
        changes.note_statement(state)
    except Exception:
        log.exception("It could not be noted who changed data of a run")


def listen() -> None:
    """Look at what every session of this process writes; costs a look at a variable each time."""
    if not event.contains(Session, "do_orm_execute", _do_orm_execute):
        event.listen(Session, "do_orm_execute", _do_orm_execute)
    if not event.contains(Session, "after_flush", _after_flush):
        event.listen(Session, "after_flush", _after_flush)
