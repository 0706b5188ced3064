"""``airflow third-party-accounts rotate-keys``: seal everything with the first of the configured keys."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from airflow_thirdparty.cli.commands.output import Progress, remark
from airflow_thirdparty.cli.commands.running import DONE, FOUND, WRONG, command

if TYPE_CHECKING:
    from airflow_thirdparty.server.store import rotation


@command
def rotate_keys(args: argparse.Namespace) -> None:
    """Seal every secret of this package anew; exit with 1 when some cannot be opened.

    :param args: what was given on the command line
    """
    from airflow_thirdparty.server.broker.database import in_transaction
    from airflow_thirdparty.server.store import rotation
    from airflow_thirdparty.server.store.seal import SealError

    begun = time.monotonic()
    progress = Progress()

    def tell(report: rotation.Report) -> None:
        rate = report.rows / max(time.monotonic() - begun, 0.001)
        progress.tell(
            f"{report.rows} rows so far, {report.sealed_anew} secrets sealed anew, {rate:.0f} rows/s."
        )

    try:
        report = rotation.rotate(in_transaction, tell, write=not args.dry_run)
    except SealError as error:
        remark(f"{error}.")
        sys.exit(WRONG)
    seconds = time.monotonic() - begun
    done = "to be sealed" if args.dry_run else "sealed"
    print(
        f"{report.rows} rows in {seconds:.1f} s: {report.sealed_anew} secrets {done} with the first key, "
        f"{report.left_alone} were already."
    )
    _tell_lost(report)
    if args.dry_run:
        remark("Nothing was changed. Leave --dry-run out to do it.")
    elif not report.lost:
        print("The other keys in [core] fernet_key are not needed by third-party accounts any more.")
    sys.exit(FOUND if report.lost else DONE)


def _tell_lost(report: rotation.Report) -> None:
    if not report.lost:
        return
    remark(f"{len(report.lost)} secrets cannot be opened by any key in [core] fernet_key:")
    for lost in report.lost:
        remark(f"  {lost}")
    remark(
        "Add the key they were sealed with and run this again. Where it is lost, these people sign in again, "
        "and an admin enters these client secrets again."
    )
