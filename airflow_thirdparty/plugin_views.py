"""The pages we add to Airflow's own: data for the plugin's ``react_apps``."""

from __future__ import annotations

from pathlib import Path

from airflow_thirdparty.wire import WEB_PREFIX

STATIC_FOLDER = Path(__file__).parent / "ui" / "dist"
"""What the browser gets; served at :data:`WEB_PREFIX` ``/static``."""

DAG_TAB_ROUTE = "dag-third-party-accounts"
"""Last part of the address of a DAG's tab: ``dags/{dag_id}/plugin/<this>``."""


def ui_version(folder: Path = STATIC_FOLDER) -> str:
    """Version of the built pages, which their addresses carry so that browsers drop old ones.

    :param folder: where the build is
    :return: ``unbuilt`` when there is no build
    """
    try:
        return (folder / "version.txt").read_text().strip()
    except OSError:
        return "unbuilt"


def react_apps(base_path: str) -> list[dict[str, str]]:
    """Describe our three pages as Airflow's plugin manager wants them.

    A bundle assigns each component to a global named as the page, so the names here are those in
    ``ui/src/entrypoints/airflow.tsx``. The page and the DAG's tab have the same name, because it is what
    people read there; one component tells them apart. The addresses include the path of
    ``[api] base_url``, because Airflow 3.2 does not resolve relative ones.

    :param base_path: path of ``[api] base_url``, ``""`` or ``"/"`` when it has none
    :return: entries of ``react_apps``
    """
    static = f"{base_path.rstrip('/')}{WEB_PREFIX}/static"
    version = ui_version()
    shared = {
        "bundle_url": f"{static}/main.js?v={version}",
        "icon": f"{static}/icon-light.svg?v={version}",
        "icon_dark_mode": f"{static}/icon-dark.svg?v={version}",
    }
    return [
        {**shared, "name": "Accounts", "url_route": "third-party-accounts", "destination": "nav"},
        {**shared, "name": "Accounts", "url_route": DAG_TAB_ROUTE, "destination": "dag"},
        {
            **shared,
            "name": "Account",
            "url_route": "task-third-party-account",
            "destination": "task_instance",
        },
    ]
