"""Who signed in: from the ID token, or from userinfo (OpenID Connect Core 3.1.3.7 and 5.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from airflow_thirdparty.server.oauth import id_tokens
from airflow_thirdparty.server.oauth.answers import HttpResponse
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.id_tokens import SigningKey, usable_text
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Endpoints, Identity, TokenSet
from airflow_thirdparty.urls import origin_of

_SUBJECTS = ("sub", "id", "account_id", "user_id")  # OpenID; GitHub, GitLab; Atlassian; others
_NAMES = ("preferred_username", "login", "username", "email", "name", "display_name")


async def identify(
    transport: Transport,
    endpoints: Endpoints,
    tokens: TokenSet,
    client_id: str,
    nonce: str | None,
    now: datetime,
) -> Identity:
    """Find out whose tokens these are.

    An ID token is believed only with algorithm, signature, issuer, audience, times and nonce in order. It is
    enough; userinfo is then asked for a name only, so trouble there costs no more than the name. But where
    userinfo speaks of somebody else, nobody is believed.

    :param transport: the way out
    :param endpoints: of the service
    :param tokens: fresh from the exchange
    :param client_id: whom the ID token must be meant for
    :param nonce: of the authorization
    :param now: aware
    :return: who they are at the service
    :raises OAuthError: REFUSED for an ID token that does not hold, MISCONFIGURED if the service offers
        nothing to tell by, TRANSIENT if it cannot be asked now
    """
    if nonce is not None and tokens.id_token is None and endpoints.jwks_url:
        raise OAuthError(Kind.REFUSED, "exchange", "The service was asked for an ID token and gave none")
    if tokens.id_token is not None and endpoints.issuer and endpoints.jwks_url:
        keys = await id_tokens.fetch_keys(transport, endpoints.jwks_url)
        claims = id_tokens.verify(tokens, keys, endpoints, client_id, nonce, now)
        return await _of_id_token(transport, endpoints, tokens, claims, keys)
    if not endpoints.userinfo_url:
        raise OAuthError(Kind.MISCONFIGURED, "userinfo", "The service offers no way to tell who signed in")
    answer = await _ask_userinfo(transport, endpoints.userinfo_url, tokens, now)
    return _of_userinfo(endpoints, answer.json())


async def _of_id_token(
    transport: Transport,
    endpoints: Endpoints,
    tokens: TokenSet,
    claims: Mapping[str, Any],
    keys: Collection[SigningKey],
) -> Identity:
    """Who an ID token speaks of, by the name that userinfo knows if it knows none itself."""
    subject, name = str(claims["sub"]), _text(claims, _NAMES)
    if not name and endpoints.userinfo_url:
        try:
            answer = await _ask_userinfo(transport, endpoints.userinfo_url, tokens)
            profile = _profile(answer, keys)
        except OAuthError:
            profile = {}  # the ID token has said who it is
        told = profile.get("sub")
        told = str(told).strip() if isinstance(told, (str, int)) and not isinstance(told, bool) else ""
        if told and told != subject:  # OpenID Connect Core 5.3.2
            raise OAuthError(Kind.REFUSED, "userinfo", "ID token and userinfo speak of different users")
        name = _text(profile, _NAMES) if told else ""
    return Identity(issuer=str(claims["iss"]), subject=subject, name=name or subject)


async def _ask_userinfo(
    transport: Transport, url: str, tokens: TokenSet, now: datetime | None = None
) -> HttpResponse:
    answer = await transport.get(url, step="userinfo", bearer=tokens.access_token)
    if answer.refuses and not answer.is_page:
        hint = "is a scope missing" if answer.status in (401, 403) else "is the address right"
        text = f"The service does not tell who signed in ({answer.status}): {hint}?"
        raise OAuthError(Kind.MISCONFIGURED, "userinfo", text, status=answer.status)
    answer.raise_for_error(now)
    return answer


def _profile(answer: HttpResponse, keys: Collection[SigningKey]) -> dict[str, Any]:
    """What userinfo says: JSON, or a JWT signed with the service's keys (OpenID Connect Core 5.3.2)."""
    token = answer.body.strip()
    if token.isascii() and token.count(b".") == 2 and not token.startswith(b"{"):
        return id_tokens.signed_claims(token.decode("ascii"), keys)[1]
    return answer.json()


def _of_userinfo(endpoints: Endpoints, profile: Mapping[str, Any]) -> Identity:
    subject = _text(profile, _SUBJECTS)
    if not subject:
        raise OAuthError(Kind.MISCONFIGURED, "userinfo", "The service does not say who signed in")
    return Identity(issuer=_issuer(endpoints), subject=subject, name=_text(profile, _NAMES) or subject)


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
        if isinstance(value, str) and usable_text(value):
            return value
    return ""
