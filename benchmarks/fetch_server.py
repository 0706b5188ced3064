"""One API server process with one worker: with this package, or as Airflow is without it."""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.metadata
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

OURS = "airflow-thirdparty"


def without_us() -> None:
    """Leave our package out, as if it were not installed: plugin, policies and provider are found by it."""
    found = [importlib.metadata]
    with contextlib.suppress(ImportError):
        found.append(importlib.import_module("importlib_metadata"))  # what Airflow uses on older Pythons
    for module in found:
        module.distributions = functools.partial(_others, module.distributions)  # type: ignore[attr-defined]


def _others(distributions: Callable[..., Iterable[Any]], **criteria: Any) -> Iterator[Any]:
    return (each for each in distributions(**criteria) if each.metadata["Name"] != OURS)


def main(port: int, kind: str) -> None:
    import uvicorn

    if kind == "vanilla":
        without_us()
    from airflow.api_fastapi.app import create_app

    app = create_app()
    has_us = any(getattr(route, "path", "") == "/third-party-accounts" for route in app.routes)
    loaded = any(name.partition(".")[0] == "airflow_thirdparty" for name in sys.modules)
    assert has_us is loaded is (kind != "vanilla"), f"the {kind} server is not what it should be"
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
