"""What ``--help`` prints is what is written, brackets and all."""

from __future__ import annotations

import re

import pytest
from airflow.cli import cli_parser
from airflow.cli.cli_config import ActionCommand, GroupCommand

from airflow_thirdparty.cli import definition

(GROUP,) = definition.get_third_party_accounts_commands()
assert isinstance(GROUP, GroupCommand)
COMMANDS = [command for command in GROUP.subcommands if isinstance(command, ActionCommand)]


def printed_help(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit):
        cli_parser.get_parser().parse_args(["third-party-accounts", *words, "--help"])
    return " ".join(capsys.readouterr().out.split())


def written(text: str | None) -> str:
    """A help text as a person wrote it, before rich's markup was escaped."""
    return " ".join(re.sub(r"\\(\[)", r"\1", text or "").split())


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_help_is_printed_to_the_letter(
    command: ActionCommand, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = printed_help(monkeypatch, capsys, command.name)
    assert written(command.description) in shown
    for arg in command.args:
        assert written(arg.kwargs["help"]) in shown


@pytest.mark.parametrize(
    ("command", "words"),
    [
        pytest.param("rotate-keys", "in [core] fernet_key", id="rotate-keys"),
        pytest.param("prune", "past [third_party_accounts] keep_uses_days", id="prune"),
    ],
)
def test_an_option_keeps_its_section(
    command: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in printed_help(monkeypatch, capsys, command)


def test_the_group_lists_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = printed_help(monkeypatch, capsys)
    for command in COMMANDS:
        assert f"{command.name} {written(command.help)}" in shown


@pytest.mark.parametrize(
    "name", ["list", "check", "sign-ins", "audit-dags", "prune", "sign-out", "grant-role"]
)
def test_what_lists_takes_airflows_own_output_option(name: str) -> None:
    parser = cli_parser.get_parser()
    more = {"sign-out": ["--user", "alice"], "grant-role": ["Viewer"]}
    words = ["third-party-accounts", name, *more.get(name, [])]
    assert parser.parse_args(words).output == "table"
    for output in ("table", "json", "yaml", "plain"):
        assert parser.parse_args([*words, "-o", output]).output == output
