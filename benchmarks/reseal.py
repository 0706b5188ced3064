"""Sealing many sign-ins anew with a new key: how fast, whether it is resumed, and what readers notice.

``airflow third-party-accounts rotate-keys`` runs as a process of its own, is killed when a third is done, and
is run again.  Meanwhile sign-ins are read and opened as for a task.

    python -m benchmarks.reseal [--rows N]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from tests.support import airflow_home

ROWS = 200_000
READ = 500
"""How many people's sign-ins are read; those of the others are never opened but to be sealed anew."""

TEXTS = 1000
"""Different sealed texts, which many rows share: where one stands makes no difference to sealing it anew."""

PAUSE = 0.005
"""Seconds between two reads."""

ALONE = 10.0
"""Seconds of reading before."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    wanted = parser.parse_args()
    airflow_home.settle()
    from benchmarks import results
    from tests.support import databases

    with databases.in_use("postgres"):
        figures = _measured(wanted.rows)
    print(
        f"{figures['rows']:,} sign-ins, two secrets each: {figures['rows_per_second']:,} rows/s\n"
        f"killed after {figures['done_when_killed']:,}, and none of those was sealed twice\n"
        f"{figures['reads']:,} reads meanwhile: p50 {figures['reader_p50']:.2f} x, "
        f"p99 {figures['reader_p99']:.2f} x, none failed"
    )
    results.merge("reseal", figures)


def _measured(rows: int) -> dict[str, Any]:
    from airflow.models.crypto import get_fernet
    from cryptography.fernet import Fernet

    from airflow_thirdparty.server.store.rotation import BATCH

    _fill(rows)
    new, old = Fernet.generate_key().decode(), airflow_home.FERNET_KEY
    os.environ["AIRFLOW__CORE__FERNET_KEY"] = f"{new},{old}"
    get_fernet.cache_clear()
    alone = list(_reads(time.monotonic() + ALONE))
    meanwhile: list[float] = []
    with _running() as process:
        meanwhile += _reads(time.monotonic() + 3600, process, lambda: _sealed_by(new) * 3 >= rows)
        process.kill()
    killed_at = _sealed_by(new)
    began = time.monotonic()
    with _running() as process:
        meanwhile += _reads(time.monotonic() + 3600, process)
        said = process.communicate()[0]
    whole = time.monotonic() - began
    assert process.returncode == 0, said
    seconds, secrets, already = _told(said)
    assert secrets + already == 2 * rows, said
    # of the last batch one of the two columns may have been done
    assert 0 <= already - 2 * killed_at <= BATCH, "what was done was done again"
    return {
        "rows": rows,
        "rows_per_second": round((rows - killed_at) / seconds),
        "seconds_with_start": round(whole, 1),
        "done_when_killed": killed_at,
        "reader_p50": round(_at(meanwhile, 50) / _at(alone, 50), 2),
        "reader_p99": round(_at(meanwhile, 99) / _at(alone, 99), 2),
        "reader_p99_ms": round(_at(meanwhile, 99) * 1000, 2),
        "reads": len(meanwhile),
    }


def _fill(rows: int) -> None:
    from airflow.utils.session import create_session

    from airflow_thirdparty.server.store import sign_ins
    from airflow_thirdparty.server.store.seal import SealContext, seal
    from tests.support import growth

    texts = tuple(seal(f"{number:04}" * 200, SealContext("any", "any", 0)) for number in range(TEXTS))
    growth.fill(1, rows, texts, tables=1)
    with create_session(scoped=False) as session:
        for row in session.scalars(_first()):
            row.sealed_access = seal(f"of {row.id}", sign_ins.context(row.person, row.conn_id, 1, "access"))
    print(f"{rows:,} sign-ins are there", flush=True)


def _first() -> Any:
    from sqlalchemy import select

    from airflow_thirdparty.server.store.models import SignIn

    return select(SignIn).order_by(SignIn.id).limit(READ)


@contextlib.contextmanager
def _running() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "airflow", "third-party-accounts", "rotate-keys"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _reads(
    until: float, process: subprocess.Popen[str] | None = None, enough: Any = lambda: False
) -> Iterator[float]:
    """Read and open one sign-in after the other, and say how long each took."""
    from airflow.utils.session import create_session

    from airflow_thirdparty.server.store import sign_ins

    with create_session(scoped=False) as session:
        known = [(row.person, row.conn_id, row.id) for row in session.scalars(_first())]
    draw = random.Random(READ)  # whom to read
    number = 0
    while time.monotonic() < until and (process is None or process.poll() is None):
        person, conn_id, row_id = draw.choice(known)
        began = time.perf_counter()
        with create_session(scoped=False) as session:
            found = sign_ins.find(session, person, conn_id)
            assert found is not None
            assert sign_ins.open_access(found) == f"of {row_id}"
        yield time.perf_counter() - began
        time.sleep(PAUSE)
        number += 1
        if number % 200 == 0 and enough():
            return


def _sealed_by(key: str) -> int:
    """How many sign-ins the new key opens: those up to the first one that it does not."""
    from airflow.utils.session import create_session
    from cryptography.fernet import Fernet, InvalidToken
    from sqlalchemy import func, select

    from airflow_thirdparty.server.store.models import SignIn

    fernet = Fernet(key)
    with create_session(scoped=False) as session:
        low, high = 0, session.scalar(select(func.max(SignIn.id))) or 0
        while low < high:
            middle = (low + high + 1) // 2
            sealed = session.scalar(select(SignIn.sealed_refresh).where(SignIn.id == middle))
            try:
                fernet.decrypt(sealed or "")
                low = middle
            except InvalidToken:
                high = middle - 1
    return low


def _told(said: str) -> tuple[float, int, int]:
    found = re.search(r"rows in ([\d.]+) s: (\d+) secrets sealed with the first key, (\d+) were", said)
    assert found, said
    return float(found[1]), int(found[2]), int(found[3])


def _at(values: list[float], cut: int) -> float:
    return statistics.quantiles(values, n=100)[cut - 1]


if __name__ == "__main__":
    main()
