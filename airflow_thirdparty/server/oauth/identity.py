"""Who signed in: from the ID token, or from userinfo (OpenID Connect Core 3.1.3.7 and 5.3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Endpoints, Identity, TokenSet
from airflow_thirdparty.urls import origin_of

LEEWAY = 300
"""Seconds a service's clock may differ from ours: "a few minutes" at most (RFC 7519 section 4.1.4)."""

_SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
_SUBJECTS = ("sub", "id", "account_id", "user_id")  # OpenID; GitHub, GitLab; Atlassian; others
_NAMES = ("preferred_username", "login", "username", "email", "name", "display_name")
_LONGEST = 255


async def identify(
    transport: Transport,
    endpoints: Endpoints,
    tokens: TokenSet,
    client_id: str,
    nonce: str | None,
    now: datetime,
) -> Identity:
    """Find out whose tokens these are.

    An ID token is believed only with signature, issuer, audience, times and nonce in order. Where userinfo
    is asked as well, to learn a name, it must speak of the same subject.

    :param transport: the way out
    :param endpoints: of the service
    :param tokens: fresh from the exchange
    :param client_id: whom the ID token must be meant for
    :param nonce: of the authorization
    :param now: aware
    :raises OAuthError: REFUSED for an ID token that does not hold, MISCONFIGURED if the service offers
        nothing to tell by, TRANSIENT if it cannot be asked now
    :return: who it is
    """
    claims: dict[str, Any] = {}
    if nonce is not None and tokens.id_token is None and endpoints.jwks_url:
        raise OAuthError(Kind.REFUSED, "exchange", "The service was asked for an ID token and gave none")
    if tokens.id_token is not None and endpoints.issuer and endpoints.jwks_url:
        keys = await _keys(transport, endpoints.jwks_url)
        claims = _verified(tokens, keys, endpoints.issuer, client_id, nonce, now)
        if _text(claims, _NAMES) or not endpoints.userinfo_url:
            return _identity(endpoints, claims, claims)
    if not endpoints.userinfo_url:
        raise OAuthError(Kind.MISCONFIGURED, "userinfo", "The service offers no way to tell who signed in")
    return _identity(endpoints, claims, await _userinfo(transport, endpoints.userinfo_url, tokens, now))


async def _userinfo(transport: Transport, url: str, tokens: TokenSet, now: datetime) -> dict[str, Any]:
    answer = await transport.get(url, step="userinfo", bearer=tokens.access_token)
    if answer.status in (401, 403):
        text = f"The service does not tell who signed in ({answer.status}): is a scope missing?"
        raise OAuthError(Kind.MISCONFIGURED, "userinfo", text)
    answer.raise_for_error(now)
    return answer.json()


def _identity(endpoints: Endpoints, claims: Mapping[str, Any], profile: Mapping[str, Any]) -> Identity:
    subject = _text(claims, ("sub",)) or _text(profile, _SUBJECTS)
    if not subject:
        raise OAuthError(Kind.MISCONFIGURED, "userinfo", "The service does not say who signed in")
    if claims and profile.get("sub") != claims.get("sub"):  # OpenID Connect Core 5.3.2
        raise OAuthError(Kind.REFUSED, "userinfo", "ID token and userinfo speak of different users")
    name = _text(profile, _NAMES) or _text(claims, _NAMES) or subject
    return Identity(issuer=_issuer(endpoints), subject=subject, name=name)


def _issuer(endpoints: Endpoints) -> str:
    """The service's name for itself, else where it tells who its users are."""
    if endpoints.issuer:
        return endpoints.issuer
    try:
        return origin_of(endpoints.userinfo_url or endpoints.exchange_url)
    except ValueError:
        raise OAuthError(Kind.REFUSED, "userinfo", "The address cannot be read") from None


def _text(claims: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The first of these that is a usable text (GitHub's ids are numbers), without invisible characters."""
    for name in names:
        value = claims.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable() and value.strip():
            return value
    return ""


async def _keys(transport: Transport, url: str) -> KeySet:
    answer = await transport.get(url, step="keys")
    answer.raise_for_error()
    found = answer.json().get("keys")
    # One key of a kind we do not know must not spoil the others; symmetric keys have no place here.
    usable = [key for key in found if _is_public(key)] if isinstance(found, list) else []
    try:
        keys = KeySet.import_key_set({"keys": usable}) if usable else None
    except (JoseError, ValueError, TypeError, KeyError):
        keys = None
    if keys is None:
        raise OAuthError(Kind.TRANSIENT, "keys", "The service shows no usable keys")
    return keys


def _is_public(key: object) -> bool:
    return (
        isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use") in (None, "sig")
    )


def _verified(
    tokens: TokenSet, keys: KeySet, issuer: str, client_id: str, nonce: str | None, now: datetime
) -> dict[str, Any]:
    """The claims of an ID token that has passed every check."""
    try:
        token = jwt.decode(str(tokens.id_token), keys, algorithms=list(_SIGNATURES))
        rules = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": issuer},
            sub={"essential": True},
            aud={"essential": True, "value": client_id},
            exp={"essential": True},
            iat={"essential": True},
        )
        rules.validate(token.claims)
        problem = _problem(token.header, token.claims, tokens.access_token, client_id, nonce)
    except (JoseError, ValueError, TypeError, KeyError):
        problem = "its signature, issuer, audience or times are wrong"
    if problem:
        raise OAuthError(Kind.REFUSED, "exchange", f"The service's ID token does not hold: {problem}")
    return token.claims


def _problem(
    header: Mapping[str, Any], claims: Mapping[str, Any], access_token: str, client_id: str, nonce: str | None
) -> str:
    """What joserfc's registry does not look at; empty if all is well."""
    audiences = claims["aud"]
    party = claims.get("azp")
    if party not in (None, client_id) or (isinstance(audiences, list) and len(audiences) > 1 and not party):
        return "it is meant for another client"
    if nonce is not None and not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        return "it answers another request"
    if not _text(claims, ("sub",)) or not isinstance(claims["sub"], str):
        return "it names nobody"
    expected = claims.get("at_hash")
    if expected is not None and expected != _half_hash(str(header.get("alg")), access_token):
        return "it belongs to another access token"
    return ""


def _half_hash(algorithm: str, access_token: str) -> object:
    """``at_hash`` of OpenID Connect Core 3.1.3.6."""
    hashes = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}
    digest = hashes.get(algorithm[-3:], hashlib.sha512)(access_token.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode("ascii")
