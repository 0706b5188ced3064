"""Makes the database, the people and the accounts, in one process.

``airflow db migrate``, four times ``airflow users create`` and ``airflow connections add`` would each import
all of Airflow, which is most of what they do.  Reads what to make as JSON from standard input.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any

from airflow_thirdparty.cli.commands.grant_role import grant
from airflow_thirdparty.demo.users import EVERYBODY

FOREIGN_TABLES = 3
"""Exit status when another version of this package made the database; Python itself uses 1 and 2."""

PAGE_ROLE = "User"
"""The role whose people need to find the page; Airflow shows plugins' pages to Op and Admin only."""


def main() -> int:
    """Make everything, or bring up to date what is there.

    :return: exit status: 0, or :data:`FOREIGN_TABLES` with the reason printed
    """
    accounts = json.load(sys.stdin)
    from airflow.utils.db import upgradedb

    upgradedb()
    if found := foreign_tables():
        print(found)
        return FOREIGN_TABLES
    make_people()
    for account in accounts:
        make_account(account)
    return 0


def foreign_tables() -> str:
    """Ask whoever made our tables whether they are those of this version.

    Airflow is asked for them, as ``airflow db migrate`` does, because the demo knows nothing of the server.

    :return: what differs, in words; empty text if nothing does
    """
    from airflow.providers_manager import ProvidersManager
    from airflow.utils.session import create_session

    managers = ProvidersManager().db_managers  # type: ignore[no-untyped-call]  # Airflow's, untyped
    ours = [resolve_name(name) for name in managers if name.startswith("airflow_thirdparty.")]
    with create_session() as session:
        return " ".join(manager(session).foreign_tables() for manager in ours)


def make_people() -> None:
    """Make the roles and the people of :mod:`airflow_thirdparty.demo.users`."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        security = builder.sm
        builder.add_permissions(update_perms=True)  # type: ignore[no-untyped-call]
        security.sync_roles()
        for user in EVERYBODY:
            if security.find_user(user.name) is None:
                security.add_user(
                    user.name,
                    user.name.title(),
                    "Example",
                    f"{user.name}@example.com",
                    security.find_role(user.role),
                    user.password,
                )
    grant([PAGE_ROLE])


def make_account(account: Mapping[str, Any]) -> None:
    """Save an account's connection.

    :param account: the connection's fields
    """
    from airflow.models import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        known = session.scalar(select(Connection).where(Connection.conn_id == account["conn_id"]))
        connection = known or Connection(conn_id=account["conn_id"])
        for name, value in account.items():
            setattr(connection, name, json.dumps(value) if name == "extra" else value)
        session.add(connection)


if __name__ == "__main__":
    sys.exit(main())
