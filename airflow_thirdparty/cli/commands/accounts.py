"""``airflow third-party-accounts list``, ``set-secret`` and ``check``: the accounts themselves."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from dataclasses import asdict, dataclass

from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from airflow_thirdparty.cli.commands.output import print_rows
from airflow_thirdparty.exceptions import ThirdPartyAccountError


@dataclass(frozen=True)
class Line:
    """One account on the list; no secret.

    :param account: its id
    :param service: id of the service; ``?`` when the registration cannot be used
    :param kind: how people authenticate; ``?`` as above
    :param sign_ins: how many people are signed in
    :param problem: what is wrong with it, in words; empty for nothing
    """

    account: str
    service: str
    kind: str
    sign_ins: int
    problem: str


@suppress_logs_and_warning
@providers_configuration_loaded
def list_accounts(args: argparse.Namespace) -> None:
    """List all accounts, how many people are signed in, and what is wrong with them.

    :param args: what was given on the command line
    """
    print_rows([asdict(line) for line in _lines()], args.output)


def _lines() -> list[Line]:
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    from airflow_thirdparty.server.broker.registry import registrations
    from airflow_thirdparty.server.store.models import SignIn

    with create_session() as session:
        statement = select(SignIn.conn_id, func.count()).group_by(SignIn.conn_id)
        counts = {conn_id: count for conn_id, count in session.execute(statement)}  # noqa: C416  # typed rows
        return [
            Line(
                account=entry.registration.conn_id,
                service=entry.account.service if entry.account else "?",
                kind=entry.account.kind if entry.account else "?",
                sign_ins=counts.get(entry.registration.conn_id, 0),
                problem=str(entry.problem or ""),
            )
            for entry in registrations.list_all(session)
        ]


@suppress_logs_and_warning
@providers_configuration_loaded
def set_secret(args: argparse.Namespace) -> None:
    """Store an account's client secret, read from standard input or asked for; never from the arguments.

    :param args: what was given on the command line
    """
    from airflow_thirdparty.server.broker.registry import registrations

    secret = getpass.getpass("Client secret: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if not secret:
        raise SystemExit("No client secret was given. Type it, or send it to standard input.")
    try:
        registrations.set_client_secret(args.account, secret)
    except ThirdPartyAccountError as error:
        raise SystemExit(str(error)) from None
    print(f"The client secret of account '{args.account}' is stored, sealed.")


@suppress_logs_and_warning
@providers_configuration_loaded
def check(args: argparse.Namespace) -> None:
    """Try what can be tried of an account without a person: its fields, its secret, its service.

    :param args: what was given on the command line
    """
    from airflow_thirdparty.server.broker import runtime
    from airflow_thirdparty.server.broker.registry import check

    try:
        for line in asyncio.run(check.check(runtime.transport(), args.account)):
            print(line)
    except ThirdPartyAccountError as error:
        raise SystemExit(str(error)) from None
