"""What README and documents point to exists: files, headings, commands (Airflow's too) and make's targets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from airflow.cli import cli_parser
from airflow.cli.cli_config import GroupCommand

from airflow_thirdparty.cli.definition import get_third_party_accounts_commands

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"airflow third-party-accounts ([a-z][a-z-]*)((?: +--?[a-z-]+)*)")
AIRFLOWS_COMMAND = re.compile(r"(?:^|[\s\"(])airflow((?: +[a-z][a-z-]*)+)(.*)")
FLAG = re.compile(r"(?<!\S)--[a-z][a-z-]*")
TARGET = re.compile(r"^make ([a-z][a-z0-9-]*)")
MADE = re.compile(r"^([a-z][a-z0-9 $()A-Z_-]*):(?!=)", re.MULTILINE)


def links(text: str) -> list[str]:
    """Every relative link, but those inside code."""
    found = LINK.findall(CODE.sub("", FENCE.sub("", text)))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors(page: Path) -> set[str]:
    """The headings of a page, as GitHub makes anchors of them."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def broken(page: Path, link: str) -> bool:
    """Whether a link of a page leads nowhere."""
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    return not target.exists() or bool(anchor and anchor not in anchors(target))


def snippets(page: Path) -> Iterator[str]:
    """The lines of code on a page, in blocks and in sentences."""
    text = page.read_text()
    for block in FENCE.findall(text):
        yield from block.splitlines()[1:-1]
    yield from CODE.findall(FENCE.sub("", text))


def make_targets() -> set[str]:
    """The targets of the Makefile, with those that a variable lists."""
    text = (ROOT / "Makefile").read_text()
    variables = dict(re.findall(r"^([A-Z_]+) :?= (.*)$", text, re.MULTILINE))
    names = " ".join(MADE.findall(text))
    return set(re.sub(r"\$\((\w+)\)", lambda found: variables.get(found[1], ""), names).split())


def commands() -> dict[str, set[str]]:
    """The flags of every command."""
    (group,) = get_third_party_accounts_commands()
    return {
        command.name: {flag for arg in command.args for flag in arg.flags}
        for command in getattr(group, "subcommands", ())
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    assert [link for link in links(page.read_text()) if broken(page, link)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist_with_their_flags(page: Path) -> None:
    known = commands()
    named = [found for line in snippets(page) for found in COMMAND.findall(line)]
    assert [name for name, _ in named if name not in known] == []
    assert [(name, flag) for name, flags in named for flag in flags.split() if flag not in known[name]] == []


def airflows(words: Sequence[str]) -> set[str] | None:
    """The flags of one of Airflow's commands; nothing where there is no such command."""
    known = cli_parser.ALL_COMMANDS_DICT
    for word in words:
        command = known.get(word)
        if not isinstance(command, GroupCommand):
            return None if command is None else {flag for arg in command.args for flag in arg.flags}
        known = {each.name: each for each in command.subcommands}
    return set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_airflow_exist_with_their_flags(page: Path) -> None:
    named = [
        (tuple(words.split()), set(FLAG.findall(rest)))
        for line in snippets(page)
        for words, rest in AIRFLOWS_COMMAND.findall(line)
    ]
    assert [words for words, _ in named if airflows(words) is None] == []
    assert [(words, flags) for words, flags in named if flags - (airflows(words) or set())] == []


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        pytest.param(("db-manager", "downgrade"), {"--to-version", "--to-revision"}, id="of a group"),
        pytest.param(("scheduler",), {"--skip-serve-logs"}, id="a command"),
        pytest.param(("db-manager", "upgrade"), None, id="none of the group"),
        pytest.param(("schedule",), None, id="none"),
    ],
)
def test_what_a_command_of_airflow_is(words: Sequence[str], flags: set[str] | None) -> None:
    found = airflows(words)
    assert found is None if flags is None else flags <= (found or set())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_targets_of_make_exist(page: Path) -> None:
    named = {found[1] for line in snippets(page) if (found := TARGET.match(line.strip()))}
    assert named - make_targets() == set()


def test_the_pages_name_commands_and_targets() -> None:
    """Or the tests above would pass for having found none."""
    lines = [line for page in PAGES for line in snippets(page)]
    assert {"prune", "sign-out", "audit-dags"} <= {
        name for line in lines for name, _ in COMMAND.findall(line)
    }
    assert {"demo", "test", "check"} <= {found[1] for line in lines if (found := TARGET.match(line))}
    assert {"demo", "unit", "interop"} <= make_targets()


@pytest.mark.parametrize(
    ("link", "is_broken"),
    [
        pytest.param("docs/hook.md", False, id="a page"),
        pytest.param("docs/no-such-page.md", True, id="no such page"),
        pytest.param("docs/acting_user.md#recorded-not-inferred", False, id="a heading"),
        pytest.param("docs/acting_user.md#guessed", True, id="no such heading"),
        pytest.param("#how-it-works", False, id="a heading of the page itself"),
        pytest.param("#how-it-fails", True, id="no such heading of the page itself"),
    ],
)
def test_what_a_broken_link_is(link: str, is_broken: bool) -> None:
    assert broken(ROOT / "README.md", link) is is_broken


def test_links_in_code_are_none() -> None:
    text = "[one](a.md), `x[0](y)`, [two](https://x.example)\n\n```\n[three](b.md)\n```\n"
    assert links(text) == ["a.md"]


EXPLAINED_BY_ITSELF = {"help", "install", "format", "clean"}


def test_readme_names_every_target() -> None:
    text = (ROOT / "Makefile").read_text()
    listed = " ".join(re.findall(r"^([a-z][a-z -]*):.*##", text, re.MULTILINE)).split()
    rows = "\n".join(line for line in (ROOT / "README.md").read_text().splitlines() if "`make " in line)
    missing = [name for name in listed if not re.search(rf"`(make )?{name}`", rows)]
    assert set(missing) <= EXPLAINED_BY_ITSELF
