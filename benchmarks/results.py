"""``benchmarks/results.json``: what the benchmarks measured last, by version of Airflow and benchmark."""

from __future__ import annotations

import fcntl
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("results.json")


def airflow_version() -> str:
    """The version of Airflow that is measured."""
    return version("apache-airflow")


def merge(key: str, value: Any, path: Path = PATH) -> None:
    """Put the figures of one benchmark beside those of the others.

    :param key: name of the benchmark
    :param value: its figures
    :param path: the file
    """
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        figures = json.loads(file.read() or "{}")
        figures.setdefault(airflow_version(), {})[key] = value
        file.truncate(0)
        file.write(json.dumps(figures, indent=2, sort_keys=True) + "\n")
