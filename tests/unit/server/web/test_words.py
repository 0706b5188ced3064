"""Which language a page is in, by what the browser asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_thirdparty.server.web import words


@pytest.fixture(autouse=True)
def dictionaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a build leaves: English, German, Arabic and a language of a region."""
    folder = tmp_path / "words"
    folder.mkdir()
    for code, direction in {"en": "ltr", "de": "ltr", "ar": "rtl", "zh-CN": "ltr"}.items():
        text = {
            "direction": direction,
            "greeting": f"{code}: {{name}}",
            **({"only": "x"} if code == "en" else {}),
        }
        (folder / f"{code}.json").write_text(json.dumps(text))
    monkeypatch.setattr(words, "STATIC_FOLDER", tmp_path)
    words._codes.cache_clear()
    words._dictionary.cache_clear()
    yield
    words._codes.cache_clear()
    words._dictionary.cache_clear()


@pytest.mark.parametrize(
    ("header", "code"),
    [
        pytest.param(None, "en", id="nothing is asked"),
        pytest.param("", "en", id="nothing is said"),
        pytest.param("de", "de", id="one"),
        pytest.param("de-CH, en;q=0.5", "de", id="one of a region that has none of its own"),
        pytest.param("zh-cn", "zh-CN", id="one of a region, in other letters"),
        pytest.param("zh-TW", "en", id="another region's"),
        pytest.param("sv, ar;q=0.9, de;q=0.8", "ar", id="the first that is there"),
        pytest.param("de;q=0.1, ar;q=0.9", "ar", id="the one that is liked best"),
        pytest.param("de;q=0, *", "en", id="one that is refused"),
        pytest.param("de;q=x", "en", id="nonsense"),
        pytest.param(",,;;=", "en", id="more nonsense"),
        pytest.param("../../secrets, de", "de", id="a path"),
        pytest.param(", ".join(["xx"] * 5000) + ", de", "en", id="more than anybody reads"),
    ],
)
def test_the_language_that_is_asked_for(header: str | None, code: str) -> None:
    assert words.asked(header).code == code


def test_its_direction_and_its_words() -> None:
    arabic = words.asked("ar")
    assert arabic.direction == "rtl"
    assert arabic.say("greeting", name="<b>{name}") == "ar: <b>{name}"
    assert arabic.say("only") == "x", "English where it lacks one"
    assert arabic.say("nowhere") == "nowhere"
