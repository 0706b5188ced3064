"""``airflow third-party-accounts sign-out``: end somebody's sign-ins, here and at the services."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

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
        print(f"'{args.user}' has no sign-in{where}.", file=sys.stderr)
        raise SystemExit(1)
    end(found)


def end(candidates: Iterable[Candidate]) -> None:
    """Remove sign-ins, revoke their tokens, and say what became of each."""
    from airflow_thirdparty.server.broker import runtime
    from airflow_thirdparty.server.broker.database import utcnow
    from airflow_thirdparty.server.broker.housekeeping import offboarding
    from airflow_thirdparty.server.people.person import Person

    by = Person(COMMAND_LINE, "", name=COMMAND_LINE)
    done = asyncio.run(offboarding.sign_out(runtime.transport(), list(candidates), utcnow(), by))
    for candidate, outcome in done:
        print(f"{candidate.person.name:<30} {candidate.conn_id:<30} {outcome.message}")
