"""Where a service listens: by its own word or by the account's (RFC 8414, OIDC Discovery)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from authlib.oauth2.rfc8414 import get_well_known_url

from airflow_thirdparty.server.oauth.answers import HttpResponse
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Endpoints
from airflow_thirdparty.urls import origin_of

_STEP = "discovery"
_MISSING = (404, 405, 410)


async def discover(transport: Transport, issuer: str, *, trusted_origins: Collection[str] = ()) -> Endpoints:
    """Read the service's own description of itself.

    :param transport: the way out
    :param issuer: as the account names it; the description must name it to the letter (RFC 8414 3.3)
    :param trusted_origins: other origins the account itself names, spelled by
        :func:`~airflow_thirdparty.urls.origin_of`; credentials go to these and to the issuer's only
    :raises OAuthError: REFUSED for a description that is not this issuer's, sends credentials elsewhere or
        cannot do PKCE with S256; MISCONFIGURED if there is none; TRANSIENT if it cannot be read now
    :return: the service's addresses
    """
    found = (await _description(transport, issuer)).json()
    if found.get("issuer") != issuer:
        raise OAuthError(Kind.REFUSED, _STEP, "The service's description names another issuer")
    methods = found.get("code_challenge_methods_supported")
    if methods is not None and (not isinstance(methods, list) or "S256" not in methods):
        raise OAuthError(Kind.REFUSED, _STEP, "The service does not offer PKCE with S256")
    trusted = {origin_of(transport.check_url(issuer, _STEP)), *trusted_origins}

    def own(name: str) -> str | None:
        return _own_endpoint(transport, found, name, trusted)

    authorize_url, exchange_url = own("authorization_endpoint"), own("token_endpoint")
    if authorize_url is None or exchange_url is None:
        raise OAuthError(Kind.MISCONFIGURED, _STEP, "The service's description lacks an endpoint")
    return Endpoints(
        issuer=issuer,
        authorize_url=authorize_url,
        exchange_url=exchange_url,
        userinfo_url=own("userinfo_endpoint"),
        revoke_url=own("revocation_endpoint"),
        # Keys may lie elsewhere, as Google's do: nothing of ours is ever sent to them.
        jwks_url=_endpoint(transport, found, "jwks_uri"),
        iss_in_answer=found.get("authorization_response_iss_parameter_supported") is True,
    )


def merge(
    discovered: Endpoints | None,
    *,
    issuer: str | None = None,
    authorize_url: str | None = None,
    exchange_url: str | None = None,
    userinfo_url: str | None = None,
    revoke_url: str | None = None,
) -> Endpoints:
    """Put what the account says over what was discovered. Empty means not said.

    :param discovered: nothing for an account without an issuer
    :param issuer: for a service without discovery that names itself all the same
    :param authorize_url: of the account
    :param exchange_url: of the account
    :param userinfo_url: of the account
    :param revoke_url: of the account
    :raises OAuthError: MISCONFIGURED, if an address is known to neither
    :return: the addresses to call
    """
    base = discovered or Endpoints(issuer=issuer or None, authorize_url="", exchange_url="")
    merged = Endpoints(
        issuer=base.issuer,
        authorize_url=authorize_url or base.authorize_url,
        exchange_url=exchange_url or base.exchange_url,
        userinfo_url=userinfo_url or base.userinfo_url,
        revoke_url=revoke_url or base.revoke_url,
        jwks_url=base.jwks_url,
        iss_in_answer=base.iss_in_answer,
    )
    if not merged.authorize_url or not merged.exchange_url:
        text = "The account needs an issuer, or the addresses to authorize and to exchange at"
        raise OAuthError(Kind.MISCONFIGURED, _STEP, text)
    return merged


async def _description(transport: Transport, issuer: str) -> HttpResponse:
    """Ask where OpenID Connect keeps it, then where RFC 8414 does."""
    if "?" in issuer or "#" in issuer:  # RFC 8414 section 2
        raise OAuthError(Kind.REFUSED, _STEP, "An issuer has neither query nor fragment")
    openid = issuer.rstrip("/") + "/.well-known/openid-configuration"
    answer = await transport.get(openid, step=_STEP)
    if answer.status in _MISSING:
        plain = get_well_known_url(issuer.rstrip("/"), external=True)
        answer = await transport.get(plain, step=_STEP)
    if answer.status in _MISSING:
        raise OAuthError(Kind.MISCONFIGURED, _STEP, "The issuer does not describe itself: is it right?")
    answer.raise_for_error()
    return answer


def _endpoint(transport: Transport, found: dict[str, Any], name: str) -> str | None:
    url = found.get(name)
    if url is None:
        return None
    if not isinstance(url, str):
        raise OAuthError(Kind.REFUSED, _STEP, f"The service's description has a {name} that is no address")
    return transport.check_url(url, _STEP)


def _own_endpoint(
    transport: Transport, found: dict[str, Any], name: str, trusted: Collection[str]
) -> str | None:
    url = _endpoint(transport, found, name)
    if url is not None and (origin := origin_of(url)) not in trusted:
        text = f"The service's description has its {name} at {origin}, which the account does not name"
        raise OAuthError(Kind.REFUSED, _STEP, text)
    return url
