"""Airflow's home is settled before Airflow is imported; nothing of the other tests is needed here."""

from __future__ import annotations

from tests.support import airflow_home

airflow_home.settle()
