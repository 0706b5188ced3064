"""``airflow third-party-accounts audit-dags``: which DAGs use accounts, and which of them are at risk."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from airflow_thirdparty.cli.commands.audit_report import AuditedDag, Report
from airflow_thirdparty.cli.commands.output import print_rows, remark
from airflow_thirdparty.cli.commands.running import DONE, FOUND, WRONG, command, fail


@command
def audit_dags(args: argparse.Namespace) -> None:
    """List DAGs that use accounts; exit with 1 when some are at risk.

    :param args: what was given on the command line
    """
    if args.dags_folder is None:
        if args.accounts is not None or args.strict:
            fail("--accounts and --strict go with --dags-folder")
        report = _from_database()
    else:
        report = _from_folder(Path(args.dags_folder), _ids(args.accounts), strict=args.strict)
    print_rows(report.rows(), args.output)
    remark(f"{report.found} finding{'' if report.found == 1 else 's'}.")
    sys.exit(_status(report))


def _status(report: Report) -> int:
    if report.found:
        return FOUND
    return WRONG if report.import_errors else DONE


def _ids(given: str | None) -> frozenset[str]:
    return frozenset(name.strip() for name in (given or "").split(",") if name.strip())


def _from_database() -> Report:
    from airflow.utils.session import create_session

    from airflow_thirdparty.server.broker.housekeeping.publication import account_ids
    from airflow_thirdparty.server.broker.views.dag_tasks import tasks_by_account
    from airflow_thirdparty.server.broker.views.dags import dags_with_accounts

    with create_session(scoped=False) as session:
        ids = account_ids(session)
        dags = [
            AuditedDag(
                dag_id=dag.dag_id,
                file=dag.file,
                risk=dag.risk.value,
                accounts=tasks_by_account(session, dag.dag_id, dag.accounts),
                unknown=("a task",) if dag.unknown else (),
            )
            for dag in dags_with_accounts(session, ids)
        ]
    return Report(tuple(dags))


def _from_folder(folder: Path, ids: frozenset[str], *, strict: bool) -> Report:
    from airflow import settings
    from airflow.dag_processing.dagbag import BundleDagBag

    from airflow_thirdparty.policies import dag_policy
    from airflow_thirdparty.policies.rules import Configured

    folder = folder.resolve()
    if not folder.is_dir():
        fail(f"There is no folder {folder}")
    policies = settings.get_policy_plugin_manager()
    # the policy itself would refuse DAGs, and look for the published list
    ours = policies.unregister(dag_policy)
    try:
        bag = BundleDagBag(dag_folder=folder, bundle_path=folder, bundle_name="audit")
    finally:
        policies.register(ours)
    rules = Configured()
    dags = [_audit(dag, ids, rules, strict=strict) for _, dag in sorted(bag.dags.items())]
    errors = {
        str(file): str(text).strip().splitlines()[-1] for file, text in sorted(bag.import_errors.items())
    }
    return Report(tuple(dag for dag in dags if dag is not None), errors)


def _audit(dag: Any, ids: frozenset[str], rules: Any, *, strict: bool) -> AuditedDag | None:
    from airflow_thirdparty.policies import messages
    from airflow_thirdparty.policies.assessment import assess

    found = assess(dag, ids, rules)
    doubtful = bool(found.public_access and found.unknown) and not found.acknowledgement.everything
    if not found.uses_accounts and not doubtful:
        return None
    return AuditedDag(
        dag_id=found.dag_id,
        file=str(dag.relative_fileloc or dag.fileloc),
        risk="at_risk" if found.at_risk else "acknowledged" if found.acknowledged else "quiet",
        accounts=found.accounts,
        unknown=tuple(f"{reference.task_id}: {reference.written}" for reference in found.unknown),
        public=messages.why_public(found.public_access) if found.public_access else None,
        acknowledged_by=found.acknowledgement.by if found.acknowledged else (),
        counts=found.at_risk or (strict and doubtful),
    )
