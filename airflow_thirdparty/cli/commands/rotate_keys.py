"""``airflow third-party-accounts rotate-keys``: seal everything with the first of the configured keys."""

from __future__ import annotations

import argparse
import sys
import time

from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

DONE, SOME_LOST, NO_KEY = 0, 1, 2
"""Exit statuses: only 0 allows to take the old key away."""

PROGRESS_EVERY = 5.0
"""Seconds between two lines about how far it has come: nobody thinks it hangs, and no log fills up."""


@suppress_logs_and_warning
@providers_configuration_loaded
def rotate_keys(args: argparse.Namespace) -> None:
    """Seal every secret of this package anew; exit with 1 when some cannot be opened.

    :param args: what was given on the command line
    """
    from airflow_thirdparty.server.broker.database import in_transaction
    from airflow_thirdparty.server.store import rotation
    from airflow_thirdparty.server.store.seal import SealError

    begun = told = time.monotonic()

    def tell(report: rotation.Report) -> None:
        nonlocal told
        if time.monotonic() - told >= PROGRESS_EVERY:
            told = time.monotonic()
            print(f"{report.rows} rows so far, {report.sealed_anew} secrets sealed anew", flush=True)

    try:
        report = rotation.rotate(in_transaction, tell)
    except SealError as error:
        print(f"{error}.", file=sys.stderr)
        sys.exit(NO_KEY)
    seconds = time.monotonic() - begun
    print(
        f"{report.rows} rows in {seconds:.1f} s: {report.sealed_anew} secrets sealed with the first key, "
        f"{report.left_alone} were already."
    )
    if not report.lost:
        print("The other keys in [core] fernet_key are not needed by third-party accounts any more.")
        sys.exit(DONE)
    print(f"{len(report.lost)} secrets cannot be opened by any key in [core] fernet_key:", file=sys.stderr)
    for lost in report.lost:
        print(f"  {lost}", file=sys.stderr)
    print(
        "Add the key they were sealed with and run this again. Where it is lost, these people sign in again, "
        "and an admin enters these client secrets again.",
        file=sys.stderr,
    )
    sys.exit(SOME_LOST)
