"""Where a service listens: by its own word or by the account's (RFC 8414, OIDC Discovery)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from airflow_thirdparty.server.oauth import issuers
from airflow_thirdparty.server.oauth.answers import HttpResponse
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Endpoints
from airflow_thirdparty.server.service_rules import STANDARD, ServiceRules
from airflow_thirdparty.urls import origin_of

_STEP = "discovery"
_MISSING = (404, 405, 410)
"""Statuses that say there is nothing, whatever page comes with them. Gateways say so with others, too."""

_FIELDS = {
    "authorization_endpoint": "authorize_url",
    "token_endpoint": "exchange_url",
    "userinfo_endpoint": "userinfo_url",
    "revocation_endpoint": "revoke_url",
}
"""Endpoints as descriptions name them, and the account's field for each."""


async def discover(
    transport: Transport,
    issuer: str,
    *,
    trusted_origins: Collection[str] = (),
    userinfo_origins: Collection[str] = (),
    settled: Collection[str] = (),
    id_token: bool = True,
    rules: ServiceRules = STANDARD,
) -> Endpoints:
    """Read the service's own description of itself.

    :param transport: the way out
    :param issuer: as the account names it; the description must name it to the letter (RFC 8414 3.3), or, by
        the service's rules, with a placeholder for the tenant
    :param trusted_origins: other origins the account itself names; credentials go to these and to the
        issuer's only
    :param userinfo_origins: origins that access tokens, and they alone, go to anyway
    :param settled: fields whose address the account names itself (``exchange_url`` …): what is described is
        not looked at
    :param id_token: whether sign-ins ask for an ID token; only then can userinfo be done without
    :param rules: of the service
    :return: where the service listens; an endpoint that can be done without and lies where nothing of ours
        may go is left out, with a note
    :raises OAuthError: REFUSED for a description that is not this issuer's, sends credentials elsewhere or
        cannot do PKCE with S256; MISCONFIGURED if there is none; TRANSIENT if it cannot be read now
    """
    found = (await _description(transport, issuer)).json()
    issuer, pattern = _own_issuer(found.get("issuer"), issuer, rules.issuer_pattern)
    methods = found.get("code_challenge_methods_supported")
    refuses = not isinstance(methods, list) or "S256" not in methods
    if methods is not None and refuses and rules.pkce != "none":
        raise OAuthError(Kind.REFUSED, _STEP, "The service does not offer PKCE with S256")
    own = {origin_of(transport.check_url(issuer, _STEP)), *trusted_origins}
    jwks_url = _keys(transport, found, id_token)

    def at(name: str, trusted: Collection[str], can_go: bool) -> tuple[str | None, str]:
        if _FIELDS[name] in settled:
            return None, ""
        return _trusted_endpoint(transport, found, name, trusted, can_go)

    authorize_url, _ = at("authorization_endpoint", own, False)
    exchange_url, _ = at("token_endpoint", own, False)
    userinfo_url, no_userinfo = at(
        "userinfo_endpoint", {*own, *userinfo_origins}, id_token and jwks_url is not None
    )
    revoke_url, no_revocation = at("revocation_endpoint", own, True)
    for url, name in ((authorize_url, "authorization_endpoint"), (exchange_url, "token_endpoint")):
        if url is None and _FIELDS[name] not in settled:
            text = f"The service's description lacks an endpoint, {name}: enter {_FIELDS[name]}"
            raise OAuthError(Kind.MISCONFIGURED, _STEP, text, field=_FIELDS[name])
    return Endpoints(
        issuer=issuer,
        authorize_url=authorize_url or "",
        exchange_url=exchange_url or "",
        userinfo_url=userinfo_url,
        revoke_url=revoke_url,
        jwks_url=jwks_url,
        iss_in_answer=found.get("authorization_response_iss_parameter_supported") is True,
        issuer_pattern=pattern,
        offers_pkce=not refuses,
        left_out=tuple(filter(None, (no_userinfo, no_revocation))),
    )


def _own_issuer(found: object, issuer: str, pattern: str | None) -> tuple[str, str | None]:
    """The issuer's name for itself, and the pattern of its ID tokens' issuers where they have many.

    A tenant that the account calls by another of its names describes itself by its id.
    """
    if found == issuer:
        return issuer, None
    if pattern is not None and issuers.fits(issuer, pattern):
        if issuers.is_template(found, pattern):
            return issuer, pattern
        if issuers.fits(found, pattern):
            return str(found), None
    text = f"The service's description names another issuer: {issuers.shown(found)}"
    raise OAuthError(Kind.REFUSED, _STEP, text, field="issuer")


def merge(
    discovered: Endpoints | None,
    *,
    issuer: str | None = None,
    authorize_url: str | None = None,
    exchange_url: str | None = None,
    refresh_url: str | None = None,
    userinfo_url: str | None = None,
    revoke_url: str | None = None,
) -> Endpoints:
    """Put what the account says over what was discovered. Empty means not said.

    :param discovered: nothing for an account without an issuer
    :param issuer: for a service without discovery that names itself all the same
    :param authorize_url: of the account
    :param exchange_url: of the account
    :param refresh_url: of the account
    :param userinfo_url: of the account
    :param revoke_url: of the account
    :return: the addresses to use
    :raises OAuthError: MISCONFIGURED, if an address is known to neither
    """
    base = discovered or Endpoints(issuer=issuer or None, authorize_url="", exchange_url="")
    merged = replace(
        base,
        authorize_url=authorize_url or base.authorize_url,
        exchange_url=exchange_url or base.exchange_url,
        refresh_url=refresh_url or base.refresh_url,
        userinfo_url=userinfo_url or base.userinfo_url,
        revoke_url=revoke_url or base.revoke_url,
    )
    if not merged.authorize_url or not merged.exchange_url:
        text = "The account needs an issuer, or the addresses to authorize and to exchange at"
        raise OAuthError(Kind.MISCONFIGURED, _STEP, text)
    return merged


async def _description(transport: Transport, issuer: str) -> HttpResponse:
    """Ask where OpenID Connect keeps it, then where RFC 8414 does."""
    from authlib.oauth2.rfc8414 import get_well_known_url  # loads all of OAuth, which only this needs

    if "?" in issuer or "#" in issuer:  # RFC 8414 section 2
        raise OAuthError(Kind.REFUSED, _STEP, "An issuer has neither query nor fragment")
    openid = issuer.rstrip("/") + "/.well-known/openid-configuration"
    answer = await transport.get(openid, step=_STEP)
    if _is_nothing(answer):
        plain = get_well_known_url(issuer.rstrip("/"), external=True)
        answer = await transport.get(plain, step=_STEP)
    if _is_nothing(answer):
        text = f"The issuer does not describe itself ({answer.status}): is it right?"
        raise OAuthError(Kind.MISCONFIGURED, _STEP, text, status=answer.status)
    answer.raise_for_error()
    return answer


def _is_nothing(answer: HttpResponse) -> bool:
    """Whether no description lies there: a 404, or any other refusal of the service's own.

    Amazon's API Gateway says 403 for an address that is none, Microsoft 400 for a tenant that is none.
    """
    return answer.status in _MISSING or (answer.refuses and not answer.is_page)


def _endpoint(transport: Transport, found: dict[str, Any], name: str) -> str | None:
    url = found.get(name)
    if url is None or url == "":
        return None
    if not isinstance(url, str):
        raise OAuthError(Kind.REFUSED, _STEP, "It is no address")
    return transport.check_url(url, _STEP)


def _keys(transport: Transport, found: dict[str, Any], needed: bool) -> str | None:
    """Where the keys lie: maybe elsewhere, as Google's do, since nothing of ours is ever sent to them."""
    try:
        return _endpoint(transport, found, "jwks_uri")
    except OAuthError as error:
        text = f"The service's jwks_uri cannot be used: {error.text}"
    if needed:
        raise OAuthError(Kind.REFUSED, _STEP, text, field="issuer")
    return None


def _trusted_endpoint(
    transport: Transport, found: dict[str, Any], name: str, trusted: Collection[str], can_go: bool
) -> tuple[str | None, str]:
    """An endpoint's address, or why it is left out.

    :param trusted: origins it may lie at
    :param can_go: whether sign-ins work without it
    :raises OAuthError: REFUSED, if it may not be used and cannot be left out
    """
    try:
        url = _endpoint(transport, found, name)
        origin = origin_of(url) if url else None
        problem = f"lies at {origin}, which the account does not name" if origin else ""
        if origin is None or origin in trusted:
            return url, ""
    except OAuthError as error:
        problem = f"cannot be used: {error.text}"
    field = _FIELDS[name]
    if can_go:
        return None, f"The service's {name} is left out, it {problem}; to use it, enter {field}."
    text = f"The service's {name} {problem}; if it is right, enter {field}"
    raise OAuthError(Kind.REFUSED, _STEP, text, field=field)
