"""``airflow third-party-accounts sign-out``: end somebody's sign-ins, here and at the services."""

from __future__ import annotations

import argparse
import asyncio
import itertools
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from airflow_thirdparty.cli.commands.output import Listing, Progress, remark
from airflow_thirdparty.cli.commands.running import FOUND, command, fail

if TYPE_CHECKING:
    from airflow_thirdparty.server.broker.housekeeping.offboarding import Candidate
    from airflow_thirdparty.server.people.person import Person

COMMAND_LINE = "command line"
"""Stands in the audit log for whoever runs the command: nobody authenticates them."""


@command
def sign_out(args: argparse.Namespace) -> None:
    """Sign a user out, or everybody; exit with 1 when there was nothing to do.

    :param args: what was given on the command line
    """
    if args.all is (args.user is not None):
        fail("Name one user, or say --all.")
    found = _asked_for(args)
    first = next(found, None)
    if first is None:
        who = "Nobody" if args.all else f"'{args.user}'"
        has = "has a sign-in" if args.all else "has no sign-in"
        where = f" to account '{args.account}'" if args.account else ""
        fail(f"{who} {has}{where}.", FOUND)
    candidates = itertools.chain([first], found)
    if args.dry_run:
        listing = Listing(args.output)
        for each in candidates:
            listing.add(row(each))
        listing.print()
        remark("Nothing was changed. Leave --dry-run out to do it.")
        return
    end(candidates, args.output)


def _asked_for(args: argparse.Namespace) -> Iterator[Candidate]:
    from airflow_thirdparty.server.broker.database import in_transaction
    from airflow_thirdparty.server.broker.housekeeping import offboarding

    if args.all:
        yield from offboarding.walk(in_transaction, partial(offboarding.everybody, conn_id=args.account))
    else:
        yield from in_transaction(offboarding.of_user, args.user, args.account)


def row(candidate: Candidate) -> dict[str, str]:
    """A sign-in that goes, as one row of the listing.

    :param candidate: the sign-in, and why it goes
    :return: values by column
    """
    return {"user": candidate.person.name, "account": candidate.conn_id, "reason": candidate.reason}


def end(candidates: Iterable[Candidate], output: str) -> int:
    """Remove sign-ins, revoke their tokens, and list what became of each.

    :param candidates: the sign-ins
    :param output: how to list, as ``-o`` says it
    :return: how many there were
    """
    listing = Listing(output)
    asyncio.run(_end(candidates, listing))
    listing.print()
    return listing.total


async def _end(candidates: Iterable[Candidate], listing: Listing) -> None:
    from airflow_thirdparty.server.broker import runtime
    from airflow_thirdparty.server.broker.database import utcnow
    from airflow_thirdparty.server.broker.housekeeping import offboarding

    progress = Progress()
    for candidate in candidates:
        outcome = await offboarding.sign_out(runtime.transport(), candidate, utcnow(), by_command_line())
        listing.add({**row(candidate), "outcome": outcome.message})
        progress.tell(f"{listing.total} sign-ins so far.")


def by_command_line() -> Person:
    """Whoever runs the command."""
    from airflow_thirdparty.server.people.person import Person

    return Person(COMMAND_LINE, "", name=COMMAND_LINE)
