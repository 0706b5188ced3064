"""Runs a command that ends when its parent ends, however the parent ends.

``python -m airflow_thirdparty.demo.parent COMMAND …`` asks the kernel for a signal at the parent's death and
then becomes the command.  So even a launcher that was killed leaves nothing behind.  Linux only; elsewhere it
just becomes the command.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""From ``linux/prctl.h``; the setting survives ``exec``."""


def main(command: list[str], parent: int) -> None:
    """Become the command.

    :param command: program and arguments
    :param parent: process id of the launcher, in case it ended before the kernel was asked
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(f"{command[0]} was not started: its launcher is gone")
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[2:], int(sys.argv[1]))
