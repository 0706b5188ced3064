"""Fixtures for all tests. Airflow reads its configuration at import, so its home is settled first."""

from __future__ import annotations

from hypothesis import settings

from tests.support import airflow_home

airflow_home.settle()

settings.register_profile("short", max_examples=100, deadline=None, derandomize=True, database=None)
settings.register_profile("long", max_examples=10_000, deadline=None)
settings.load_profile("short")
"""What ``--hypothesis-profile`` may name: the same examples every time, or many that are new each time."""

pytest_plugins = [
    "tests.support.databases",
    "tests.support.airflow_server",
    "tests.support.people",
    "tests.support.tasks",
    "tests.support.services",
    "tests.support.browsing",
    "tests.support.ways",
]
