"""What an account says of the entries by which hooks of other providers find its credential."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.options import DEFAULT_EXPOSE_AS
from airflow_thirdparty.server.accounts import exposures
from airflow_thirdparty.server.accounts.exposures import Entry
from airflow_thirdparty.server.accounts.fields import FieldReader, shown, wrong
from airflow_thirdparty.server.reasons import Values

if TYPE_CHECKING:
    from airflow_thirdparty.server.accounts.account import Account

WITH_LOGIN = "http-basic"
"""The entry of an account that names none, where people sign in with login and password."""

_FORMER = {"password": "former_password", "bearer_header": "former_bearer_header"}
"""What is said of words that an account had here before there were entries."""


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
    if isinstance(value, str) and value in _FORMER:
        raise read.wrong("expose_as", _FORMER[value], value=shown(value))
    if isinstance(value, str) and value.startswith("extra."):
        raise read.wrong("expose_as", "former_extra", value=shown(value))
    raise read.wrong("expose_as", "unknown_entry", value=shown(value), choices=", ".join(exposures.names()))


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
        if entry is None:
            known = ", ".join(exposures.names())
            raise read.wrong("expose_options", "option_of_unknown_entry", entry=shown(name), known=known)
        if option not in entry.options:
            raise _unknown_option(read, key, entry)
        if not entry.options[option].accepts(value):
            raise read.wrong(
                "expose_options",
                "option_unfit",
                value=shown(value),
                option=shown(key),
                about=entry.options[option].about,
                pattern=str(entry.options[option].pattern),
            )
        found.setdefault(entry.name, {})[option] = value
    return found


def _unknown_option(read: FieldReader, key: str, entry: Entry) -> AccountMisconfigured:
    if not entry.options:
        return read.wrong("expose_options", "no_options", option=shown(key), entry=entry.name)
    known = ", ".join(entry.options)
    return read.wrong("expose_options", "unknown_option", option=shown(key), entry=entry.name, known=known)


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
        known = ", ".join(exposures.names())
        raise wrong(account.conn_id, field, "no_such_entry", entry=shown(name), known=known)
    lack = _lack(account, entry)
    if lack is not None:
        code, values = lack
        raise wrong(account.conn_id, field, code, entry=entry.name, **values)
    return entry


def _lack(account: Account, entry: Entry) -> tuple[str, Values] | None:
    """What an account lacks for an entry: the code, and what else stands in the words for it."""
    if not suits(entry, account.kind):
        return "entry_for_login" if entry.needs_login else "entry_for_token", {}
    if entry.needs_host and not account.host:
        return "entry_needs_host", {}
    given = account.expose_options.get(entry.name, {})
    for option in entry.options.values():
        if option.is_needed and option.name not in given:
            return "entry_needs_option", {"option": option.name, "about": option.about}
    return None
