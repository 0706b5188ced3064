"""What the protocol functions take and give. Secrets stay out of every ``repr``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

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
    :param userinfo_url: who the token belongs to
    :param revoke_url: where tokens are revoked (RFC 7009)
    :param jwks_url: the keys that sign ID tokens
    :param iss_in_answer: whether the service promises ``iss`` in its answers (RFC 9207)
    :param issuer_pattern: where one address serves many issuers, what their names have in common; an ID
        token's ``iss`` must fit it, see :mod:`~airflow_thirdparty.server.oauth.issuers`
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
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServiceRules:
    """How a service's answers deviate from the RFCs: plain data, filled from what is known of the service.

    A *path* leads into a JSON answer, see :mod:`~airflow_thirdparty.server.oauth.paths`.

    :param answer: paths of ``access_token``, ``refresh_token``, ``expires_in``, ``token_type`` and
        ``id_token`` in a token answer; what is not named lies where RFC 6749 section 5.1 has it
    :param token_types: what ``token_type`` may say, in any letter case; empty, null and absent are always
        fine, ``bot`` never is
    :param scope_separator: between the scopes of a request, and besides blanks between those of an answer
    :param granted_scopes: path of the scopes granted, a text or a list
    :param ok: ``path=value``, what a success says of itself; empty where a success is what has no ``error``
    :param error_code: path of the error code in the service's own errors; looked at before all other places
    :param lapse_codes: ``step:code`` of what means *this refresh token (or code) is dead* at this service
        besides the words known for all, step being ``refresh`` or ``exchange``
    :param client_codes: ``step:code`` of what means *this client is not accepted*, likewise
    :param expires: ``never`` where ``expires_in`` says nothing about an end
    :param issuer_pattern: the name of every issuer behind one address, with a placeholder
    """

    answer: Mapping[str, str] = field(default_factory=dict)
    token_types: tuple[str, ...] = ("bearer",)
    scope_separator: str = " "
    granted_scopes: str = "scope"
    ok: str = ""
    error_code: str = ""
    lapse_codes: tuple[str, ...] = ()
    client_codes: tuple[str, ...] = ()
    expires: Literal["answer", "never"] = "answer"
    issuer_pattern: str | None = None


STANDARD = ServiceRules()
"""A service that answers as the RFCs say."""


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
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    scopes: tuple[str, ...] | None = None
    id_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Identity:
    """Who somebody is at the service. Only issuer and subject identify; the name is for people's eyes.

    :param issuer: the service
    :param subject: never re-used by the service
    :param name: may change, may be anybody's choice
    """

    issuer: str
    subject: str
    name: str
