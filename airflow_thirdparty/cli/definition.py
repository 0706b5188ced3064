"""The commands of ``airflow third-party-accounts`` and their arguments; imported with Airflow's CLI."""

from __future__ import annotations

from typing import Any

from airflow.cli.cli_config import ActionCommand, Arg, CLICommand, GroupCommand, lazy_load_command

COMMANDS = "airflow_thirdparty.cli.commands"


def _arg(*flags: str, **options: Any) -> Arg:
    return Arg(flags, **options)  # type: ignore[no-untyped-call]


ARG_JSON = _arg("--json", help="Answer as JSON, for programs", action="store_true")

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

AUDIT_DAGS = ActionCommand(
    name="audit-dags",
    help="Find public DAGs that use third-party accounts",
    description="Lists the DAGs that use third-party accounts, and which of them are public without anybody "
    "having acknowledged that. Exit status: 0 nothing found, 1 DAGs at risk found, 2 some files could not be "
    "loaded or the arguments are wrong.",
    func=lazy_load_command(f"{COMMANDS}.audit_dags.audit_dags"),
    args=(ARG_DAGS_FOLDER, ARG_ACCOUNTS, ARG_STRICT, ARG_JSON, ARG_VERBOSE),
)

ARG_ACCOUNT = _arg("account", help="Id of the account")

LIST = ActionCommand(
    name="list",
    help="List the accounts",
    description="Lists the accounts, how many people are signed in, and what is wrong with them.",
    func=lazy_load_command(f"{COMMANDS}.accounts.list_accounts"),
    args=(ARG_JSON, ARG_VERBOSE),
)

SET_SECRET = ActionCommand(
    name="set-secret",
    help="Store an account's client secret",
    description="Reads the client secret from standard input, or asks for it, and stores it sealed. The way "
    "to do so for accounts that live only in a secrets backend.",
    func=lazy_load_command(f"{COMMANDS}.accounts.set_secret"),
    args=(ARG_ACCOUNT, ARG_VERBOSE),
)

CHECK = ActionCommand(
    name="check",
    help="Check an account",
    description="Tries what can be tried without a person: the fields, the client secret, the service.",
    func=lazy_load_command(f"{COMMANDS}.accounts.check"),
    args=(ARG_ACCOUNT, ARG_VERBOSE),
)

ROTATE_KEYS = ActionCommand(
    name="rotate-keys",
    help="Seal every secret with the first Fernet key",
    description="Seals everything that belongs to third-party accounts anew with the first key in [core] "
    "fernet_key, in small batches, while tasks go on reading. Add the new key in front of the old one "
    "everywhere first; 'airflow rotate-fernet-key' does not touch these tables. Interrupted, it is resumed "
    "by running it again. Exit status: 0 done, 1 some secrets cannot be opened (they are named), 2 no key.",
    func=lazy_load_command(f"{COMMANDS}.rotate_keys.rotate_keys"),
    args=(ARG_VERBOSE,),
)

PRUNE = ActionCommand(
    name="prune",
    help="Remove what is no longer needed",
    description="Shows what would be removed; with --yes removes it. Old rows always: records of runs that "
    "'airflow db clean' has deleted, uses past [third_party_accounts] keep_uses_days, delegations to DAGs "
    "that are gone. Sign-ins only where an option says so; their tokens are revoked at the service.",
    func=lazy_load_command(f"{COMMANDS}.prune.prune"),
    args=(
        _arg("--departed", help="Sign-ins of users who are gone or deactivated", action="store_true"),
        _arg("--idle", metavar="DAYS", type=int, help="Sign-ins that nobody used for this many days"),
        _arg("--orphaned", help="Sign-ins to accounts that do not exist any more", action="store_true"),
        _arg("-y", "--yes", help="Do it", action="store_true"),
        ARG_VERBOSE,
    ),
)

SIGN_OUT = ActionCommand(
    name="sign-out",
    help="End a user's sign-ins, here and at the services",
    description="Exit status: 0 signed out, 1 there was no sign-in.",
    func=lazy_load_command(f"{COMMANDS}.sign_out.sign_out"),
    args=(
        _arg("--user", required=True, help="Name of the user"),
        _arg("--account", help="Id of the account; all accounts if left out"),
        ARG_VERBOSE,
    ),
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
                AUDIT_DAGS,
                ROTATE_KEYS,
                PRUNE,
                SIGN_OUT,
            ),
        )
    ]
