"""One API server process with one worker: with this package, or as Airflow is without it."""

from __future__ import annotations

import sys


def without_us() -> None:
    """Leave our plugin out, as if the package were not installed."""
    from airflow import plugins_manager

    loaded = plugins_manager._get_plugins

    def others() -> tuple[list[object], dict[str, str]]:
        plugins, errors = loaded()
        return [plugin for plugin in plugins if plugin.name != "third_party_accounts"], errors

    plugins_manager._get_plugins = others


def main(port: int, kind: str) -> None:
    import uvicorn

    if kind == "vanilla":
        without_us()
    from airflow.api_fastapi.app import create_app

    app = create_app()
    has_us = any(getattr(route, "path", "") == "/third-party-accounts" for route in app.routes)
    assert has_us is (kind != "vanilla"), f"the {kind} server is not what it should be"
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
