"""The pages as Airflow's plugin manager gets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_thirdparty import plugin_views


@pytest.mark.parametrize(
    ("base_path", "static"),
    [
        pytest.param("", "/third-party-accounts/static/", id="at the root"),
        pytest.param("/", "/third-party-accounts/static/", id="at the root, spelled with a slash"),
        pytest.param("/data/airflow", "/data/airflow/third-party-accounts/static/", id="below a path"),
        pytest.param("/airflow/", "/airflow/third-party-accounts/static/", id="below a path with a slash"),
    ],
)
def test_everything_is_loaded_from_below_base_url(base_path: str, static: str) -> None:
    for app in plugin_views.react_apps(base_path):
        assert all(app[field].startswith(static) for field in ("bundle_url", "icon", "icon_dark_mode"))


def test_each_page_has_a_place_and_a_route_of_its_own() -> None:
    apps = plugin_views.react_apps("")
    assert {app["destination"] for app in apps} == {"nav", "dag", "task_instance"}
    assert len({app["url_route"] for app in apps}) == len(apps)


def test_each_is_called_what_it_is_where_it_stands() -> None:
    labels = {app["destination"]: app["name"] for app in plugin_views.react_apps("")}
    assert labels == {"nav": "Accounts", "dag": "Accounts", "task_instance": "Account"}


def test_the_bundle_answers_to_every_name() -> None:
    """Airflow looks the component up by the page's name, and shows an error page when there is none."""
    entry = Path(plugin_views.__file__).parent / "ui" / "src" / "entrypoints" / "airflow.tsx"
    spelled = entry.read_text(encoding="utf-8").replace('"', "")
    for app in plugin_views.react_apps(""):
        assert f"\n  {app['name']}: " in spelled


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param("1a2b3c\n", "1a2b3c", id="built"),
        pytest.param(None, "unbuilt", id="not built"),
    ],
)
def test_addresses_carry_the_version_of_the_build(tmp_path: Path, content: str | None, expected: str) -> None:
    if content is not None:
        (tmp_path / "version.txt").write_text(content)
    assert plugin_views.ui_version(tmp_path) == expected
