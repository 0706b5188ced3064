"""What the demo says."""

from __future__ import annotations

import contextlib
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from airflow_thirdparty import wire
from airflow_thirdparty.demo.state import State
from airflow_thirdparty.demo.users import ADMIN, ALICE, BOB, CAROL


class Progress:
    """Tells step by step how far the start is."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def say(self, text: str) -> None:
        """Print one line with the seconds since the start.

        :param text: what has been done or is being done
        """
        # A terminal that has been closed must not keep the demo from being stopped.
        with contextlib.suppress(OSError):
            print(f"{time.monotonic() - self._start:6.1f} s  {text}", flush=True)


def welcome(state: State, dag_id: str) -> str:
    """Where to go and as whom.

    :param state: the demo's folder
    :param dag_id: the example DAG
    :return: several lines
    """
    people = "\n".join(
        f"      {user.name:<8}password {user.password:<8}role {user.role}"
        for user in (ALICE, BOB, CAROL, ADMIN)
    )
    return f"""
  Airflow            {state.base_url}
  Your accounts      {state.base_url}{wire.WEB_PREFIX}/
  The example DAG    {state.base_url}/dags/{dag_id}
  Identity provider  {state.issuer} (takes any name, no password)

  Log in to Airflow as
{people}

  1. As alice, open your accounts and press "Sign in". Tell the service who you are: alice.
  2. Trigger the DAG {dag_id}. Its task asks the service who is calling; the answer is its result (XCom).
  3. Do the same as bob, in a private window. Same DAG, same code, another person.

  Everything is kept in {state.folder}. Ctrl-C stops the demo.
"""


def problem(text: str) -> None:
    """Print what went wrong.

    :param text: what happened and what to do
    """
    print(f"\nThe demo cannot go on: {text}", file=sys.stderr, flush=True)


def failed(text: str) -> None:
    """Print what a check has found.

    :param text: what is not as it should be
    """
    print(f"The check failed: {text}.", file=sys.stderr, flush=True)


def port_taken(what: str, port: int, option: str, proposal: int) -> str:
    """What to say when somebody else listens on a port.

    :param what: who wanted it
    :param port: the port
    :param option: the command-line option that chooses another
    :param proposal: a port that is free
    :return: several lines
    """
    return (
        f"port {port}, meant for {what}, is taken by another program.\n"
        f"Stop that program, or choose another port:\n"
        f"    make demo DEMO_OPTIONS='{option} {proposal}'\n"
        f"    python -m airflow_thirdparty.demo {option} {proposal}"
    )


def foreign_tables(folder: Path) -> str:
    """What to say when another version of this package made the demo's database.

    :param folder: the demo's folder
    :return: several lines
    """
    return (
        f"the database in {folder} was made by another version of this package, and its tables are not "
        "those of this version.\n"
        "Remove the folder to begin anew:\n"
        f"    rm -r {shlex.quote(str(folder))}\n"
        "or choose another one with --state."
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in plain text; its last column may be long.

    :param head: names of the columns
    :param rows: the cells
    :return: a line for the head and one for each row
    """
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    widths[-1] = len(head[-1])
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  " + "   ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
