"""The commands of ``airflow third-party-accounts`` and their arguments; imported with Airflow's CLI."""

from __future__ import annotations

from typing import Any

from airflow.cli.cli_config import ARG_OUTPUT, ActionCommand, Arg, CLICommand, GroupCommand, lazy_load_command
from rich.markup import escape

from airflow_thirdparty.options import KEEP_USES_DAYS, SECTION

COMMANDS = "airflow_thirdparty.cli.commands"


def _arg(*flags: str, help: str, **options: Any) -> Arg:  # noqa: A002  # argparse's own name
    return Arg(flags, help=escape(help), **options)  # type: ignore[no-untyped-call]


def _command(name: str, function: str, help: str, description: str, *args: Arg) -> ActionCommand:  # noqa: A002
    # Airflow's parser prints help as rich markup, in which [core] would be a style and vanish
    return ActionCommand(
        name=name,
        help=escape(help),
        description=escape(description),
        func=lazy_load_command(f"{COMMANDS}.{function}"),
        args=(*args, ARG_VERBOSE),
    )


ARG_VERBOSE = _arg("-v", "--verbose", help="Show log messages too", action="store_true")

ARG_DAGS_FOLDER = _arg(
    "--dags-folder",
    metavar="DIR",
    help="Look at the DAG files in this folder instead of Airflow's database, which is not needed then. "
    "The files are loaded, so what they import must be installed",
)

ARG_ACCOUNTS = _arg(
    "--accounts",
    metavar="IDS",
    help="With --dags-folder: ids of the accounts, separated by commas. Without it only the package's own "
    "hook, operators and sensors are recognised",
)

ARG_STRICT = _arg(
    "--strict",
    help="With --dags-folder: a public DAG with a connection that can only be known when it runs counts as "
    "found too",
    action="store_true",
)

ARG_ACCOUNT = _arg("account", help="Id of the account")

LIST = _command(
    "list",
    "accounts.list_accounts",
    "List the accounts",
    "Lists the accounts, how many people are signed in, and what is wrong with them.",
    ARG_OUTPUT,
)

CHECK = _command(
    "check",
    "accounts.check",
    "Check an account, or all of them",
    "Tries what can be tried without a person: the fields, the client secret, the service. Exit status: 0 "
    "all is well, 1 an account cannot be used, 2 the arguments are wrong.",
    _arg("account", nargs="?", help="Id of the account"),
    _arg("--all", help="Check every account", action="store_true"),
    ARG_OUTPUT,
)

SET_SECRET = _command(
    "set-secret",
    "accounts.set_secret",
    "Store an account's client secret",
    "Reads the client secret from standard input, or asks for it, and stores it sealed. The way to do so for "
    "accounts that live only in a secrets backend.",
    ARG_ACCOUNT,
)

SIGN_INS = _command(
    "sign-ins",
    "sign_ins.sign_ins",
    "List who is signed in",
    "Lists sign-ins: whose, to which account, how they stand, when they were made, refreshed and used. "
    "Nothing secret.",
    _arg("--account", help="Only sign-ins to this account"),
    _arg("--user", help="Only sign-ins of people of this name"),
    ARG_OUTPUT,
)

AUDIT_DAGS = _command(
    "audit-dags",
    "audit_dags.audit_dags",
    "Find public DAGs that use third-party accounts",
    "Lists the DAGs that use third-party accounts, and which of them are public without anybody having "
    "acknowledged that. Exit status: 0 nothing found, 1 DAGs at risk found, 2 some files could not be "
    "loaded or the arguments are wrong.",
    ARG_DAGS_FOLDER,
    ARG_ACCOUNTS,
    ARG_STRICT,
    ARG_OUTPUT,
)

ROTATE_KEYS = _command(
    "rotate-keys",
    "rotate_keys.rotate_keys",
    "Seal every secret with the first Fernet key",
    "Seals everything that belongs to third-party accounts anew with the first key in [core] fernet_key, in "
    "small batches, while tasks go on reading. Add the new key in front of the old one everywhere first; "
    "'airflow rotate-fernet-key' does not touch these tables. Interrupted, it is resumed by running it "
    "again. Exit status: 0 done, 1 some secrets cannot be opened (they are named), 2 no key.",
    _arg("--dry-run", help="Open everything and count, but change nothing", action="store_true"),
)

PRUNE = _command(
    "prune",
    "prune.prune",
    "Remove what is no longer needed",
    "Lists what would be removed; with --yes removes it. Old rows always: records of runs that 'airflow db "
    f"clean' has deleted, uses past [{SECTION}] {KEEP_USES_DAYS.name}, delegations to DAGs that are gone. "
    "Sign-ins only where an option says so; their tokens are revoked at the service.",
    _arg("--departed", help="Sign-ins of users who are gone or deactivated", action="store_true"),
    _arg("--idle", metavar="DAYS", type=int, help="Sign-ins that nobody used for this many days"),
    _arg("--orphaned", help="Sign-ins to accounts that do not exist any more", action="store_true"),
    _arg("-y", "--yes", help="Do it", action="store_true"),
    ARG_OUTPUT,
)

SIGN_OUT = _command(
    "sign-out",
    "sign_out.sign_out",
    "End sign-ins, here and at the services",
    "Ends those of one user, or with --all everybody's. Lists what became of each; with --dry-run, what "
    "would be ended. Exit status: 0 signed out, 1 there was no sign-in, 2 the arguments are wrong.",
    _arg("--user", help="Name of the user"),
    _arg("--all", help="Everybody's, as before an uninstall", action="store_true"),
    _arg("--account", help="Id of the account; all accounts if left out"),
    _arg("--dry-run", help="List what would be ended, but change nothing", action="store_true"),
    ARG_OUTPUT,
)


GRANT_ROLE = _command(
    "grant-role",
    "grant_role.grant_role",
    "Let the people of a role find the page",
    "Gives Flask-AppBuilder's roles what the page needs and nothing else: can read on Plugins, and can read "
    "on Third-Party Accounts. Its people then have the entry in the navigation and the tabs. Exit status: 0 "
    "done, 1 there is no such role, or the auth manager keeps its roles elsewhere.",
    _arg("role", nargs="+", help="Names of the roles"),
    ARG_OUTPUT,
)

PRESETS = _command(
    "presets",
    "presets.presets",
    "List the services known by name",
    "Lists the services known by name, with what an admin fills in and where the facts were found; with an "
    "id explains one. Exit status: 1 when there is no such id.",
    _arg("preset", metavar="ID", nargs="?", help="Id of the service"),
    ARG_OUTPUT,
)


NOTIFY = _command(
    "notify",
    "notify.notify",
    "Tell what somebody should know before it hurts",
    "Lists what was not told before: accounts that do not work with their service, delegations that end or "
    "whose sign-in ends, people who must sign in again before a DAG can act for them. Nothing is told twice; "
    "what a notifier fails to send is told the next time. To be run now and then, by cron or by a DAG.",
    _arg("--within", metavar="DAYS", type=int, default=7, help="How long before an end it is told (7)"),
    _arg("--notifier", metavar="CLASS", help="Send through this Airflow notifier, by its import path"),
    _arg(
        "--notifier-args",
        metavar="JSON",
        default="{}",
        help="What the notifier takes, as a JSON object; its templates may say {{ text }} and {{ notices }}",
    ),
    _arg(
        "--dry-run",
        help="List all there is, also what was told, and let nothing count as told",
        action="store_true",
    ),
    ARG_OUTPUT,
)


def get_third_party_accounts_commands() -> list[CLICommand]:
    """What this package adds to ``airflow``."""
    return [
        GroupCommand(
            name="third-party-accounts",
            help="Accounts with which tasks act as the person who triggered the run",
            subcommands=(
                LIST,
                CHECK,
                SET_SECRET,
                SIGN_INS,
                AUDIT_DAGS,
                ROTATE_KEYS,
                PRUNE,
                SIGN_OUT,
                GRANT_ROLE,
                NOTIFY,
                PRESETS,
            ),
        )
    ]
