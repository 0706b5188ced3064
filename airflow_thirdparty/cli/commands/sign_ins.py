"""``airflow third-party-accounts sign-ins``: who is signed in where, and how that stands."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from airflow_thirdparty.cli.commands.output import Listing
from airflow_thirdparty.cli.commands.running import command

if TYPE_CHECKING:
    from airflow_thirdparty.server.broker.views.sign_ins import Seen


@command
def sign_ins(args: argparse.Namespace) -> None:
    """List sign-ins without anything secret.

    :param args: what was given on the command line
    """
    listing = Listing(args.output)
    for seen in _pages(args):
        listing.add(
            {
                "user": seen.person.name,
                "user_id": seen.person.user_id,
                "account": seen.conn_id,
                "status": seen.status.value if seen.status else "account_unusable",
                "since": _at(seen.since),
                "there": seen.subject_name,
                "signed_in_at": _at(seen.signed_in_at),
                "refreshed_at": _at(seen.refreshed_at),
                "used_at": _at(seen.used_at),
            }
        )
    listing.print()


def _pages(args: argparse.Namespace) -> Iterator[Seen]:
    from airflow_thirdparty.server.broker.database import in_transaction, utcnow
    from airflow_thirdparty.server.broker.views import sign_ins as view

    after, now = 0, utcnow()
    while page := in_transaction(view.page, after, now, conn_id=args.account, user_name=args.user):
        yield from page
        after = page[-1].row_id


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
