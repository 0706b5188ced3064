"""``airflow third-party-accounts prune``: what is no longer needed goes, after a look at it."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from airflow_thirdparty.cli.commands.output import Listing, Progress, remark
from airflow_thirdparty.cli.commands.running import command, fail
from airflow_thirdparty.cli.commands.sign_out import by_command_line, end, row

if TYPE_CHECKING:
    from airflow_thirdparty.server.broker.housekeeping.offboarding import Candidate
    from airflow_thirdparty.server.broker.housekeeping.pruning import Pruned
    from airflow_thirdparty.server.people.person import Person


@command
def prune(args: argparse.Namespace) -> None:
    """Show, or with ``--yes`` remove, old rows and the sign-ins that were asked for.

    :param args: what was given on the command line
    """
    from airflow_thirdparty.server.broker.database import utcnow

    if args.idle is not None and args.idle < 1:
        fail("--idle takes a number of days, at least 1.")
    now = utcnow()
    if args.yes:
        _remove(args, now)
    else:
        _show(args, now)


def _show(args: argparse.Namespace, now: datetime) -> None:
    from airflow_thirdparty.server.broker.database import in_transaction
    from airflow_thirdparty.server.broker.housekeeping import pruning

    listing, progress = Listing(args.output), Progress()
    for candidate in _candidates(args, now, set()):
        listing.add(row(candidate))
        progress.tell(f"{listing.total} sign-ins so far.")
    remark(f"{listing.total} sign-ins to revoke and remove.")
    remark(f"Old rows: {_in_words(in_transaction(pruning.count, now))}.")
    listing.print()
    remark("Nothing was changed. Add --yes to do it.")


def _remove(args: argparse.Namespace, now: datetime) -> None:
    from airflow_thirdparty.server.broker.database import in_transaction
    from airflow_thirdparty.server.broker.housekeeping import offboarding, pruning

    left: set[Person] = set()
    ended = end(_candidates(args, now, left), args.output)
    remark(f"{ended} sign-ins are removed.")
    if args.departed:
        count = asyncio.run(offboarding.withdraw_delegations(left, by_command_line()))
        remark(f"{count} delegations of people who left are withdrawn.")
    progress = Progress()
    pruned = pruning.everything(in_transaction, now, lambda so_far: progress.tell(f"{_in_words(so_far)} …"))
    remark(f"Old rows removed: {_in_words(pruned)}.")


def _in_words(old: Pruned) -> str:
    return (
        f"{old.attributions} records of runs that are gone, {old.uses} uses, {old.delegations} delegations "
        f"to DAGs that are gone and {old.sightings} notes on such DAGs, {old.authorizations} sign-ins never "
        f"finished, {old.attempts} counts of attempts, {old.waits} of waits, {old.notices} "
        "notices"
    )


def _candidates(args: argparse.Namespace, now: datetime, left: set[Person]) -> Iterator[Candidate]:
    """What the options ask for; one sign-in may have to go for several reasons, the first one is told.

    :param left: gets the people who are gone
    """
    from airflow_thirdparty.server.broker.database import in_transaction
    from airflow_thirdparty.server.broker.housekeeping import offboarding

    seen: set[int] = set()
    if args.departed:
        for each in offboarding.walk(in_transaction, offboarding.departed):
            left.add(each.person)
            seen.add(each.row_id)
            yield each
    searches: list[offboarding.Find] = []
    if args.idle is not None:
        searches.append(partial(offboarding.idle, before=now - timedelta(days=args.idle)))
    if args.orphaned:
        searches.append(offboarding.orphaned)
    for find in searches:
        for each in offboarding.walk(in_transaction, find):
            if each.row_id not in seen:
                seen.add(each.row_id)
                yield each
