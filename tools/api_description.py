"""Describes the server's API for the page: the OpenAPI document from which the page's types are generated.

``make types`` runs this as a program, and then the generator.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

FILE = Path(__file__).parents[1] / "airflow_thirdparty" / "ui" / "src" / "api" / "openapi.json"
"""Where the page's generator reads the document."""

HEAD = "Generated from the server's routes by `make types`. Do not edit."
"""What the file says first. JSON has no comments; OpenAPI allows fields of one's own (`x-`)."""

VERSION = "as of this checkout"
"""In place of the package's version: the file changes when the API does, not with each release."""


def describe() -> str:
    """The document of the real routes, as the file holds it.

    :return: JSON with a line break at its end
    """
    # Airflow settles its configuration when it is imported, so that comes after main() has chosen a home.
    from airflow_thirdparty.server.web.for_people import create_routes
    from airflow_thirdparty.server.web.routes.documents import describe as described

    document = described(create_routes())
    document["info"]["version"] = VERSION
    return json.dumps({"x-generated": HEAD, **document}, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the file, with an Airflow home that is thrown away and settings that are nobody's."""
    for name in [name for name in os.environ if name.startswith(("AIRFLOW_", "_AIRFLOW"))]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as home:
        os.environ["AIRFLOW_HOME"] = home
        FILE.write_text(describe(), encoding="utf-8")


if __name__ == "__main__":
    main()
