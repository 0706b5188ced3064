"""``airflow third-party-accounts sign-out``: end somebody's sign-ins, here and at the services."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from airflow_thirdparty.cli.commands.output import print_rows, remark

if TYPE_CHECKING:
    from airflow_thirdparty.server.broker.housekeeping.offboarding import Candidate

COMMAND_LINE = "command line"
"""Stands in the audit log for whoever runs the command: nobody authenticates them."""


@suppress_logs_and_warning
@providers_configuration_loaded
def sign_out(args: argparse.Namespace) -> None:
    """Sign a user out; exit with 1 when there was nothing to do.

    :param args: what was given on the command line
    """
    from airflow_thirdparty.server.broker.database import in_transaction
    from airflow_thirdparty.server.broker.housekeeping import offboarding

    found = in_transaction(offboarding.of_user, args.user, args.account)
    if not found:
        where = f" to account '{args.account}'" if args.account else ""
        remark(f"'{args.user}' has no sign-in{where}.")
        raise SystemExit(1)
    end(found, args.output)


def row(candidate: Candidate) -> dict[str, str]:
    """A sign-in that goes, as one row of the listing.

    :param candidate: the sign-in, and why it goes
    :return: values by column
    """
    return {"user": candidate.person.name, "account": candidate.conn_id, "reason": candidate.reason}


def end(candidates: Iterable[Candidate], output: str) -> None:
    """Remove sign-ins, revoke their tokens, and list what became of each.

    :param candidates: the sign-ins
    :param output: how to list, as ``-o`` says it
    """
    from airflow_thirdparty.server.broker import runtime
    from airflow_thirdparty.server.broker.database import utcnow
    from airflow_thirdparty.server.broker.housekeeping import offboarding
    from airflow_thirdparty.server.people.person import Person

    by = Person(COMMAND_LINE, "", name=COMMAND_LINE)
    done = asyncio.run(offboarding.sign_out(runtime.transport(), list(candidates), utcnow(), by))
    print_rows([{**row(candidate), "outcome": outcome.message} for candidate, outcome in done], output)
