"""``airflow third-party-accounts list``, ``set-secret`` and ``check``: the accounts themselves."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from airflow_thirdparty.cli.commands.output import print_rows, remark
from airflow_thirdparty.cli.commands.running import DONE, FOUND, command, fail


@dataclass(frozen=True)
class Line:
    """One account on the list; no secret.

    :param account: its id
    :param service: id of the service; ``?`` when the registration cannot be used
    :param kind: how people authenticate; ``?`` as above
    :param sign_ins: how many people are signed in
    :param lapsed: how many of them must sign in again
    :param problem: what is wrong with it, in words; empty for nothing
    """

    account: str
    service: str
    kind: str
    sign_ins: int
    lapsed: int
    problem: str


@command
def list_accounts(args: argparse.Namespace) -> None:
    """List all accounts, how many people are signed in, and what is wrong with them.

    :param args: what was given on the command line
    """
    from airflow_thirdparty.server.broker.database import in_transaction
    from airflow_thirdparty.server.broker.views import admin

    lines = [
        Line(
            account=seen.entry.registration.conn_id,
            service=seen.entry.account.service if seen.entry.account else "?",
            kind=seen.entry.account.kind if seen.entry.account else "?",
            sign_ins=seen.sign_ins,
            lapsed=seen.lapsed,
            problem=str(seen.problem or ""),
        )
        for seen in in_transaction(admin.of_accounts)
    ]
    print_rows([asdict(line) for line in lines], args.output)


@command
def set_secret(args: argparse.Namespace) -> None:
    """Store an account's client secret, read from standard input or asked for; never from the arguments.

    :param args: what was given on the command line
    """
    from airflow_thirdparty.server.broker.registry import registrations

    secret = getpass.getpass("Client secret: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if not secret:
        fail("No client secret was given. Type it, or send it to standard input.")
    registrations.set_client_secret(args.account, secret)
    remark(f"The client secret of account '{args.account}' is stored, sealed.")


@command
def check(args: argparse.Namespace) -> None:
    """Try what can be tried of accounts without a person, as the page does; 1 if something is to be changed.

    :param args: what was given on the command line
    """
    if bool(args.account) == args.all:
        fail("Name one account, or say --all.")
    names = _all_accounts() if args.all else [args.account]
    rows, problems = asyncio.run(_checked(names))
    print_rows(rows, args.output)
    for problem in problems:
        remark(problem)
    sys.exit(FOUND if problems else DONE)


def _all_accounts() -> list[str]:
    from airflow_thirdparty.server.broker.database import in_transaction
    from airflow_thirdparty.server.broker.registry import registrations

    return [entry.registration.conn_id for entry in in_transaction(registrations.list_all)]


async def _checked(names: Sequence[str]) -> tuple[list[dict[str, object]], list[str]]:
    """What each step of each check found, as rows, and what is to be changed."""
    from airflow_thirdparty.server.broker import runtime
    from airflow_thirdparty.server.broker.registry import doctor
    from airflow_thirdparty.server.store.clock import utcnow

    rows: list[dict[str, object]] = []
    problems: list[str] = []
    for name in names:
        report = await doctor.examine(runtime.transport(), name, utcnow())
        for finding in report.findings:
            found = f"{finding.text} {finding.remedy}".rstrip()
            rows.append({"account": name, "step": finding.step, "outcome": finding.outcome, "found": found})
            if finding.outcome == "change":
                problems.append(f"Account '{name}', {finding.step}: {found}")
    return rows, problems
