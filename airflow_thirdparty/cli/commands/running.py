"""What every command has in common: quiet logs, and words instead of tracebacks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from airflow_thirdparty.cli.commands.output import remark

DONE, FOUND, WRONG = 0, 1, 2
"""Exit statuses of every command: done; done, and there is something to look at; it could not be done."""

Command = Callable[[argparse.Namespace], None]


def command(function: Command) -> Command:
    """Make a command of a function.

    :param function: does the work, given what was typed
    :return: the same, whose errors are told in words
    """

    @wraps(function)
    def run(args: argparse.Namespace) -> None:
        try:
            function(args)
        except Exception as error:
            told = _in_words(error)
            if told is None:
                raise
            fail(told)

    return suppress_logs_and_warning(providers_configuration_loaded(run))


def fail(text: str, status: int = WRONG) -> NoReturn:
    """End the command.

    :param text: why, for standard error
    :param status: one of the exit statuses
    """
    remark(text)
    sys.exit(status)


def _in_words(error: Exception) -> str | None:
    from sqlalchemy.exc import DBAPIError, OperationalError

    from airflow_thirdparty.exceptions import ThirdPartyAccountError

    if isinstance(error, ThirdPartyAccountError):
        return str(error)
    if not isinstance(error, DBAPIError):
        return None
    if missing := _missing_tables():
        return missing
    if isinstance(error, OperationalError):
        return f"Airflow's database cannot be asked: {str(error.orig).strip().splitlines()[0]}"
    return None


def _missing_tables() -> str:
    """What is wrong with the tables, in words; empty text when nothing is, or when nobody can say."""
    from airflow.utils.session import create_session
    from sqlalchemy import inspect
    from sqlalchemy.exc import SQLAlchemyError

    from airflow_thirdparty.server.store.manager import ThirdPartyAccountsDBManager

    manager: Any = ThirdPartyAccountsDBManager
    try:
        with create_session(scoped=False) as session:
            if not inspect(session.connection()).has_table("connection"):
                return "Airflow's database has no tables yet: run 'airflow db migrate'."
            if not manager(session).has_tables():
                return "The tables of third-party accounts are missing: run 'airflow db migrate'."
            return str(manager(session).foreign_tables())
    except SQLAlchemyError:
        return ""
