"""docs/glossary.md gives each word of the project once, and nobody uses the ones that went."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
PACKAGE = ROOT / "airflow_thirdparty"

RETIRED = {
    "cause": "attribution",
    "causes": "attributions",
    "closed circuit": "a closed circuit lets calls through; an open one blocks",
    "duties": "housekeeping",
    "duty": "leader lease",
    "exchange url": "token endpoint",
    "gate": "circuit breaker",
    "gates": "circuit breakers",
    "in the ledger": "on record as a usage",
    "journal": "changes",
    "leash": "exit with parent",
    "ledger": "usage",
    "patience": "timeout",
    "pin": "binding, or code fingerprint",
    "pins": "bindings",
    "publicity": "public access",
    "renew": "refresh; only leases are renewed",
    "renewed": "refreshed; only leases are renewed",
    "renewing": "refreshing; only leases are renewed",
    "renews": "refreshes; only leases are renewed",
    "rests": "backs off",
    "settle": "attribute",
    "settled": "attributed",
    "standing": "user state, risk level or account status",
    "turn": "leader lease",
    "wish": "delegation request, or body",
}
"""Words that meant something here once, with the one that stands for it now."""

ALLOWED = {
    "holder renews it": "a lease is renewed",
    "renewing a lease": "a lease is renewed",
    "the lease is renewed": "a lease is renewed",
    "unless it is renewed": "the glossary on leases",
    "leases* are renewed": "the glossary on leases",
    "leases *renewed*": "the decision on words",
    "certificates are renewed": "as every operator calls it",
}
"""Where a retired word is right, in lower case, with the reason."""

PYTHON, TYPESCRIPT, PROSE = (".py",), (".ts", ".tsx", ".mjs", ".js"), (".md", ".html")
GENERATED = {"openapi.json", "schema.d.ts"}
COMMENT_OR_TEXT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*|\"[^\"\n]*\"|`[^`]*`|>[^<>{}\n]+<", re.DOTALL)
PARAMETER = re.compile(r":param \w+:")


class Word(NamedTuple):
    """A row of the glossary.

    :param word: as it is written there
    :param names: the classes it names
    """

    word: str
    names: tuple[str, ...]


def glossary() -> list[Word]:
    found = []
    for line in GLOSSARY.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] != "word" and not cells[0].startswith("---"):
            found.append(Word(cells[0], tuple(re.findall(r"`(\w+)`", cells[-1]))))
    return found


def sources() -> Iterator[Path]:
    """Everything in which people read words: package, documents, README."""
    yield ROOT / "README.md"
    yield from (ROOT / "docs").glob("*.md")
    for path in PACKAGE.rglob("*"):
        inside = path.relative_to(PACKAGE).parts
        is_made = {"node_modules", "dist", "__pycache__"} & set(inside) or path.name in GENERATED
        is_read = path.suffix in (*PYTHON, *TYPESCRIPT, *PROSE) and not path.name.endswith(".test.ts")
        if is_read and not is_made:
            yield path


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """The parts of a file that are meant for people, each with its line: no names of code."""
    text = path.read_text()
    if path.suffix in PYTHON:
        yield from python_prose(text)
    elif path.suffix in TYPESCRIPT:
        for found in COMMENT_OR_TEXT.finditer(text):
            yield text.count("\n", 0, found.start()) + 1, found.group()
    else:
        yield 1, text


def python_prose(text: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, PARAMETER.sub("", node.value)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def occurrences(word: str, text: str) -> Iterator[int]:
    """Where a word stands as a whole one, unless it is allowed there; an underscore ends a word."""
    spaced = re.sub(r"\s", " ", text.lower())
    if word not in spaced:  # most are not there, and this is quick
        return
    for found in re.finditer(rf"(?<![a-z]){re.escape(word)}(?![a-z])", spaced):
        around = spaced[max(0, found.start() - 40) : found.end() + 40]
        if not any(allowed in around for allowed in ALLOWED):
            yield found.start()


@cache
def all_prose() -> tuple[tuple[str, str], ...]:
    """``path:line`` and text of everything that people read; the glossary itself is last."""
    paths = sorted(sources(), key=lambda path: (path == GLOSSARY, path))
    return tuple((f"{path.relative_to(ROOT)}:{line}", text) for path in paths for line, text in prose(path))


@cache
def all_text() -> str:
    """Everything but the glossary, code included, as words in lower case with one space between them."""
    text = " ".join(path.read_text() for path in sources() if path != GLOSSARY)
    return re.sub(r"[\s_]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)).lower()


def classes() -> set[str]:
    trees = (ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py"))
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


@pytest.mark.parametrize("word", [pytest.param(row.word, id=row.word) for row in glossary()])
def test_a_word_of_the_glossary_is_used(word: str) -> None:
    bare = word.lower().removeprefix("to ")
    assert re.search(rf"(?<![a-z]){re.escape(bare)}(s|es|ed)?(?![a-z])", all_text()), word


def test_the_glossary_gives_each_word_once() -> None:
    words = [row.word.lower() for row in glossary()]
    assert [word for word in words if words.count(word) > 1] == []
    assert len(words) > 50


def test_the_classes_that_the_glossary_names_exist() -> None:
    known = classes()
    assert {name for row in glossary() for name in row.names if name not in known} == set()


@pytest.mark.parametrize("word", RETIRED)
def test_a_retired_word_is_gone(word: str) -> None:
    found = [
        f"{where}, character {at}: say {RETIRED[word]!r}"
        for where, text in all_prose()
        for at in occurrences(word, text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "word", "times"),
    [
        pytest.param("The ledger, once more the Ledger.", "ledger", 2, id="whole words"),
        pytest.param("third_party.cause_not_recorded", "cause", 1, id="a part of a name"),
        pytest.param("because of the cause.", "cause", 1, id="not inside another word"),
        pytest.param("Renewing a lease\nis allowed.", "renewing", 0, id="allowed"),
        pytest.param("Exchange\nURL", "exchange url", 1, id="over the end of a line"),
    ],
)
def test_how_a_word_is_found(text: str, word: str, times: int) -> None:
    assert len(list(occurrences(word, text))) == times


def test_names_of_code_are_no_prose() -> None:
    text = "renew = 1  # a comment\n\ndef standing(rest):\n    '''Text. :param rest: what'''\n"
    assert [said for _, said in python_prose(text)] == ["Text.  what", "# a comment"]
