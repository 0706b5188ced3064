"""``airflow third-party-accounts grant-role``: let the people of a role find the page."""

from __future__ import annotations

import argparse

from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from airflow_thirdparty.cli.commands.output import print_rows
from airflow_thirdparty.cli.commands.sign_out import COMMAND_LINE
from airflow_thirdparty.exceptions import ThirdPartyAccountError


@suppress_logs_and_warning
@providers_configuration_loaded
def grant_role(args: argparse.Namespace) -> None:
    """Give roles what the page needs; exit with 1 when that cannot be.

    :param args: what was given on the command line
    """
    try:
        given = grant(args.role)
    except ThirdPartyAccountError as error:
        raise SystemExit(str(error)) from None
    print_rows([{"role": role, "granted": list(permissions)} for role, permissions in given], args.output)


def grant(names: list[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Give roles what the page needs and nothing else: all of them, or none when one is not there.

    :param names: of the roles
    :raises ThirdPartyAccountError: when there is no such role, or roles are kept elsewhere
    :return: each with what it was given; nothing when it had all
    """
    from airflow_thirdparty.server.broker.database import in_transaction
    from airflow_thirdparty.server.broker.registry import page_roles
    from airflow_thirdparty.server.people.person import Person

    by = Person(COMMAND_LINE, "", name=COMMAND_LINE)
    return in_transaction(lambda session: [(name, page_roles.grant(session, name, by)) for name in names])
