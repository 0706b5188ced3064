"""What the server says by a code: every code has its sentences and all their values, in every language."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import airflow_thirdparty
from airflow_thirdparty.policies import messages
from airflow_thirdparty.policies.rules import Rules
from airflow_thirdparty.server import reasons

PACKAGE = Path(airflow_thirdparty.__file__).parent
WORDS = PACKAGE / "ui" / "src" / "words"
ENGLISH = json.loads((WORDS / "en.json").read_text("utf-8"))
LANGUAGES = sorted(path.stem for path in WORDS.glob("*.json") if path.stem != "en")
BROUGHT = {"misconfigured": {"field"}, "wrong": {"account", "field"}}
"""Values that such functions put into the sentences themselves."""

SAYERS = {"reason", "found", *BROUGHT}
"""Functions that are given a code, and values by name."""

COMPOSED = {
    *(f"hooks_{lack}" for lack in ("entry_for_login", "entry_for_token", "entry_needs_host")),
    *("hooks_entry_needs_option", "entry_for_login", "entry_for_token", "entry_needs_host"),
    *("entry_needs_option", "former_password", "former_bearer_header"),
    *(f"client_{known}{how}" for known in ("known", "unseen", "refused") for how in ("", "_wordless")),
    *("public_client", "secret_sealed", "pkce_refused", "pkce_ignored"),
}
"""Codes that the server chooses while it runs; tests of what says them go through them all."""

CASES = [
    pytest.param("not_an_address", {"account": "acme", "field": "host", "longest": "500"}, id="a field"),
    pytest.param("clock_differs", {"seconds": "90"}, id="a step of a check"),
]


def calls() -> Iterator[tuple[str, set[str], bool]]:
    """Where the server says something by a code: the code, its values, and whether there may be more."""
    for path in (PACKAGE / "server").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            literals = [each.value for each in node.args if isinstance(each, ast.Constant)]
            codes = [text for text in literals if isinstance(text, str) and text in reasons.sentences()]
            if name not in SAYERS or not codes:
                continue
            named = {keyword.arg for keyword in node.keywords if keyword.arg}
            more = any(keyword.arg is None for keyword in node.keywords)
            yield codes[-1], named | BROUGHT.get(name, set()), more


def test_every_code_is_said_and_with_all_its_values() -> None:
    said = set()
    for code, values, more in calls():
        said.add(code)
        places = {name for text in reasons.sentences()[code].values() for name in reasons.PLACE.findall(text)}
        assert more or places <= values, code
    assert reasons.sentences().keys() - said == COMPOSED - said


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_words_in(language: str) -> None:
    words = json.loads((WORDS / f"{language}.json").read_text("utf-8"))
    for code, english in reasons.sentences().items():
        for part, text in english.items():
            key = f"reasons.{code}" if part == "text" else f"reasons.{code}.remedy"
            places = reasons.PLACE.findall(text)
            assert sorted(reasons.PLACE.findall(words[key])) == sorted(places), key


@pytest.mark.parametrize(("code", "values"), CASES)
def test_a_sentence_has_its_values_in_place(code: str, values: dict[str, str]) -> None:
    said = reasons.reason(code, **values)
    assert "{" not in said.text
    assert all(value in f"{said.text} {said.remedy}" for value in values.values())


def test_a_sentence_that_lacks_a_value_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        reasons.reason("clock_differs")


def test_a_dags_warning_is_the_same_in_the_pages_dictionary() -> None:
    known = ENGLISH["warning.public_dag"].replace("{accounts}", "'acme'")
    assert known == messages.warning("'acme'")
    assert ENGLISH["warning.public_dag_at_run"] == messages.warning("")
    assert ENGLISH["warning.why"] == messages.why()


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(Rules(), id="a tag and a param"),
        pytest.param(Rules(acknowledgement_param=""), id="a tag"),
        pytest.param(Rules(acknowledgement_tag=""), id="a param"),
        pytest.param(Rules(acknowledgement_tag="", acknowledgement_param=""), id="neither"),
    ],
)
def test_how_to_acknowledge_is_the_same_in_the_pages_dictionary(rules: Rules) -> None:
    tag, param = rules.acknowledgement_tag, rules.acknowledgement_param
    ways = [
        *([ENGLISH["admin.risk.how.tag"].replace("{tag}", tag)] if tag else []),
        *([ENGLISH["admin.risk.how.param"].replace("{param}", param)] if param else []),
    ]
    either = ENGLISH["admin.risk.how.either"]
    said = either.format(one=ways[0], other=ways[1]) if len(ways) == 2 else "".join(ways)
    assert messages.how_to_acknowledge(rules) == (said or ENGLISH["admin.risk.how.none"])
