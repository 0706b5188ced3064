"""Writes `docs/http_api.md` from the description of the API: `python -m tests.unit.docs.http_api`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tools.api_description import FILE

PAGE = Path(__file__).parents[3] / "docs" / "http_api.md"

HEAD = """\
# HTTP API

Below `/third-party-accounts` (and the path of `[api] base_url`), for whoever is logged in to Airflow. Where
Airflow shows its own API documents (`[api] enable_swagger_ui`), `/third-party-accounts/docs` has all fields.

* Airflow's own session cookie or bearer token authenticates. What changes something from a browser has to
  come from Airflow's own pages.
* An error is `{"error": {"code", "message", "remedy", "link", "field"}}`: [each code](errors.md).
* Nothing that this API answers holds a token, a key, a password or a client secret.
"""


def page() -> str:
    """The page as it should be."""
    by_tag: dict[str, list[str]] = {}
    for path, methods in json.loads(FILE.read_text(encoding="utf-8"))["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation["tags"][0], []).append(_row(method, path, operation))
    return HEAD + "".join(
        f"\n## {tag}\n\n| request | parameters | |\n|---|---|---|\n{''.join(rows)}"
        for tag, rows in by_tag.items()
    )


def _row(method: str, path: str, operation: dict[str, Any]) -> str:
    asked = ", ".join(
        f"`{each['name']}`" for each in operation.get("parameters", ()) if each["in"] == "query"
    )
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if body:
        asked = ", ".join(filter(None, [asked, "a JSON body"]))
    said = " ".join(str(operation.get("description", "")).split())
    return f"| `{method.upper()} {path}` | {asked} | {said} |\n"


if __name__ == "__main__":
    PAGE.write_text(page())
