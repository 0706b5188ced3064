"""Airflow's command line, as somebody types it who may call themselves what they like."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import NamedTuple

import pytest


class Ended(NamedTuple):
    """How a command ended: exit status, and what it printed on each stream."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Both streams."""
        return self.out + self.err


def run_ours(capsys: pytest.CaptureFixture[str], *words: str) -> Ended:
    """Run one of the package's commands in this process.

    :param capsys: what it prints is read from there
    :param words: the command line after ``airflow third-party-accounts``
    :return: how it ended
    """
    from airflow.cli import cli_parser

    arguments = cli_parser.get_parser().parse_args(["third-party-accounts", *words])
    capsys.readouterr()
    status = 0
    try:
        arguments.func(arguments)
    except SystemExit as ended:
        status = int(ended.code or 0)
    return Ended(status, *capsys.readouterr())


def run_here(*words: str, **environment: str) -> None:
    """Run a command line of Airflow, in this process to save time.

    :param words: the command line after ``airflow``
    :param environment: variables of the shell, such as ``LOGNAME``
    """
    from airflow.cli import cli_parser
    from airflow.utils.platform import getuser

    before = dict(os.environ)
    os.environ.update(environment)
    getuser.cache_clear()  # each process of its own would ask anew
    try:
        arguments = cli_parser.get_parser().parse_args(words)
        arguments.func(arguments)
    finally:
        os.environ.clear()
        os.environ.update(before)
        getuser.cache_clear()


def run_apart(*words: str, may_fail: bool = False, **environment: str) -> str:
    """Run a command line of Airflow in a process of its own.

    :param words: the command line after ``airflow``
    :param may_fail: whether its exit status does not matter
    :param environment: variables of the shell
    :return: what it printed
    """
    done = subprocess.run(
        [sys.executable, "-m", "airflow", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert may_fail or done.returncode == 0, done.stdout + done.stderr
    return done.stdout
