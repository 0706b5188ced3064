"""An account: a service as the admin registered it, checked and completed by its preset."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.accounts.presets import DEFAULT_SERVICE, PRESETS, Preset
from airflow_thirdparty.wire import CONN_ID_PATTERN

KINDS = ("oauth2", "key", "basic")
CLIENT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")
URL_FIELDS = ("issuer", "authorize_url", "exchange_url", "userinfo_url", "revoke_url")
EXTRA_FIELDS = (
    "service",
    "kind",
    *URL_FIELDS,
    "scopes",
    "client_auth_method",
    "authorize_params",
    "expose_as",
    "allowed_dags",
    "min_lifetime",
)
"""Every field of an account that stands in the connection's extra."""

OUR_PARAMETERS = frozenset(
    {
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
    }
)
"""Parameters of an authorization request that protect it, so no registration may set them."""


@dataclass(frozen=True)
class Registration:
    """The connection row as Airflow stores or answers it, secret left out.

    :param extra: the connection's extra, as text
    """

    conn_id: str
    host: str | None = None
    login: str | None = None
    extra: str | None = None
    description: str | None = None
    team: str | None = None


@dataclass(frozen=True)
class Pin:
    """What sign-ins and the client secret belong to: they are good for nothing else.

    :param client_id: the client the service knows
    :param origins: origin of every address that may receive a credential, by field name
    """

    client_id: str
    origins: tuple[tuple[str, str], ...]

    def text(self) -> str:
        """The pin as stored: two pins are the same when their texts are."""
        return json.dumps({"client_id": self.client_id, "origins": dict(self.origins)}, sort_keys=True)


@dataclass(frozen=True)
class Account:
    """A service that people can sign in to.

    :param scopes: what a sign-in asks for
    :param min_lifetime: seconds an access token must still live when it is handed out
    :param allowed_dags: ids of the DAGs that may use the account; ``None`` means every DAG
    """

    conn_id: str
    service: str
    kind: str
    client_id: str
    host: str | None = None
    issuer: str | None = None
    authorize_url: str | None = None
    exchange_url: str | None = None
    userinfo_url: str | None = None
    revoke_url: str | None = None
    scopes: tuple[str, ...] = ()
    client_auth_method: str = "client_secret_basic"
    authorize_params: Mapping[str, str] = field(default_factory=dict)
    expose_as: str = "password"
    allowed_dags: tuple[str, ...] | None = None
    min_lifetime: int = 60
    description: str | None = None
    team: str | None = None

    @property
    def preset(self) -> Preset:
        """What is known about the service."""
        return PRESETS[self.service]

    def pin(self) -> Pin:
        """What sign-ins made now belong to."""
        addresses = {name: getattr(self, name) for name in (*URL_FIELDS, "host")}
        origins = tuple((name, origin(url)) for name, url in sorted(addresses.items()) if url)
        return Pin(self.client_id, origins)

    def allows(self, dag_id: str) -> bool:
        """Whether this DAG may use the account; compared to the letter, no patterns."""
        return self.allowed_dags is None or dag_id in self.allowed_dags


def origin(url: str) -> str:
    """Scheme, host and port of an address, port always spelled out (RFC 6454 section 4)."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def parse(registration: Registration) -> Account:
    """Check a registration and complete it from its preset.

    :raises AccountMisconfigured: naming the field and the remedy
    """
    conn_id = registration.conn_id
    if not CONN_ID_PATTERN.fullmatch(conn_id or ""):
        raise _wrong(
            conn_id,
            "connection_id",
            "has characters that do not survive in an address",
            "Use letters, digits, '_', '-' and '.', at most 200 of them.",
        )
    extra = _extra(registration)
    service = _choice(conn_id, extra, "service", tuple(PRESETS), DEFAULT_SERVICE)
    preset = PRESETS[service]
    kind = _choice(conn_id, extra, "kind", KINDS, preset.kind)
    account = Account(
        conn_id=conn_id,
        service=service,
        kind=kind,
        client_id=(registration.login or "").strip(),
        host=_url(conn_id, "host", _with_scheme(registration.host) or preset.host),
        **{name: _url(conn_id, name, extra.get(name) or getattr(preset, name)) for name in URL_FIELDS},
        scopes=_words(conn_id, extra, "scopes") or preset.scopes,
        client_auth_method=_choice(
            conn_id, extra, "client_auth_method", CLIENT_AUTH_METHODS, preset.client_auth_method
        ),
        authorize_params={**preset.authorize_params, **_parameters(conn_id, extra)},
        expose_as=str(extra.get("expose_as") or preset.expose_as),
        allowed_dags=_words(conn_id, extra, "allowed_dags"),
        min_lifetime=_seconds(conn_id, extra),
        description=registration.description,
        team=registration.team,
    )
    if kind == "oauth2":
        _check_oauth2(account)
    return account


def _check_oauth2(account: Account) -> None:
    if not account.client_id:
        raise _wrong(
            account.conn_id,
            "login",
            "is empty",
            "Enter the client id that the service gave you when you registered this Airflow there.",
        )
    for name, purpose in (("authorize_url", "where people sign in"), ("exchange_url", "where codes go")):
        if not getattr(account, name) and not account.issuer:
            raise _wrong(
                account.conn_id,
                name,
                "is empty, and there is no issuer to ask for it",
                f"Enter {name} ({purpose}), or the issuer of a service that speaks OpenID Connect.",
            )


def _wrong(conn_id: str, field_name: str, what: str, remedy: str) -> AccountMisconfigured:
    return AccountMisconfigured(
        f"Account '{conn_id}': field '{field_name}' {what}.", remedy, field=field_name
    )


def _extra(registration: Registration) -> dict[str, Any]:
    text = registration.extra
    if not text:
        return {}
    try:
        extra = json.loads(text)
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise _wrong(
            registration.conn_id, "extra", "is not a JSON object", 'Write it like {"service": "github"}.'
        )
    unknown = sorted(extra.keys() - set(EXTRA_FIELDS))
    if unknown:
        raise _wrong(
            registration.conn_id,
            unknown[0],
            "is not a field of a third-party account",
            f"Known fields are: {', '.join(EXTRA_FIELDS)}. Secrets belong into the password field.",
        )
    return extra


def _choice(conn_id: str, extra: dict[str, Any], name: str, choices: tuple[str, ...], default: str) -> str:
    value = extra.get(name) or default
    if value not in choices:
        raise _wrong(
            conn_id,
            name,
            f"has the unknown value {str(value)[:60]!r}",
            f"Choose one of: {', '.join(choices)}.",
        )
    return str(value)


def _with_scheme(host: str | None) -> str | None:
    if host and "://" not in host:
        return f"https://{host}"
    return host or None


def _url(conn_id: str, name: str, value: object) -> str | None:
    if value in (None, ""):
        return None
    remedy = "Write the whole address, like https://service.example/path, without user name or fragment."
    if not isinstance(value, str) or value != value.strip() or any(ord(c) <= 32 for c in value):
        raise _wrong(conn_id, name, "is not an address", remedy)
    try:
        parts = urlsplit(value)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise _wrong(conn_id, name, "is not an address", remedy) from None
    if parts.scheme not in ("https", "http") or not parts.hostname or not port_is_fine:
        raise _wrong(conn_id, name, "is not an address", remedy)
    if parts.username is not None or parts.password is not None or parts.fragment or "\\" in value:
        raise _wrong(conn_id, name, "has a part that an address here must not have", remedy)
    return value


def _words(conn_id: str, extra: dict[str, Any], name: str) -> tuple[str, ...] | None:
    value = extra.get(name)
    if value in (None, "", []):
        return None
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    if not isinstance(value, list) or not all(isinstance(word, str) and word for word in value):
        raise _wrong(
            conn_id, name, "is not a list of words", "Separate the words by spaces, or use a JSON list."
        )
    return tuple(dict.fromkeys(value))


def _parameters(conn_id: str, extra: dict[str, Any]) -> dict[str, str]:
    value = extra.get("authorize_params")
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except ValueError:
            value = 0
    if value in (None, ""):
        return {}
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise _wrong(
            conn_id,
            "authorize_params",
            "is not a JSON object of texts",
            'Write it like {"prompt": "consent"}.',
        )
    for reserved in sorted(value.keys() & OUR_PARAMETERS):
        raise _wrong(
            conn_id, "authorize_params", f"sets '{reserved}', which protects the sign-in", "Leave it out."
        )
    return dict(value)


def _seconds(conn_id: str, extra: dict[str, Any]) -> int:
    value = extra.get("min_lifetime")
    if value in (None, ""):
        return 60
    try:
        seconds = int(str(value))
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 86_400:
        raise _wrong(
            conn_id, "min_lifetime", "is not a number of seconds from 0 to 86400", "60 is the default."
        )
    return seconds
