"""Gathers what decides whom a task instance acts for, in one query.

This is on the path of every access token that is handed out, so the statement is built once, touches rows by
their keys only, and leaves every decision to :mod:`airflow_thirdparty.server.broker.acting.resolver`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.models.team import Team
from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, case, func, literal, null, select
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.server.broker import bundles
from airflow_thirdparty.server.broker.acting import dag_records, rights
from airflow_thirdparty.server.broker.acting.facts import TASK, AttributionFact, DelegationFact, RunFacts
from airflow_thirdparty.server.people.directory import Directory, directory, user_state_of
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.people.user_state import UserState
from airflow_thirdparty.server.store import airflow_tables as tables
from airflow_thirdparty.server.store.attributions import Attribution
from airflow_thirdparty.server.store.delegations import CodeFingerprint, DagSighting, Delegation

MOST_ATTRIBUTIONS = 500
"""More changes to one run than this are not read, so that the query is quick whatever somebody does to a run;
the run then acts for nobody."""


def gather(
    session: Session,
    ti_id: uuid.UUID | str,
    conn_id: str,
    now: datetime,
    *,
    asker: str = TASK,
    allowed_dags: tuple[str, ...] | None = None,
    account_team: str | None = None,
) -> RunFacts | None:
    """Find the facts about a task instance that asks for an account.

    :param session: a session
    :param ti_id: the task instance, as its token names it
    :param conn_id: the account; empty when only the run's own user matters
    :param now: the time, in UTC
    :param asker: :data:`~airflow_thirdparty.server.broker.acting.facts.TASK` or ``TRIGGER``
    :param allowed_dags: the DAGs that may use the account; ``None`` means all
    :param account_team: the team that owns the account; ``None`` means all
    :return: ``None`` when Airflow does not know the task instance (any more)
    """
    ti_id = ti_id if isinstance(ti_id, uuid.UUID) else uuid.UUID(str(ti_id))
    # past the session: there are no objects to load, and this takes a quarter off the time
    rows = session.connection().execute(
        statement(directory(), settings.multi_team()), {"ti_id": ti_id, "asked_conn_id": conn_id}
    )
    return facts_of(
        rows.all(), conn_id, now, asker=asker, allowed_dags=allowed_dags, account_team=account_team
    )


def facts_of(
    rows: Sequence[Row[Any]],
    conn_id: str,
    now: datetime,
    *,
    asker: str = TASK,
    allowed_dags: tuple[str, ...] | None = None,
    account_team: str | None = None,
) -> RunFacts | None:
    """Read the facts from what :func:`statement` brought; see :func:`gather`.

    :param rows: all its rows
    :param conn_id: the account
    :param now: the time, in UTC
    :param asker: who asks
    :param allowed_dags: the DAGs that may use the account
    :param account_team: the team that owns the account
    :return: ``None`` when there are no rows
    """
    if not rows:
        return None
    first = rows[0]._mapping
    return RunFacts(
        now=now,
        conn_id=conn_id,
        dag_id=first["dag_id"],
        run_id=first["run_id"],
        task_id=first["task_id"],
        map_index=first["map_index"],
        try_number=first["try_number"],
        state=first["state"],
        run_type=first["run_type"],
        triggered_by=getattr(first["triggered_by"], "value", first["triggered_by"]),
        user_name=first["triggering_user_name"],
        run_created=first["run_created"],
        started=first["start_date"],
        queued=first["queued_dttm"],
        clear_number=first["clear_number"],
        attributions=_attributions(rows),
        attributions_cut_off=len(rows) >= MOST_ATTRIBUTIONS,
        clears_seen=first["clears_seen"] or 0,
        tries_beyond=bool(first["tries_beyond"]),
        delegation=_delegation(first, conn_id),
        asker=asker,
        dag_bundle=first["dag_bundle"],
        version_bundle=first["version_bundle"],
        dag_file=first["dag_file"],
        only_bundle=bundles.only(first["bundle_count"], first["first_bundle"]),
        allowed_dags=allowed_dags,
        account_team=account_team,
        dag_team=first["dag_team"],
    )


@lru_cache(maxsize=8)
def statement(users: Directory, multi_team: bool) -> Select[Any]:
    """The query of :func:`gather`, whose parameters are ``ti_id`` and ``asked_conn_id``.

    :param users: whose query it adds to, so that people need none of their own
    :param multi_team: whether teams matter
    :return: a query for :func:`facts_of`; its first table is the task instance's
    """
    task, run, dag, version = tables.TASK_INSTANCE.c, tables.DAG_RUN.c, tables.DAG.c, tables.DAG_VERSION.c
    attribution, consent = Attribution, Delegation
    bundle_count, first_bundle = bundles.columns()
    columns: list[Any] = [
        task.task_id,
        task.map_index,
        task.try_number,
        task.state,
        task.start_date,
        task.queued_dttm,
        task.dag_id,
        task.run_id,
        run.run_type,
        run.triggered_by,
        run.triggering_user_name,
        run.created_at.label("run_created"),
        run.clear_number,
        _clears_seen().label("clears_seen"),
        _tries_beyond().label("tries_beyond"),
        (_team() if multi_team else null()).label("dag_team"),
        *_person("attribution", attribution, users),
        attribution.kind.label("attribution_kind"),
        attribution.attributed.label("attribution_attributed"),
        attribution.clears.label("attribution_clears"),
        attribution.at.label("attribution_at"),
        *_person("consent", consent, users),
        dag.bundle_name.label("dag_bundle"),
        dag.relative_fileloc.label("dag_file"),
        dag.last_parsed_time.label("dag_parsed"),
        version.bundle_name.label("version_bundle"),
        bundle_count.label("bundle_count"),
        first_bundle.label("first_bundle"),
        consent.dag_id.label("consent_dag_id"),
        consent.conn_id.label("consent_conn_id"),
        consent.bundle_name.label("consent_bundle"),
        consent.relative_fileloc.label("consent_file"),
        consent.contested_at,
        consent.entitled,
        consent.asked_at,
        case((consent.id.is_not(None), dag_records.other_version())).label("other_version"),
        consent.on_schedule,
        consent.on_asset_events,
        consent.expires_at,
        consent.pinned,
        consent.pinned_code,
        consent.pinned_version,
        consent.pinned_imports,
        case((consent.pinned, _code())).label("code"),
        DagSighting.digest.label("imports"),
        DagSighting.bundle_name.label("seen_bundle"),
        DagSighting.relative_fileloc.label("seen_file"),
        DagSighting.seen_at,
        DagSighting.watched_since,
        DagSighting.moved_at,
        run.bundle_version.label("run_version"),
    ]
    return (
        select(*columns)
        .select_from(tables.TASK_INSTANCE)
        .join(tables.DAG_RUN, and_(run.dag_id == task.dag_id, run.run_id == task.run_id))
        .outerjoin(attribution, and_(attribution.run_pk == run.id, attribution.run_created == run.created_at))
        .outerjoin(
            consent, and_(consent.dag_id == task.dag_id, consent.conn_id == bindparam("asked_conn_id"))
        )
        .outerjoin(tables.DAG, dag.dag_id == task.dag_id)
        .outerjoin(tables.DAG_VERSION, version.id == task.dag_version_id)
        .outerjoin(DagSighting, DagSighting.dag_id == consent.dag_id)
        .where(task.id == bindparam("ti_id"))
        .order_by(attribution.id)
        .limit(MOST_ATTRIBUTIONS)
    )


def _person(
    prefix: str, holder: type[Attribution] | type[Delegation], users: Directory
) -> list[ColumnElement[Any]]:
    extra = users.columns(holder.auth_manager.expression, holder.user_id.expression)
    return [
        holder.auth_manager.label(f"{prefix}_auth_manager"),
        holder.user_id.label(f"{prefix}_user_id"),
        holder.user_created.label(f"{prefix}_user_created"),
        holder.user_name.label(f"{prefix}_user_name"),
        *(column.label(f"{prefix}_user_state_{number}") for number, column in enumerate(extra)),
    ]


def _clears_seen() -> ColumnElement[int]:
    """How often the most cleared task of the run was cleared.

    A clear changes ``max_tries``, a retry does not.  Without history rows this reads nothing but an index.
    """
    history, others = tables.TASK_INSTANCE_HISTORY.alias(), tables.TASK_INSTANCE.alias()
    tried, current, task = history.c, others.c, tables.TASK_INSTANCE.c
    per_task = (
        select(func.count(func.distinct(tried.max_tries)).label("clears"))
        .select_from(history)
        .join(
            others,
            and_(
                current.dag_id == tried.dag_id,
                current.task_id == tried.task_id,
                current.run_id == tried.run_id,
                current.map_index == tried.map_index,
            ),
        )
        .where(
            tried.dag_id == task.dag_id,
            tried.run_id == task.run_id,
            tried.max_tries != current.max_tries,
        )
        .correlate(tables.TASK_INSTANCE)
        .group_by(tried.task_id, tried.map_index)
        .subquery()
    )
    return select(func.max(per_task.c.clears)).scalar_subquery()


def _tries_beyond() -> ColumnElement[bool]:
    """Whether the task itself had more tries than its retries allow."""
    task = tables.TASK_INSTANCE.c
    beyond: ColumnElement[bool] = task.try_number > task.max_tries + literal(1)
    return beyond


def _team() -> ColumnElement[str]:
    return (
        select(Team.name)
        .join(DagBundleModel.teams)
        .join(DagModel, DagModel.bundle_name == DagBundleModel.name)
        .where(DagModel.dag_id == tables.TASK_INSTANCE.c.dag_id)
        .scalar_subquery()
    )


def _code() -> ColumnElement[str]:
    """The source of the task instance's DAG; Airflow's own hash of it is too weak against its author."""
    code = tables.DAG_CODE.c
    return (
        select(code.source_code)
        .where(code.dag_version_id == tables.TASK_INSTANCE.c.dag_version_id)
        .scalar_subquery()
    )


def _who(prefix: str, row: Any) -> tuple[Person | None, UserState]:
    if not row[f"{prefix}_user_id"]:
        return None, UserState.GONE
    person = Person(
        row[f"{prefix}_auth_manager"],
        row[f"{prefix}_user_id"],
        row[f"{prefix}_user_created"],
        row[f"{prefix}_user_name"],
    )
    values = [row[key] for key in row if key.startswith(f"{prefix}_user_state_")]
    return person, user_state_of(person, values)


def _attributions(rows: Sequence[Row[Any]]) -> tuple[AttributionFact, ...]:
    attributions = []
    for row in (row._mapping for row in rows):
        if row["attribution_kind"] is None:
            continue
        person, user_state = _who("attribution", row)
        attributions.append(
            AttributionFact(
                kind=row["attribution_kind"],
                person=person,
                user_state=user_state,
                attributed=row["attribution_attributed"],
                at=row["attribution_at"],
                clears=row["attribution_clears"],
            )
        )
    return tuple(attributions)


def _delegation(row: Any, conn_id: str) -> DelegationFact | None:
    person, user_state = _who("consent", row)
    # compared in Python, since databases fold case in places
    if person is None or (row["consent_dag_id"], row["consent_conn_id"]) != (row["dag_id"], conn_id):
        return None
    return DelegationFact(
        person=person,
        user_state=user_state,
        on_schedule=row["on_schedule"],
        on_asset_events=row["on_asset_events"],
        bundle=row["consent_bundle"],
        file=row["consent_file"],
        entitled=row["entitled"],
        asked_at=row["asked_at"],
        answer_lasts=rights.lasting(),
        contested=row["contested_at"] is not None or bool(row["other_version"]),
        expires_at=row["expires_at"],
        code_matches=not row["pinned"] or _matches(row),
        seen=_is_seen(row),
        watched_since=row["watched_since"],
        moved_at=row["moved_at"],
    )


def _is_seen(row: Any) -> bool:
    return dag_records.is_seen(
        (row["consent_bundle"], row["consent_file"]),
        (row["seen_bundle"], row["seen_file"]),
        row["seen_at"],
        row["dag_parsed"],
    )


def _matches(row: Any) -> bool:
    """Whether the task instance runs the pinned code.

    Workers are sent the bundle's version of the run; that of the DAG's version lags behind in Airflow 3.2,
    and runs ahead in 3.3.
    """
    pinned = CodeFingerprint(row["pinned_code"], row["pinned_version"], row["pinned_imports"])
    present = CodeFingerprint.of(row["code"], row["run_version"], row["imports"])
    return pinned.is_whole and present == pinned
