"""The services known by name: one file each, and those that the deployment brings itself."""

from __future__ import annotations

from airflow_thirdparty.server.accounts.catalogue import PRESETS
from airflow_thirdparty.server.accounts.preset import Preset

__all__ = ["PRESETS", "Preset"]
