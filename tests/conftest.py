"""Fixtures for all tests. Airflow reads its configuration at import, so its home is settled first."""

from __future__ import annotations

from tests.support import airflow_home

airflow_home.settle()

pytest_plugins = [
    "tests.support.databases",
    "tests.support.airflow_server",
    "tests.support.people",
    "tests.support.tasks",
    "tests.support.services",
    "tests.support.browsing",
]
