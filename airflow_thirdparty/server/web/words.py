"""The words of the pages that the server itself writes, in the language that the browser asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from airflow_thirdparty.plugin_views import STATIC_FOLDER

ENGLISH = "en"

MOST_ASKED = 10
"""Languages that are looked at: nobody reads more, and a header may hold thousands."""


@dataclass(frozen=True)
class Language:
    """A language there is a dictionary for.

    :param code: as browsers name it
    :param direction: ``ltr`` or ``rtl``
    """

    code: str
    direction: str

    def say(self, key: str, **values: str) -> str:
        """A text with its values in place.

        :param key: of the text
        :param values: what stands in it
        :return: the English text where the language lacks it; the key where nothing was built
        """
        text = str(_dictionary(self.code).get(key) or _dictionary(ENGLISH).get(key) or key)
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def told(self, code: str, message: str, remedy: str) -> tuple[str, str]:
        """What an error says, by its code where this language has words for it.

        :param code: of the error
        :param message: what happened, in English
        :param remedy: what to do about it, in English
        :return: both
        """
        if self.code == ENGLISH:
            return message, remedy
        words = _dictionary(self.code)
        return str(words.get(f"errors.{code}", message)), str(words.get(f"errors.{code}.remedy", remedy))


def asked(header: str | None) -> Language:
    """The first language of a browser's that there is a dictionary for (RFC 9110 section 12.5.4).

    :param header: its ``Accept-Language``
    :return: English when there is none
    """
    known = {code.lower(): code for code in _codes()}
    for wanted in _ranked(header or ""):
        for name in (wanted, wanted.partition("-")[0]):
            if name in known:
                return _language(known[name])
    return _language(ENGLISH)


def _ranked(header: str) -> list[str]:
    ranges = []
    for part in header.split(",")[:MOST_ASKED]:
        name, _, quality = part.strip().lower().partition(";")
        ranges.append((_quality(quality), name.strip()))
    return [name for quality, name in sorted(ranges, key=lambda each: -each[0]) if quality > 0]


def _quality(text: str) -> float:
    try:
        return float(text.strip().removeprefix("q=")) if text.strip() else 1.0
    except ValueError:
        return 0.0


def _language(code: str) -> Language:
    return Language(code, "rtl" if _dictionary(code).get("direction") == "rtl" else "ltr")


@cache
def _codes() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (STATIC_FOLDER / "words").glob("*.json")))


@cache
def _dictionary(code: str) -> Mapping[str, Any]:
    try:
        words: Mapping[str, Any] = json.loads((STATIC_FOLDER / "words" / f"{code}.json").read_text("utf-8"))
    except OSError:  # the page was not built into this installation, which it says itself
        return {}
    return words
