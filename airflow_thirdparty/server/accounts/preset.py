"""What a preset says of its service, as read from its file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from airflow_thirdparty.options import (
    DEFAULT_ASSUMED_LIFETIME,
    DEFAULT_CLIENT_AUTH_METHOD,
    DEFAULT_EXPOSE_AS,
    DEFAULT_KIND,
    ClientAuthMethod,
    Kind,
)
from airflow_thirdparty.server.accounts.scopes import Checked, ScopeRules
from airflow_thirdparty.server.service_rules import ServiceRules

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
"""What stands in an address for a tenant field, or for the client id."""

TEMPLATES = ("issuer", "authorize_url", "exchange_url", "refresh_url", "userinfo_url", "revoke_url", "host")
"""The addresses of a preset, each of which may hold placeholders."""

Rotation = Literal["none", "replace", "single_use"]
"""What becomes of a refresh token that is used: it stays, may be replaced, or is worth nothing any more."""


@dataclass(frozen=True, kw_only=True)
class TenantField:
    """A part of a service's addresses that differs from customer to customer.

    :param label: what the form calls it
    :param pattern: regular expression that a value has to match as a whole
    :param example: a value
    :param default: what holds when nothing is entered; empty where something has to be
    """

    label: str
    pattern: str
    example: str
    default: str = ""

    def fits(self, value: str) -> bool:
        """Whether a value is one that the service's own addresses can have.

        :param value: as it was entered
        :return: true if it matches as a whole and is ASCII
        """
        return value.isascii() and re.fullmatch(self.pattern, value) is not None


@dataclass(frozen=True, kw_only=True)
class ScopeSet:
    """Scopes that belong together, to be chosen by a tick.

    :param label: what they are for, in words
    :param scopes: what is asked for
    """

    label: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where facts about a service were found.

    :param page: address of the page
    :param date: when it was looked at
    :param kind: the service's own ``documentation``, or a ``package`` that works with it
    :param facts: what it says
    """

    page: str
    date: str
    kind: Literal["documentation", "package"]
    facts: str


@dataclass(frozen=True, kw_only=True)
class Preset(ServiceRules):
    """What is known about a service. Whatever a registration names wins.

    :param id: the account's field ``service`` names it so
    :param aliases: former ids
    :param name: how the service is called on the page
    :param kind: ``oauth2``, ``key`` or ``basic``
    :param icon: id of the service whose icon it shares; its own where none is named
    :param tenant: the fields that an admin has to fill in besides the client, by name
    :param host: where the API is
    :param scopes: scopes asked when the account names none
    :param scope_sets: further scopes to choose from, by name
    :param scope_words: what a scope allows, in words, by scope
    :param authorize_params: parameters added to the authorization request
    :param expose_as: where a foreign hook of this service looks for its credential
    :param docs_url: the service's documentation of its authorization
    :param register_url: the page where one registers an application
    :param redirect_uris: what the service demands of redirect URIs, in words
    :param origins: where the service's endpoints may lie besides at its issuer and its addresses
    :param pkce_page: the page that says what the service makes of PKCE, where it refuses it
    :param scopes_checked: see :class:`~airflow_thirdparty.server.accounts.scopes.ScopeRules`, like the others
        on scopes
    :param assumed_lifetime: seconds an access token is taken to live where the service does not say it
    :param refresh_lifetime: seconds after which a refresh token ends that is not used; 0 if it does not
    :param rotation: what becomes of a refresh token that is used
    :param refresh_grace: seconds for which one that was used is good once more
    :param no_refresh: whether there are no refresh tokens, so that people sign in again when a token ends
    :param api_scheme: the word before the credential in requests to the API; ``none`` to leave it out
    :param api_header: the header that holds the credential in requests to the API
    :param api_headers: further headers of requests to the API; ``{client_id}``, ``{login}`` and ``{key}``
        stand for what they name
    :param key_labels: what people are asked for at a service of kind ``key`` or ``basic``, in words
    :param key_check_url: asked with the credential when somebody enters it: 401 and 403 refuse it
    :param hints: what an admin has to do at the service besides, each a sentence
    :param sources: where all this was found
    :param unverified: what no page was found for that says so
    :param shipped: whether it comes with this package
    """

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    kind: Kind = DEFAULT_KIND
    icon: str = ""
    tenant: Mapping[str, TenantField] = field(default_factory=dict)
    issuer: str | None = None
    authorize_url: str | None = None
    exchange_url: str | None = None
    refresh_url: str | None = None
    userinfo_url: str | None = None
    revoke_url: str | None = None
    host: str | None = None
    origins: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    scope_sets: Mapping[str, ScopeSet] = field(default_factory=dict)
    scope_words: Mapping[str, str] = field(default_factory=dict)
    scopes_checked: Checked = "answer"
    scope_implies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scope_ignores_case: bool = False
    scope_prefixes: tuple[str, ...] = ()
    scopes_unechoed: tuple[str, ...] = ()
    client_auth_method: ClientAuthMethod = DEFAULT_CLIENT_AUTH_METHOD
    authorize_params: Mapping[str, str] = field(default_factory=dict)
    pkce_page: str = ""
    assumed_lifetime: int = DEFAULT_ASSUMED_LIFETIME
    refresh_lifetime: int = 0
    rotation: Rotation = "replace"
    refresh_grace: int = 0
    no_refresh: bool = False
    api_scheme: str = "Bearer"
    api_header: str = "Authorization"
    api_headers: Mapping[str, str] = field(default_factory=dict)
    key_labels: tuple[str, ...] = ()
    key_check_url: str = ""
    expose_as: str = DEFAULT_EXPOSE_AS
    docs_url: str | None = None
    register_url: str | None = None
    redirect_uris: str = ""
    hints: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    unverified: tuple[str, ...] = ()
    shipped: bool = True

    def scope_rules(self) -> ScopeRules:
        """How the service spells scopes."""
        return ScopeRules(
            self.scopes_checked,
            self.scope_implies,
            self.scope_ignores_case,
            self.scope_prefixes,
            self.scopes_unechoed,
        )

    def filled(self, name: str, tenant: Mapping[str, str]) -> str | None:
        """An address with the values of tenant fields in their places.

        :param name: of the address
        :param tenant: values by field
        :return: the address; nothing where it is not known, or a value is lacking
        """
        template: str | None = getattr(self, name)
        if not template or any(each not in tenant for each in self.fields_in(template)):
            return None
        return PLACEHOLDER.sub(lambda found: tenant.get(found[1], found[0]), template)

    def filled_origins(self, tenant: Mapping[str, str]) -> tuple[str, ...]:
        """The origins, with the values of tenant fields in their places.

        :param tenant: values by field
        :return: those for which no value is lacking
        """
        known = (each for each in self.origins if all(name in tenant for name in self.fields_in(each)))
        return tuple(PLACEHOLDER.sub(lambda found: tenant[found[1]], each) for each in known)

    def fields_in(self, template: str) -> tuple[str, ...]:
        """The tenant fields that an address depends on.

        :param template: the address
        :return: their names
        """
        return tuple(name for name in PLACEHOLDER.findall(template) if name in self.tenant)

    @property
    def binds_code(self) -> str:
        """What keeps a code from being used by anybody but whoever began the sign-in, besides the state.

        :return: ``pkce``, ``nonce`` or nothing
        """
        if self.kind != "oauth2" or self.pkce == "S256":
            return "pkce" if self.kind == "oauth2" else ""
        is_openid = self.identity == "openid" and self.issuer is not None and "openid" in self.scopes
        return "nonce" if self.nonce and is_openid else ""
