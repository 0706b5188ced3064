"""What an account says of the entries by which hooks of other providers find its credential."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_thirdparty.options import DEFAULT_EXPOSE_AS
from airflow_thirdparty.server.accounts import exposures
from airflow_thirdparty.server.accounts.exposures import Entry
from airflow_thirdparty.server.accounts.fields import SHOWN, FieldReader, wrong

if TYPE_CHECKING:
    from airflow_thirdparty.server.accounts.account import Account

WITH_LOGIN = "http-basic"
"""The entry of an account that names none, where people sign in with login and password."""

_FORMER = {
    "password": "Write 'http', or the entry made for the service's hook, such as 'github'.",
    "bearer_header": "Write 'http': it puts the Bearer token where HTTP hooks look for it.",
}

_FORMER_FIELD = (
    "Write the entry made for the service's hook; 'http-key-header' puts a key into a header that its option "
    "'header' names."
)


def entry_name(read: FieldReader, default: str, kind: str) -> str:
    """The account's own entry.

    :param read: the registration
    :param default: the preset's entry
    :param kind: how people authenticate, which the preset's entry may not suit
    :raises AccountMisconfigured: for an unknown entry
    :return: its name
    """
    value = read.extra.get("expose_as")
    if value in (None, ""):
        entry = exposures.find(default)
        return default if entry is not None and suits(entry, kind) else _usual(kind)
    if isinstance(value, str) and exposures.find(value) is not None:
        return value
    remedy = f"Choose one of: {', '.join(exposures.names())}."
    if isinstance(value, str):
        remedy = _FORMER.get(value, _FORMER_FIELD if value.startswith("extra.") else remedy)
    raise read.wrong("expose_as", f"has the unknown value {str(value)[:SHOWN]!r}", remedy)


def _usual(kind: str) -> str:
    return WITH_LOGIN if kind == "basic" else DEFAULT_EXPOSE_AS


def suits(entry: Entry, kind: str) -> bool:
    """Whether an entry is for how people authenticate.

    :param entry: the entry
    :param kind: the account's kind
    :return: whether people enter what it needs
    """
    return entry.needs_login == (kind == "basic")


def options_by_entry(read: FieldReader, default: str, kind: str) -> dict[str, dict[str, Any]]:
    """What the admin says to entries.

    :param read: the registration
    :param default: the preset's entry
    :param kind: how people authenticate
    :raises AccountMisconfigured: for an unknown entry, an unknown option or a value that does not fit
    :return: checked values, by entry and option
    """
    found: dict[str, dict[str, Any]] = {}
    own = entry_name(read, default, kind)
    for key, value in read.values("expose_options").items():
        name, _, option = key.rpartition(".")
        entry = exposures.find(name or own)
        if entry is None or option not in entry.options:
            known = ", ".join(entry.options if entry else exposures.names())
            raise read.wrong(
                "expose_options",
                f"has {key[:SHOWN]!r}, which the entry '{entry.name}' does not know"
                if entry
                else f"names the unknown entry {name[:SHOWN]!r}",
                f"Known are: {known}." if known else "It has no options.",
            )
        if not entry.options[option].accepts(value):
            raise read.wrong(
                "expose_options",
                f"has the value {str(value)[:SHOWN]!r} for {key[:SHOWN]!r}, which does not fit",
                f"{entry.options[option].about} It has to match {entry.options[option].pattern}",
            )
        found.setdefault(entry.name, {})[option] = value
    return found


def places(options: Mapping[str, Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """The options that decide where a credential goes: sign-ins are bound to them.

    :param options: as :func:`options_by_entry` returned them
    :return: values by entry and option, in order
    """
    entries = {name: exposures.find(name) for name in options}
    return tuple(
        (f"{name}.{option}", json.dumps(value))
        for name, entry in sorted(entries.items())
        for option, value in sorted(options[name].items())
        if entry is not None and entry.options[option].is_place
    )


def check_complete(account: Account, name: str = "") -> Entry:
    """Make sure that an account has all that an entry needs.

    :param account: the account
    :param name: of the entry; the account's own if none is named
    :raises AccountMisconfigured: when there is no such entry, or the account lacks something for it
    :return: the entry
    """
    field = "connection_id" if name else "expose_as"
    entry = exposures.find(name or account.expose_as)
    if entry is None:
        raise wrong(
            account.conn_id,
            field,
            f"names the unknown exposure entry {name[:SHOWN]!r}",
            f"Known are: {', '.join(exposures.names())}.",
        )
    missing = _missing(account, entry)
    if missing:
        raise wrong(account.conn_id, field, f"names the entry '{entry.name}', {missing[0]}", missing[1])
    return entry


def _missing(account: Account, entry: Entry) -> tuple[str, str] | None:
    if not suits(entry, account.kind):
        return (
            "which is for people who sign in with login and password"
            if entry.needs_login
            else "which is for a token or a key, but people sign in with login and password",
            "Choose another entry.",
        )
    if entry.needs_host and not account.host:
        return "which needs the service's host", "Enter the API base URL in the field 'host'."
    given = account.expose_options.get(entry.name, {})
    for option in entry.options.values():
        if option.is_needed and option.name not in given:
            return f"which needs the option '{option.name}'", f"{option.about} Write it into expose_options."
    return None
