"""``airflow third-party-accounts presets``."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

import pytest

from airflow_thirdparty.cli.commands.presets import presets
from airflow_thirdparty.server.accounts.presets import PRESETS


def answered(capsys: pytest.CaptureFixture[str], output: str, preset: str | None = None) -> str:
    presets(Namespace(preset=preset, output=output, verbose=False))
    return capsys.readouterr().out


def test_the_list_is_for_programs_too(capsys: pytest.CaptureFixture[str]) -> None:
    found: list[dict[str, Any]] = json.loads(answered(capsys, "json"))
    assert [each["id"] for each in found] == list(PRESETS)
    assert len(found) >= 84
    addresses = {"authorize_url", "exchange_url", "refresh_url", "userinfo_url", "revoke_url", "issuer"}
    assert all(addresses | {"id", "tenant", "source"} <= each.keys() for each in found)
    by_id = {each["id"]: each for each in found}
    assert by_id["figma"]["refresh_url"] == "https://api.figma.com/v1/oauth/refresh"
    assert by_id["zendesk"]["tenant"]["domain"]["example"] == "acme"


@pytest.mark.parametrize("output", ["table", "plain", "yaml"])
def test_the_list_is_for_people(capsys: pytest.CaptureFixture[str], output: str) -> None:
    text = answered(capsys, output)
    assert "github" in text
    assert "zendesk" in text


@pytest.mark.parametrize("output", ["table", "plain", "yaml", "json"])
def test_one_is_explained(capsys: pytest.CaptureFixture[str], output: str) -> None:
    text = answered(capsys, output, "tiktok")
    assert "client_key" in text
    assert "zendesk" not in text


def test_a_former_id_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(answered(capsys, "json", "twitter"))[0]["id"] == "x"


def test_an_id_that_there_is_not() -> None:
    with pytest.raises(SystemExit, match="githup"):
        presets(Namespace(preset="githup", output="table", verbose=False))
