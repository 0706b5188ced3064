"""``airflow third-party-accounts prune``: what is no longer needed goes, after a look at it."""

from __future__ import annotations

import argparse
import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from airflow_thirdparty.cli.commands.output import print_rows, remark
from airflow_thirdparty.cli.commands.sign_out import COMMAND_LINE, end, row

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from airflow_thirdparty.server.broker.housekeeping.offboarding import Candidate


@suppress_logs_and_warning
@providers_configuration_loaded
def prune(args: argparse.Namespace) -> None:
    """Show, or with ``--yes`` remove, old rows and the sign-ins that were asked for.

    :param args: what was given on the command line
    """
    from airflow_thirdparty.server.broker.database import in_transaction, utcnow
    from airflow_thirdparty.server.broker.housekeeping import pruning

    now = utcnow()
    candidates = in_transaction(_candidates, args)
    old = in_transaction(pruning.count, now)
    remark(f"{len(candidates)} sign-ins to revoke and remove.")
    remark(
        f"Old rows: {old.attributions} records of runs that are gone, {old.uses} uses, {old.delegations} "
        f"delegations to DAGs that are gone and {old.sightings} notes on such DAGs, {old.authorizations} "
        f"sign-ins never finished, {old.attempts} counts of attempts, {old.waits} of waits."
    )
    if not args.yes:
        print_rows([row(candidate) for candidate in candidates], args.output)
        remark("Nothing was changed. Add --yes to do it.")
        return
    end(candidates, args.output)
    if args.departed:
        _withdraw(candidates)
    in_transaction(pruning.everything, now)
    remark("Done.")


def _candidates(session: Session, args: argparse.Namespace) -> list[Candidate]:
    from airflow_thirdparty.server.broker.database import utcnow
    from airflow_thirdparty.server.broker.housekeeping import offboarding

    found: list[Candidate] = []
    if args.departed:
        found += offboarding.departed(session)
    if args.idle is not None:
        found += offboarding.idle(session, utcnow() - timedelta(days=args.idle))
    if args.orphaned:
        found += offboarding.orphaned(session)
    # one sign-in may have to go for several reasons; the first one is told
    unique = {(each.person, each.conn_id): each for each in reversed(found)}
    return list(reversed(unique.values()))


def _withdraw(candidates: list[Candidate]) -> None:
    from airflow_thirdparty.server.broker.housekeeping import offboarding
    from airflow_thirdparty.server.people.person import Person

    by = Person(COMMAND_LINE, "", name=COMMAND_LINE)
    count = asyncio.run(offboarding.withdraw_delegations(candidates, by))
    remark(f"{count} delegations of people who left are withdrawn.")
