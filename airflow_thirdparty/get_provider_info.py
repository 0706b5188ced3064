"""The one declaration Airflow reads."""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Describe this provider."""
    return {"package-name": "airflow-thirdparty", "name": "Third-Party Accounts", "description": "x"}
