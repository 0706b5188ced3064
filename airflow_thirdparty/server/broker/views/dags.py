"""Which accounts DAGs use, and which are at risk: what the policy found, read from Airflow's own tables."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from airflow.models.dag import DagModel, DagTag
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from airflow_thirdparty import dag_tags


class RiskLevel(str, enum.Enum):
    """What the policy said of a DAG."""

    QUIET = "quiet"
    AT_RISK = "at_risk"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True)
class DagAccounts:
    """A DAG and its accounts.

    :param dag_id: id of the DAG
    :param file: its file, relative to its bundle
    :param bundle: name of its bundle
    :param accounts: ids of the accounts it uses
    :param missing: names it uses as if they were accounts, but there are none, or none any more
    :param unknown: whether it uses an account, or may use one, that is only known when it runs
    :param risk: at risk, acknowledged, or neither
    """

    dag_id: str
    file: str
    bundle: str
    accounts: tuple[str, ...]
    missing: tuple[str, ...] = ()
    unknown: bool = False
    risk: RiskLevel = RiskLevel.QUIET


@dataclass(frozen=True)
class Starters:
    """What starts runs of a DAG that nobody triggers.

    :param schedule: whether the clock does
    :param asset_events: whether events of assets do
    """

    schedule: bool
    asset_events: bool


_NO_CLOCK = frozenset(
    {"NullTimetable", "PartitionedAtRuntime", "AssetTriggeredTimetable", "PartitionedAssetTimetable"}
)
"""Airflow's own timetables under which no run is due at any time."""


def starters_of(session: Session, dag_id: str) -> Starters:
    """What starts runs of a DAG by itself.

    :param session: a session
    :param dag_id: id of the DAG
    :return: neither, where there is no such DAG
    """
    row = session.execute(
        select(DagModel.timetable_type, DagModel.asset_expression).where(DagModel.dag_id == dag_id)
    ).one_or_none()
    if row is None:
        return Starters(False, False)
    name = row.timetable_type.rpartition(".")[2]
    return Starters(bool(name) and name not in _NO_CLOCK, row.asset_expression is not None)


def accounts_of(session: Session, dag_id: str, account_ids: Collection[str]) -> DagAccounts | None:
    """The accounts of one DAG; ``None`` when there is no such DAG.

    :param session: a session
    :param dag_id: id of the DAG
    :param account_ids: ids of all accounts
    :return: what the policy found in the DAG
    """
    dag = session.execute(
        select(DagModel.dag_id, DagModel.relative_fileloc, DagModel.bundle_name).where(
            DagModel.dag_id == dag_id
        )
    ).one_or_none()
    if dag is None:
        return None
    carried = session.scalars(select(DagTag.name).where(DagTag.dag_id == dag_id))
    return _read(dag.dag_id, dag.relative_fileloc, dag.bundle_name, carried, _by_tag(account_ids))


def dags_with_accounts(
    session: Session, account_ids: Collection[str], risk: RiskLevel | None = None
) -> list[DagAccounts]:
    """All DAGs that use accounts, by id, in one query.

    :param session: a session
    :param account_ids: ids of all accounts
    :param risk: only those of this level; ``None`` for all
    :return: them
    """
    rows = session.execute(
        select(DagModel.dag_id, DagModel.relative_fileloc, DagModel.bundle_name, DagTag.name)
        .join(DagTag, DagTag.dag_id == DagModel.dag_id)
        .where(
            DagModel.is_stale.is_(False),
            or_(
                DagTag.name.startswith(dag_tags.ACCOUNT_PREFIX, autoescape=True),
                DagTag.name.in_(dag_tags.STATES),
            ),
        )
    )
    carried: dict[tuple[str, str | None, str], list[str]] = {}
    for dag_id, file, bundle, name in rows:
        carried.setdefault((dag_id, file, bundle), []).append(name)
    by_tag = _by_tag(account_ids)
    found = [
        _read(*dag, names, by_tag) for dag, names in sorted(carried.items(), key=lambda item: item[0][0])
    ]
    # an author may use tags that look like ours for something else
    uses = [dag for dag in found if dag.accounts or dag.unknown or dag.risk is not RiskLevel.QUIET]
    return [dag for dag in uses if risk in (None, dag.risk)]


def _by_tag(account_ids: Collection[str]) -> dict[str, str]:
    return {dag_tags.account_tag(conn_id): conn_id for conn_id in account_ids}


def _read(
    dag_id: str, file: str | None, bundle: str, carried: Iterable[str], by_tag: dict[str, str]
) -> DagAccounts:
    names = set(carried)
    named = {name for name in names if name.startswith(dag_tags.ACCOUNT_PREFIX)} - {dag_tags.UNKNOWN_ACCOUNT}
    risk = RiskLevel.ACKNOWLEDGED if dag_tags.ACKNOWLEDGED in names else RiskLevel.QUIET
    return DagAccounts(
        dag_id=dag_id,
        file=file or "",
        bundle=bundle,
        accounts=tuple(sorted(by_tag[name] for name in named & by_tag.keys())),
        missing=tuple(sorted(name.removeprefix(dag_tags.ACCOUNT_PREFIX) for name in named - by_tag.keys())),
        unknown=dag_tags.UNKNOWN_ACCOUNT in names,
        risk=RiskLevel.AT_RISK if dag_tags.WARNING in names else risk,
    )
