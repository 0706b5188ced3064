"""Presets that the deployment brings: a folder, an entry point, and what is wrong with them."""

from __future__ import annotations

import json
import logging
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from airflow_thirdparty import options, own_presets, settings
from airflow_thirdparty.get_provider_info import get_provider_info
from airflow_thirdparty.server.accounts.catalogue import Catalogue
from airflow_thirdparty.server.accounts.presets import PRESETS

SOURCE = {
    "page": "https://docs.acme.example/oauth",
    "date": "2026-11-29",
    "kind": "documentation",
    "facts": "all",
}
ACME: dict[str, Any] = {
    "name": "Acme",
    "authorize_url": "https://acme.example/authorize",
    "exchange_url": "https://acme.example/token",
    "userinfo_url": "https://acme.example/me",
    "sources": [SOURCE],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIRFLOW__THIRD_PARTY_ACCOUNTS__PRESETS_FOLDER", str(tmp_path))
    return tmp_path


def write(folder: Path, service: str, content: Any) -> None:
    (folder / f"{service}.json").write_text(content if isinstance(content, str) else json.dumps(content))


def catalogue() -> Catalogue:
    return Catalogue(options.PRESETS_FOLDER, settings.presets_folder)


def test_a_service_of_ones_own(folder: Path) -> None:
    write(folder, "acme", ACME)
    found = catalogue()
    assert found["acme"].name == "Acme"
    assert not found["acme"].shipped
    assert set(found) == {*PRESETS, "acme"}
    assert found.problems() == ()
    service = get_provider_info()["connection-types"][0]["conn-fields"]["service"]
    assert "acme" in service["schema"]["enum"]


def test_one_that_takes_the_place_of_another(folder: Path) -> None:
    write(folder, "github", {"extends": "github", "name": "Our GitHub", "scopes": ["gist"], "sources": []})
    found = catalogue()["github"]
    assert (found.name, found.scopes, found.shipped) == ("Our GitHub", ("gist",), False)
    assert found.exchange_url == PRESETS["github"].exchange_url


def test_a_broken_file_is_named_and_skipped(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(folder, "acme", ACME)
    write(folder, "broken", {**ACME, "headers": {"Authorization": "x"}})
    write(folder, "github", "{")
    found = catalogue()
    with caplog.at_level(logging.ERROR):
        assert found["acme"].name == "Acme"
    assert found["github"] == PRESETS["github"]
    assert "broken" not in found
    broken, github = found.problems()
    assert "broken.json" in broken
    assert "headers" in broken
    assert "github.json" in github
    assert "broken.json" in caplog.text


def test_a_folder_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__THIRD_PARTY_ACCOUNTS__PRESETS_FOLDER", "/nowhere")
    found = catalogue()
    assert list(found) == list(PRESETS)
    assert found.problems() == ("[third_party_accounts] presets_folder is no folder: /nowhere.",)


def test_a_package_brings_presets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    package = tmp_path / "site" / "acme_presets"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('nobody imports it')")
    write(package, "acme", ACME)
    write(package, "other", {**ACME, "name": "Other"})
    write(folder, "acme", {**ACME, "name": "Acme of the folder"})
    monkeypatch.syspath_prepend(str(package.parent))
    entries = [
        EntryPoint("acme", "acme_presets", own_presets.GROUP),
        EntryPoint("gone", "no_such_package", own_presets.GROUP),
    ]
    monkeypatch.setattr(own_presets, "entry_points", lambda group: entries)
    found = catalogue()
    assert (found["acme"].name, found["other"].name) == ("Acme of the folder", "Other")
    assert found.problems() == (
        "Entry point gone of airflow_thirdparty.presets names no package: no_such_package.",
    )
