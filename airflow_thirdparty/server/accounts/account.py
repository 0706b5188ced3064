"""An account: a service as the admin registered it, checked and completed by its preset."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from airflow_thirdparty import options
from airflow_thirdparty.options import ADDRESSES, ClientAuthMethod, Kind, Service
from airflow_thirdparty.server.accounts import exposing, fields
from airflow_thirdparty.server.accounts.presets import PRESETS, Preset
from airflow_thirdparty.urls import service_origin
from airflow_thirdparty.wire import CONN_ID_PATTERN, ENTRY_MARK, REQUEST_PREFIX


@dataclass(frozen=True)
class Registration:
    """The connection row as Airflow stores or answers it, secret left out.

    :param extra: the connection's extra, as text
    :param port: where the host does not name it
    :param schema: also the path of a connection's URI; accounts have none
    """

    conn_id: str
    host: str | None = None
    login: str | None = None
    extra: str | None = None
    description: str | None = None
    team: str | None = None
    port: int | None = None
    schema: str | None = None


@dataclass(frozen=True)
class AccountBinding:
    """What sign-ins and the client secret belong to: they are good for nothing else.

    :param kind: how people authenticate
    :param client_id: the client the service knows
    :param origins: origin of every address that may receive a credential, by field name
    :param places: options of exposure entries that decide where a credential goes, by entry and option
    """

    kind: str
    client_id: str
    origins: tuple[tuple[str, str], ...]
    places: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """The binding as stored: two bindings are the same when their texts are."""
        return self._text

    @cached_property
    def _text(self) -> str:
        values = {
            "kind": self.kind,
            "client_id": self.client_id,
            "origins": dict(self.origins),
            "places": dict(self.places),
        }
        return json.dumps(values, sort_keys=True)


@dataclass(frozen=True)
class Account:
    """A service that people can sign in to.

    :param scopes: what a sign-in asks for
    :param expose_as: name of the entry by which hooks of other providers find the credential
    :param expose_options: what the admin says to entries, by entry and option
    :param min_lifetime: seconds an access token must still live when it is handed out
    :param assumed_lifetime: seconds after which an access token is refreshed whose lifetime the service does
        not say; 0 means never
    :param refresh_lifetime: seconds after which a sign-in ends that is not refreshed; 0 means never
    :param allowed_dags: the DAGs that may use the account, as ``bundle:dag_id`` or ``dag_id``; ``None`` means
        every DAG
    """

    conn_id: str
    service: Service
    kind: Kind
    client_id: str
    host: str | None = None
    issuer: str | None = None
    authorize_url: str | None = None
    exchange_url: str | None = None
    userinfo_url: str | None = None
    revoke_url: str | None = None
    scopes: tuple[str, ...] = ()
    client_auth_method: ClientAuthMethod = options.DEFAULT_CLIENT_AUTH_METHOD
    authorize_params: Mapping[str, str] = field(default_factory=dict)
    expose_as: str = options.DEFAULT_EXPOSE_AS
    expose_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    allowed_dags: tuple[str, ...] | None = None
    min_lifetime: int = options.DEFAULT_MIN_LIFETIME
    assumed_lifetime: int = options.DEFAULT_ASSUMED_LIFETIME
    refresh_lifetime: int = 0
    description: str | None = None
    team: str | None = None

    @property
    def preset(self) -> Preset:
        """What is known about the service."""
        return PRESETS[self.service]

    def binding(self) -> AccountBinding:
        """What sign-ins made now belong to."""
        return self._binding

    @cached_property
    def _binding(self) -> AccountBinding:
        addresses = {name: getattr(self, name) for name in (*ADDRESSES, "host")}
        origins = tuple((name, service_origin(url)) for name, url in sorted(addresses.items()) if url)
        return AccountBinding(self.kind, self.client_id, origins, exposing.places(self.expose_options))


@lru_cache(maxsize=1024)  # on the path of every fetch, and registrations rarely change
def parse(registration: Registration) -> Account:
    """Check a registration and complete it from its preset.

    :param registration: the connection row
    :raises AccountMisconfigured: naming the field and the remedy
    :return: the account, every field checked
    """
    conn_id = registration.conn_id
    _check_id(conn_id)
    fields.refuse_schema(conn_id, registration.schema)
    host = fields.whole_host(conn_id, registration.host, registration.port)
    read = fields.FieldReader(conn_id, fields.read_extra(conn_id, registration.extra))
    service = read.choice("service", options.SERVICES, options.DEFAULT_SERVICE)
    preset = PRESETS[service]
    kind = read.choice("kind", options.KINDS, preset.kind)
    account = Account(
        conn_id=conn_id,
        service=service,
        kind=kind,
        client_id=(registration.login or "").strip(),
        host=read.host(host or preset.host),
        **{name: read.url(name, getattr(preset, name)) for name in ADDRESSES},
        scopes=read.words("scopes") or preset.scopes,
        client_auth_method=read.choice(
            "client_auth_method", options.CLIENT_AUTH_METHODS, preset.client_auth_method
        ),
        authorize_params={**preset.authorize_params, **read.parameters("authorize_params")},
        expose_as=exposing.entry_name(read, preset.expose_as, kind),
        expose_options=exposing.options_by_entry(read, preset.expose_as, kind),
        allowed_dags=read.words("allowed_dags"),
        min_lifetime=read.seconds("min_lifetime", options.DEFAULT_MIN_LIFETIME),
        assumed_lifetime=read.seconds(
            "assumed_lifetime", 0 if preset.expires == "never" else preset.assumed_lifetime, fields.YEAR
        ),
        refresh_lifetime=read.seconds("refresh_lifetime", preset.refresh_lifetime, fields.YEAR),
        description=registration.description,
        team=registration.team,
    )
    if kind == "oauth2":
        _check_oauth2(account)
    if read.extra.get("expose_as"):
        exposing.check_complete(account)
    return account


def _check_id(conn_id: str) -> None:
    remedy = "Use letters, digits, '_', '-' and '.', at most 200 of them."
    if not CONN_ID_PATTERN.fullmatch(conn_id or ""):
        raise fields.wrong(
            str(conn_id)[:60],
            "connection_id",
            "has characters that do not survive in an address, or too many",
            remedy,
        )
    if conn_id.startswith(REQUEST_PREFIX):
        raise fields.wrong(
            conn_id, "connection_id", f"begins with '{REQUEST_PREFIX}', as requests for accounts do", remedy
        )
    if ENTRY_MARK in conn_id:
        raise fields.wrong(
            conn_id,
            "connection_id",
            f"contains '{ENTRY_MARK}', which stands between an account and an exposure entry",
            "Choose an id without it.",
        )


def _check_oauth2(account: Account) -> None:
    if not account.client_id:
        raise fields.wrong(
            account.conn_id,
            "login",
            "is empty",
            "Enter the client id that the service gave you when you registered this Airflow there.",
        )
    for name in ("authorize_url", "exchange_url"):
        if not getattr(account, name) and not account.issuer:
            raise fields.wrong(
                account.conn_id,
                name,
                "is empty, and there is no issuer to ask for it",
                f"Enter {name} ({options.LABELS[name]}), or the issuer of a service that speaks OpenID "
                "Connect.",
            )
