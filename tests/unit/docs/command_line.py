"""Writes `docs/command_line.md` from the commands' own help: `python -m tests.unit.docs.command_line`."""

from __future__ import annotations

import re
from pathlib import Path

from airflow.cli.cli_config import ActionCommand, Arg

from airflow_thirdparty.cli.definition import get_third_party_accounts_commands

PAGE = Path(__file__).parents[3] / "docs" / "command_line.md"

HEAD = """\
# Command line

`airflow third-party-accounts COMMAND`, wherever Airflow has its database and its Fernet keys.
`COMMAND --help` says the same as this page.

* What lists something takes Airflow's own `-o table|json|yaml|plain`. The listing goes to standard output;
  remarks and progress go to standard error. A table has at most 1,000 rows, the other forms have all.
* Exit status, where a command says nothing else: 0 done, 1 there is something to look at, 2 it could not be
  done. Before `airflow db migrate` that is a sentence and not a traceback.
* `-v` shows log messages too.

`airflow connections add` and `import` refuse an account that cannot be used with a sentence and status 1. One
thing comes later than Airflow's *Successfully added*: that a client secret cannot be kept, because
`[core] fernet_key` is empty.
"""


def commands() -> list[ActionCommand]:
    """All commands of the group."""
    (group,) = get_third_party_accounts_commands()
    return [command for command in getattr(group, "subcommands", ()) if isinstance(command, ActionCommand)]


def page() -> str:
    """The page as it should be."""
    return HEAD + "".join(_section(command) for command in commands())


def _section(command: ActionCommand) -> str:
    text = f"\n## {command.name}\n\n{command.help}. {_plain(command.description)}\n"
    rows = [_row(arg) for arg in command.args if not {"--verbose", "--output"} & set(arg.flags)]
    return text + ("\n| argument | |\n|---|---|\n" + "".join(rows) if rows else "")


def _row(arg: Arg) -> str:
    names = ", ".join(f"`{flag}{_value(flag, arg)}`" for flag in arg.flags)
    return f"| {names} | {_plain(arg.kwargs.get('help')).replace('|', chr(92) + '|')} |\n"


def _value(flag: str, arg: Arg) -> str:
    if not flag.startswith("--") or "action" in arg.kwargs:
        return ""
    return f" {arg.kwargs.get('metavar') or flag.strip('-').replace('-', '_').upper()}"


def _plain(text: str | None) -> str:
    """A help text as a person wrote it, without what escapes rich's markup."""
    return re.sub(r"\\(\[)", r"\1", text or "")


if __name__ == "__main__":
    PAGE.write_text(page())
