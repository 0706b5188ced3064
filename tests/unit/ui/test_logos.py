"""What others made: services' logos, drawings alone and named in NOTICE; libraries, with their licences."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from airflow_thirdparty.plugin_views import STATIC_FOLDER
from airflow_thirdparty.server.accounts.catalogue import PRESETS

ROOT = Path(__file__).parents[3]
LOGOS = ROOT / "airflow_thirdparty" / "ui" / "public" / "logos"
DRAWING = re.compile(
    r'<svg xmlns="http://www\.w3\.org/2000/svg" viewBox="0 0 24 24">'
    r'<path(?: fill="#[0-9a-f]{6}")? d="[-MmLlHhVvCcSsQqTtAaZz0-9., ]+"/></svg>\n'
)


@pytest.mark.parametrize("logo", sorted(LOGOS.iterdir()), ids=lambda logo: str(logo.stem))
def test_a_logo(logo: Path) -> None:
    assert DRAWING.fullmatch(logo.read_text(encoding="utf-8")), "a drawing, and nothing that could run"
    assert logo.stem in {preset.icon or preset.id for preset in PRESETS.values()}
    assert (STATIC_FOLDER / "logos" / logo.name).read_bytes() == logo.read_bytes()


def test_the_notice_names_all_of_them() -> None:
    named = re.findall(r"^  (\w+\.svg): .+, after https?://", (ROOT / "NOTICE").read_text(), re.MULTILINE)
    assert named == sorted(logo.name for logo in LOGOS.iterdir())


@pytest.mark.parametrize(
    ("script", "libraries"),
    [
        pytest.param("page", ["preact", "@chakra-ui/react", "@tanstack/react-query"], id="by itself"),
        pytest.param("main", ["@tanstack/react-query"], id="inside Airflow"),
    ],
)
def test_the_libraries_in_a_script_have_their_licences_beside_it(script: str, libraries: list[str]) -> None:
    licences = (STATIC_FOLDER / f"licenses-{script}.md").read_text(encoding="utf-8")
    assert [name for name in libraries if f"## {name} - " not in licences] == []
    assert "MIT" in licences
