"""Reads single fields of a registration; each complaint names the field and the remedy."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

from airflow_thirdparty import settings
from airflow_thirdparty.exceptions import AccountMisconfigured

_VISIBLE = re.compile(r"[!-~]+")

LONGEST_URL = 500
"""As long as the columns in which addresses are kept."""

OUR_PARAMETERS = frozenset(
    {
        "client_id",
        "client_secret",
        "code_challenge",
        "code_challenge_method",
        "nonce",
        "redirect_uri",
        "request",
        "request_uri",
        "response_mode",
        "response_type",
        "scope",
        "state",
    }
)
"""Parameters that protect an authorization request or replace it (RFC 9101): no registration sets them."""

PLACES = ("password", "bearer_header")
"""Where a foreign hook may look for its credential, besides ``extra.<field>``."""

EXTRA_PLACE = re.compile(r"extra\.([A-Za-z][A-Za-z0-9_]{0,60})")
"""How ``expose_as`` names a field of the extra."""


def wrong(conn_id: str, field_name: str, what: str, remedy: str) -> AccountMisconfigured:
    """The complaint about a field."""
    return AccountMisconfigured(
        f"Account '{conn_id}': field '{field_name}' {what}.", remedy, field=field_name
    )


def read_extra(conn_id: str, text: str | None, known: Collection[str]) -> dict[str, Any]:
    """The connection's extra.

    :param known: the fields it may have
    """
    if not text:
        return {}
    try:
        extra = json.loads(text)
    except (ValueError, RecursionError):
        extra = None
    if not isinstance(extra, dict):
        raise wrong(conn_id, "extra", "is not a JSON object", 'Write it like {"service": "github"}.')
    unknown = sorted(extra.keys() - set(known))
    if unknown:
        raise wrong(
            conn_id,
            unknown[0][:60],
            "is not a field of a third-party account",
            f"Known fields are: {', '.join(known)}. Secrets belong into the password field.",
        )
    return extra


def read_choice(conn_id: str, extra: dict[str, Any], name: str, choices: Sequence[str], default: str) -> str:
    """One of several words."""
    value = extra.get(name) or default
    if value not in choices:
        raise wrong(
            conn_id,
            name,
            f"has the unknown value {str(value)[:60]!r}",
            f"Choose one of: {', '.join(choices)}.",
        )
    return str(value)


def with_scheme(host: str | None) -> str | None:
    """The connection's host as an address."""
    if host and "://" not in host:
        return f"https://{host}"
    return host or None


def read_url(conn_id: str, name: str, value: object) -> str | None:
    """An address that may receive a credential."""
    if value in (None, ""):
        return None
    remedy = (
        "Write the whole address, like https://service.example/path, without user name or fragment, at most "
        f"{LONGEST_URL} characters of ASCII (xn-- for other letters)."
    )
    if not isinstance(value, str) or not _VISIBLE.fullmatch(value) or len(value) > LONGEST_URL:
        raise wrong(conn_id, name, "is not an address", remedy)
    try:
        parts = urlsplit(value)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise wrong(conn_id, name, "is not an address", remedy) from None
    if parts.scheme not in ("https", "http") or not parts.hostname or not port_is_fine:
        raise wrong(conn_id, name, "is not an address", remedy)
    if parts.username is not None or parts.password is not None or "#" in value or "\\" in value:
        raise wrong(conn_id, name, "has a part that an address here must not have", remedy)
    if parts.scheme == "http" and not _is_here(parts) and not settings.allow_http():
        raise wrong(
            conn_id,
            name,
            "is not encrypted, so whoever listens on the way could read everybody's tokens",
            "Write an https address. In a closed test network, set [third_party_accounts] allow_http.",
        )
    return value


def _is_here(parts: SplitResult) -> bool:
    host = (parts.hostname or "").lower()
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def read_words(conn_id: str, extra: dict[str, Any], name: str) -> tuple[str, ...] | None:
    """Words separated by spaces or commas, or a JSON list."""
    value = extra.get(name)
    if value in (None, "", []):
        return None
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    if not isinstance(value, list) or not all(isinstance(word, str) and word for word in value):
        raise wrong(
            conn_id, name, "is not a list of words", "Separate the words by spaces, or use a JSON list."
        )
    return tuple(dict.fromkeys(value))


def read_parameters(conn_id: str, extra: dict[str, Any]) -> dict[str, str]:
    """Further parameters of the authorization request."""
    name = "authorize_params"
    value = extra.get(name)
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = 0
    if value is None or value == "" or (isinstance(value, str) and not value.strip()):
        return {}
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise wrong(conn_id, name, "is not a JSON object of texts", 'Write it like {"prompt": "consent"}.')
    for reserved in sorted(key for key in value if key.strip().lower() in OUR_PARAMETERS):
        raise wrong(conn_id, name, f"sets '{reserved}', which protects the sign-in", "Leave it out.")
    return dict(value)


def read_place(conn_id: str, extra: dict[str, Any], default: str, kind: str) -> str:
    """Where a foreign hook looks for its credential."""
    value = extra.get("expose_as") or default
    if not isinstance(value, str) or not (value in PLACES or EXTRA_PLACE.fullmatch(value)):
        raise wrong(
            conn_id,
            "expose_as",
            f"has the unknown value {str(value)[:60]!r}",
            f"Choose one of: {', '.join(PLACES)}, or extra.<name of the field>.",
        )
    if kind == "basic" and value == "bearer_header":
        raise wrong(
            conn_id,
            "expose_as",
            "asks for a bearer header, but people sign in with login and password",
            "Choose password: hooks then find login and password where they look for them.",
        )
    return value


def read_seconds(conn_id: str, extra: dict[str, Any], name: str, default: int) -> int:
    """A number of seconds within a day."""
    value = extra.get(name)
    if value in (None, ""):
        return default
    text = str(value)
    seconds = int(text) if len(text) <= 5 and text.isascii() and text.isdecimal() else -1
    if not 0 <= seconds <= 86_400:
        raise wrong(conn_id, name, "is not a number of seconds from 0 to 86400", f"{default} is the default.")
    return seconds
