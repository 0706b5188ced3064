"""An account: a service as the admin registered it, checked and completed by its preset."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlsplit

from airflow_thirdparty import options
from airflow_thirdparty.account_form import ADDRESSES, LABELS
from airflow_thirdparty.options import ClientAuthMethod, Kind
from airflow_thirdparty.server.accounts import exposing, fields, tenants
from airflow_thirdparty.server.accounts.binding import AccountBinding
from airflow_thirdparty.server.accounts.preset import TEMPLATES
from airflow_thirdparty.server.accounts.presets import PRESETS, Preset
from airflow_thirdparty.urls import DEFAULT_PORTS, origin_of, service_origin
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
class Entered:
    """What a registration says itself of where its service is, its preset left out.

    :param tenant: values of tenant fields, by name
    :param addresses: of endpoints and of the API, by field
    :param public: whether it says that the client is a public one
    """

    tenant: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    public: bool = False


@dataclass(frozen=True)
class Account:
    """A service that people can sign in to.

    :param service: id of its preset
    :param entered: what the registration says itself of where the service is
    :param origins: where the service's endpoints may lie besides at its issuer and its addresses
    :param key_check_url: asked with the credential that somebody enters; nothing where an admin entered
        another API
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
    service: str
    kind: Kind
    client_id: str
    entered: Entered = Entered()
    host: str | None = None
    issuer: str | None = None
    authorize_url: str | None = None
    exchange_url: str | None = None
    refresh_url: str | None = None
    userinfo_url: str | None = None
    revoke_url: str | None = None
    origins: tuple[str, ...] = ()
    key_check_url: str | None = None
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

    @property
    def api_origins(self) -> tuple[str, ...]:
        """Scheme, host and port of the only places our HTTP client sends the credential to."""
        speaks_http = self.host is not None and urlsplit(self.host).scheme in DEFAULT_PORTS
        return (origin_of(self.host),) if self.host and speaks_http else ()

    @property
    def code_bound_by(self) -> str:
        """What keeps a code from being used by anybody but whoever began the sign-in, besides the state.

        :return: ``pkce``, ``nonce`` or nothing
        """
        preset = self.preset
        if preset.pkce == "S256":
            return "pkce"
        is_openid = preset.identity == "openid" and self.issuer is not None and "openid" in self.scopes
        return "nonce" if preset.nonce and is_openid else ""

    def binding(self) -> AccountBinding:
        """What sign-ins made now belong to."""
        return self._binding

    @cached_property
    def _binding(self) -> AccountBinding:
        preset, entered = self.preset, self.entered
        brought = {name: getattr(self, name) for name in TEMPLATES if not preset.shipped}
        return AccountBinding(
            kind=self.kind,
            service=preset.id,
            client_id=self.client_id,
            public=entered.public,
            tenant=tuple(sorted(entered.tenant.items())),
            issuer=entered.addresses.get("issuer", ""),
            origins=_origins(entered.addresses),
            places=exposing.places(self.expose_options),
            brought=_origins({name: url for name, url in brought.items() if url}),
            aliases=preset.aliases,
        )


def _origins(addresses: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, service_origin(url)) for name, url in sorted(addresses.items()))


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
    preset = _preset(read)
    kind = read.choice("kind", options.KINDS, preset.kind)
    entered = _entered(read, preset, read.host(host))
    values = _values(preset, entered, conn_id)
    addresses = {
        name: entered.addresses.get(name) or read.address(name, preset.filled(name, values))
        for name in (*ADDRESSES, "host")
    }
    account = Account(
        conn_id=conn_id,
        service=preset.id,
        kind=kind,
        client_id=(registration.login or "").strip(),
        entered=entered,
        **addresses,
        origins=preset.filled_origins(values),
        key_check_url=None if host else preset.filled("key_check_url", values),
        scopes=_scopes(read, preset),
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


def _preset(read: fields.FieldReader) -> Preset:
    service = read.extra.get("service") or options.DEFAULT_SERVICE
    if isinstance(service, str) and service in PRESETS:
        return PRESETS[service]
    close = difflib.get_close_matches(str(service)[:60], list(PRESETS), n=3, cutoff=0.5) or ["github"]
    raise read.wrong("service", "unknown_service", value=fields.shown(service), close=", ".join(close))


def _entered(read: fields.FieldReader, preset: Preset, host: str | None) -> Entered:
    tenant = tenants.read(read, preset)
    addresses = {name: read.url(name, None) for name in ADDRESSES} | {"host": host}
    found = {name: url for name, url in addresses.items() if url}
    return Entered(tenant, found, read.extra.get("client_auth_method") == "none")


def _values(preset: Preset, entered: Entered, conn_id: str) -> dict[str, str]:
    """The values of tenant fields; none are asked for where the addresses are entered instead."""
    if "issuer" in entered.addresses or {"authorize_url", "exchange_url"} <= entered.addresses.keys():
        return dict(entered.tenant)
    return tenants.completed(preset, dict(entered.tenant), conn_id)


def _scopes(read: fields.FieldReader, preset: Preset) -> tuple[str, ...]:
    scopes = read.words("scopes") or preset.scopes
    for name in read.words("scope_sets") or ():
        if name not in preset.scope_sets:
            if not preset.scope_sets:
                raise read.wrong("scope_sets", "no_scope_sets", name=fields.shown(name))
            known = ", ".join(preset.scope_sets)
            raise read.wrong("scope_sets", "unknown_scope_set", name=fields.shown(name), known=known)
        scopes += preset.scope_sets[name].scopes
    return tuple(dict.fromkeys(scopes))


def _check_id(conn_id: str) -> None:
    if not CONN_ID_PATTERN.fullmatch(conn_id or ""):
        raise fields.wrong(str(conn_id)[:60], "connection_id", "id_characters")
    if conn_id.startswith(REQUEST_PREFIX):
        raise fields.wrong(conn_id, "connection_id", "id_begins", prefix=REQUEST_PREFIX)
    if ENTRY_MARK in conn_id:
        raise fields.wrong(conn_id, "connection_id", "id_contains", mark=ENTRY_MARK)


def _check_oauth2(account: Account) -> None:
    if not account.client_id:
        raise fields.wrong(account.conn_id, "login", "client_id_empty")
    for name in ("authorize_url", "exchange_url"):
        if not getattr(account, name) and not account.issuer:
            label = LABELS[name]
            raise fields.wrong(account.conn_id, name, "address_empty", name=name, label=label)
