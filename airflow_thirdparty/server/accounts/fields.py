"""Reads single fields of a registration; each complaint names the field and the remedy."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

from airflow_thirdparty import settings
from airflow_thirdparty.account_form import EXTRA_NAMES
from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.protocol import PROTOCOL_PARAMETERS
from airflow_thirdparty.server.reasons import misconfigured
from airflow_thirdparty.urls import DEFAULT_PORTS, SERVICE_PORTS, with_port
from airflow_thirdparty.wire import MAX_LIFETIME

_VISIBLE = re.compile(r"[!-~]+")

LONGEST_URL = 500
"""Characters: as long as the columns in which addresses are kept."""

YEAR = 365 * 24 * 3600
"""Seconds: the most that lifetimes of tokens are told in."""

LAST_PORT = 65535
"""RFC 9293 section 3.1: ports are numbers of 16 bits."""

_CLEAR = ("http", "ftp")
"""Schemes that never encrypt; other services' hooks encrypt as their entry says."""

SHOWN = 60
"""Characters of a wrong value that a complaint repeats: enough to find it, little enough for a log line."""

Word = TypeVar("Word", bound=str)


def wrong(conn_id: str, field_name: str, code: str, /, **values: str) -> AccountMisconfigured:
    """The complaint about a field.

    :param conn_id: id of the account
    :param field_name: the connection's attribute, or the key in its extra
    :param code: what is wrong, and what to do
    :param values: what else stands in the words for it
    :return: the error, to be raised
    """
    return misconfigured(code, field_name, account=conn_id, **values)


def shown(value: object) -> str:
    """A wrong value as a complaint repeats it.

    :param value: what was entered
    :return: its beginning, in quotes
    """
    return repr(str(value)[:SHOWN])


def read_extra(conn_id: str, text: str | None) -> dict[str, Any]:
    """The connection's extra.

    :param conn_id: id of the account
    :param text: JSON as it is stored; nothing is the same as an empty object
    :raises AccountMisconfigured: when it is no JSON object, or has a field that accounts do not have
    :return: the fields, not yet checked
    """
    if not text:
        return {}
    try:
        extra = json.loads(text)
    except (ValueError, RecursionError):
        extra = None
    if not isinstance(extra, dict):
        raise wrong(conn_id, "extra", "extra_not_json")
    unknown = sorted(extra.keys() - set(EXTRA_NAMES))
    if unknown:
        raise wrong(conn_id, unknown[0][:SHOWN], "unknown_field", known=", ".join(EXTRA_NAMES))
    return extra


def with_scheme(host: str | None) -> str | None:
    """The connection's host as an address.

    :param host: with or without scheme
    :return: with ``https://`` where no scheme was written; ``None`` for nothing
    """
    if host and "://" not in host:
        return f"https://{host}"
    return host or None


def whole_host(conn_id: str, host: str | None, port: int | None) -> str | None:
    """The connection's host and port as one address: a port that was written is never left out.

    :param conn_id: id of the account, for complaints
    :param host: with or without scheme
    :param port: ``None`` where none stands beside the host
    :raises AccountMisconfigured: when there is no such port, no host that it belongs to, or the host names
        another one
    :return: the address, not yet checked; ``None`` for nothing
    """
    address = with_scheme(host)
    if port is None:
        return address
    if not 0 < port <= LAST_PORT:
        raise wrong(conn_id, "port", "port_number", last=str(LAST_PORT))
    if address is None:
        raise wrong(conn_id, "port", "port_alone")
    try:
        return with_port(address, port)
    except ValueError:
        raise wrong(conn_id, "port", "two_ports") from None


def refuse_schema(conn_id: str, schema: str | None) -> None:
    """Refuse what would otherwise be lost: the path of a connection's URI stands there.

    :param conn_id: id of the account, for complaints
    :param schema: the connection's schema
    :raises AccountMisconfigured: when there is one
    """
    if schema:
        raise wrong(conn_id, "schema", "schema_unused")


@dataclass(frozen=True)
class FieldReader:
    """Reads the fields of one registration.

    :param conn_id: id of the account, for complaints
    :param extra: what :func:`read_extra` returned
    """

    conn_id: str
    extra: Mapping[str, Any]

    def choice(self, name: str, choices: tuple[Word, ...], default: Word) -> Word:
        """One of several words.

        :param name: of the field
        :param choices: the words it may be
        :param default: what an empty field means
        :raises AccountMisconfigured: for any other word
        :return: the word
        """
        value = self.extra.get(name) or default
        for known in choices:
            if value == known:
                return known
        raise self.wrong(name, "unknown_value", value=shown(value), choices=", ".join(choices))

    def url(self, name: str, default: str | None) -> str | None:
        """The address of an endpoint that stands in the extra.

        :param name: of the field
        :param default: what an empty field means
        :raises AccountMisconfigured: see :meth:`address`
        :return: the address; ``None`` for nothing
        """
        return self.address(name, self.extra.get(name) or default)

    def host(self, value: object) -> str | None:
        """The address of the service itself, which may be a database or a mail or file server.

        :param value: what was entered
        :raises AccountMisconfigured: see :meth:`address`
        :return: the address as it was entered; ``None`` for nothing
        """
        return self.address("host", value, SERVICE_PORTS)

    def address(self, name: str, value: object, schemes: Collection[str] = DEFAULT_PORTS) -> str | None:
        """An address that may receive a credential.

        :param name: of the field, for complaints
        :param value: what was entered
        :param schemes: with which it may begin; those of HTTP if none are named
        :raises AccountMisconfigured: when it is no address, has a part that does not belong there, or is not
            encrypted though it leaves this machine
        :return: the address as it was entered; ``None`` for nothing
        """
        if value in (None, ""):
            return None
        longest = str(LONGEST_URL)
        if not isinstance(value, str) or not _VISIBLE.fullmatch(value) or len(value) > LONGEST_URL:
            raise self.wrong(name, "not_an_address", longest=longest)
        try:
            parts = urlsplit(value)
            port_is_fine = parts.port is None or parts.port > 0
        except ValueError:
            raise self.wrong(name, "not_an_address", longest=longest) from None
        if parts.scheme not in schemes or not parts.hostname or not port_is_fine:
            raise self.wrong(name, "not_an_address", longest=longest)
        if parts.username is not None or parts.password is not None or "#" in value or "\\" in value:
            raise self.wrong(name, "address_part", longest=longest)
        if parts.scheme in _CLEAR and not _is_here(parts) and not settings.allow_http():
            raise self.wrong(name, "not_encrypted")
        return value

    def words(self, name: str) -> tuple[str, ...] | None:
        """Words separated by spaces or commas, or a JSON list.

        :param name: of the field
        :raises AccountMisconfigured: for anything else
        :return: each word once, in the order they were entered; ``None`` for nothing
        """
        value = self.extra.get(name)
        if value in (None, "", []):
            return None
        if isinstance(value, str):
            value = value.replace(",", " ").split()
        if not isinstance(value, list) or not all(isinstance(word, str) and word for word in value):
            raise self.wrong(name, "not_words")
        return tuple(dict.fromkeys(value))

    def parameters(self, name: str) -> dict[str, str]:
        """Further parameters of the authorization request.

        :param name: of the field
        :raises AccountMisconfigured: when it is no JSON object of texts, or sets a parameter that protects
            the sign-in
        :return: values by parameter
        """
        value = self.extra.get(name)
        if isinstance(value, str):
            value = _parsed(value) if value.strip() else None
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise self.wrong(name, "not_texts")
        for reserved in sorted(key for key in value if key.strip().lower() in PROTOCOL_PARAMETERS):
            raise self.wrong(name, "protects_sign_in", parameter=reserved)
        return dict(value)

    def values(self, name: str) -> dict[str, Any]:
        """Values by name.

        :param name: of the field
        :raises AccountMisconfigured: when it is no JSON object
        :return: the object, its values not yet checked
        """
        value = self.extra.get(name)
        if isinstance(value, str):
            value = _parsed(value) if value.strip() else None
        if value is not None and not isinstance(value, dict):
            raise self.wrong(name, "not_an_object")
        return dict(value or {})

    def seconds(self, name: str, default: int, at_most: int = MAX_LIFETIME) -> int:
        """A number of seconds.

        :param name: of the field
        :param default: what an empty field means, in seconds
        :param at_most: the largest number; a day if none is named
        :raises AccountMisconfigured: for anything but a whole number from 0 to that
        :return: seconds
        """
        value = self.extra.get(name)
        if value in (None, ""):
            return default
        text = str(value)
        fits = len(text) <= len(str(at_most)) and text.isascii() and text.isdecimal()
        seconds = int(text) if fits else -1
        if not 0 <= seconds <= at_most:
            raise self.wrong(name, "not_seconds", most=str(at_most), default=str(default))
        return seconds

    def wrong(self, field_name: str, code: str, /, **values: str) -> AccountMisconfigured:
        """The complaint about a field, see :func:`wrong`.

        :param field_name: of the field
        :param code: what is wrong, and what to do
        :param values: what else stands in the words for it
        :return: the error, to be raised
        """
        return wrong(self.conn_id, field_name, code, **values)


def _parsed(text: str) -> Any:
    """What a JSON text holds; 0, which no field accepts, when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return 0


def _is_here(parts: SplitResult) -> bool:
    host = (parts.hostname or "").lower()
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
