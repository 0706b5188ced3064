"""Reads the entries."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from airflow_thirdparty.options import EXPOSURES
from airflow_thirdparty.server.accounts.exposures.templates import fill, names_in

_FOLDER = Path(__file__).parent

FIELDS = ("host", "port", "schema", "login", "password", "extra")
"""What an entry says of a connection, besides its type."""


@dataclass(frozen=True)
class EntryOption:
    """What an admin may say to an entry.

    :param name: as it stands in ``expose_options``
    :param about: what it is for
    :param pattern: what its value has to match
    :param is_place: whether it decides where, or how well protected, a credential travels
    :param is_needed: whether the entry cannot do without
    """

    name: str
    about: str
    pattern: str
    is_place: bool
    is_needed: bool

    def accepts(self, value: object) -> bool:
        """Whether a value may be inserted.

        :param value: as it stands in ``expose_options``
        :return: whether it matches the pattern
        """
        if isinstance(value, bool):
            value = json.dumps(value)
        return isinstance(value, (str, int)) and bool(re.fullmatch(self.pattern, str(value)))


@dataclass(frozen=True)
class Entry:
    """How one kind of hook finds its credential.

    :param name: how ``expose_as`` and ids of connections name it
    :param about: which hooks it is for
    :param conn_type: type of the connection, by which operators choose their hook
    :param templates: see :mod:`.templates`, by field of the connection
    :param options: what an admin may say, by name
    :param workers_only: names in extra that no trigger is told, since not every asynchronous hook bears them
    """

    name: str
    about: str
    conn_type: str
    templates: Mapping[str, Any]
    options: Mapping[str, EntryOption]
    workers_only: frozenset[str] = frozenset()

    @cached_property
    def needs(self) -> frozenset[str]:
        """Names of the values that it cannot do without."""
        return frozenset(name for name, is_needed in names_in(self.templates) if is_needed)

    @property
    def needs_host(self) -> bool:
        """Whether the account has to name a host."""
        return any(name.partition(".")[0] == "host" for name in self.needs)

    @property
    def needs_login(self) -> bool:
        """Whether people have to sign in with login and password."""
        return "login" in self.needs

    def connection(self, values: Mapping[str, Any], for_trigger: bool = False) -> dict[str, Any]:
        """The connection that a hook gets.

        :param values: by name
        :param for_trigger: whether it is used on a triggerer
        :raises MissingValueError: for a value that the entry needs
        :return: Airflow's fields, ``extra`` as text
        """
        filled = {**dict.fromkeys(FIELDS), **fill(self.templates, values)}
        left_out = self.workers_only if for_trigger else frozenset()
        extra = {name: value for name, value in (filled["extra"] or {}).items() if name not in left_out}
        return {"conn_type": self.conn_type, **filled, "extra": json.dumps(extra) if extra else None}


def names() -> tuple[str, ...]:
    """The names of all entries.

    :return: in the order of the alphabet
    """
    return EXPOSURES


@cache
def find(name: str) -> Entry | None:
    """Read one entry.

    :param name: its name
    :return: the entry; ``None`` when there is none of this name
    """
    if name not in EXPOSURES:
        return None
    data = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    templates = {field: data[field] for field in FIELDS if field in data}
    needed = {option for option, is_needed in names_in(templates) if is_needed}
    options = {
        option: EntryOption(
            option, said["about"], said["pattern"], said.get("place", False), f"option.{option}" in needed
        )
        for option, said in data.get("options", {}).items()
    }
    return Entry(
        name, data["about"], data["conn_type"], templates, options, frozenset(data.get("workers_only", ()))
    )
