"""What the protocol functions take and give. Secrets stay out of every ``repr``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from airflow_thirdparty.options import DEFAULT_CLIENT_AUTH_METHOD, ClientAuthMethod


@dataclass(frozen=True)
class Client:
    """Who we are at the service (RFC 6749 section 2).

    :param client_id: as the service registered it
    :param client_secret: absent for a public client
    :param auth_method: how the secret travels
    """

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    auth_method: ClientAuthMethod = DEFAULT_CLIENT_AUTH_METHOD


@dataclass(frozen=True)
class Endpoints:
    """Where a service listens (RFC 8414, OpenID Connect Discovery).

    :param issuer: the service's own name for itself, if it has one
    :param authorize_url: where the browser goes
    :param exchange_url: where codes and refresh tokens become access tokens
    :param refresh_url: where refresh tokens do, at services that have another address for them
    :param userinfo_url: who the token belongs to
    :param revoke_url: where tokens are revoked (RFC 7009)
    :param jwks_url: the keys that sign ID tokens
    :param iss_in_answer: whether the service promises ``iss`` in its answers (RFC 9207)
    :param issuer_pattern: where one address serves many issuers, what their names have in common; an ID
        token's ``iss`` must fit it, see :mod:`~airflow_thirdparty.server.oauth.issuers`
    :param api_host: address of the API, where the service names it in its answers
    :param offers_pkce: whether the service says that it can do PKCE with S256 (RFC 8414); not stored either
    :param left_out: notes for the admin, one sentence each, on what the service described and is not used;
        not part of what is stored with a sign-in
    """

    issuer: str | None
    authorize_url: str
    exchange_url: str
    userinfo_url: str | None = None
    revoke_url: str | None = None
    jwks_url: str | None = None
    iss_in_answer: bool = False
    issuer_pattern: str | None = None
    refresh_url: str | None = None
    api_host: str | None = None
    offers_pkce: bool = False
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class AuthorizationRequest:
    """An authorization that has begun: where the browser goes, and what to remember until it is back.

    :param url: for the browser
    :param state: ties the answer to this request
    :param verifier: PKCE (RFC 7636), to be kept on the server
    :param nonce: ties the ID token to this request; only when ``openid`` was asked for
    """

    url: str = field(repr=False)
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    nonce: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class TokenSet:
    """What the service handed out.

    :param access_token: printable ASCII, at most 16 KiB
    :param refresh_token: absent means, at a refresh, that the one used stays valid
    :param expires_at: in UTC; absent when the service did not say, or not in a way that can be believed
    :param scopes: what was granted; absent when neither the service said so nor the caller knew
    :param id_token: not yet verified
    :param subject: who signed in, where the service says so beside the tokens
    :param subject_name: the same for people's eyes
    :param api_host: address of the API, where the service names it beside the tokens; already checked
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    scopes: tuple[str, ...] | None = None
    id_token: str | None = field(default=None, repr=False)
    subject: str = ""
    subject_name: str = ""
    api_host: str | None = None


@dataclass(frozen=True)
class Identity:
    """Who somebody is at the service. Only issuer and subject identify; the name is for people's eyes.

    :param issuer: the service
    :param subject: never re-used by the service
    :param name: may change, may be anybody's choice
    :param api_host: address of the API, where userinfo names it; already checked
    """

    issuer: str
    subject: str
    name: str
    api_host: str | None = None
