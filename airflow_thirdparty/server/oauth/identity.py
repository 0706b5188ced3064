"""Who signed in: from the ID token, or from userinfo (OpenID Connect Core 3.1.3.7 and 5.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_thirdparty.server.oauth import api_hosts, paths
from airflow_thirdparty.server.oauth.answers import HttpResponse, usable_text
from airflow_thirdparty.server.oauth.client_auth import fill_in, headers_of
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Client, Endpoints, Identity, TokenSet
from airflow_thirdparty.server.service_rules import STANDARD, ServiceRules
from airflow_thirdparty.urls import origin_of

if TYPE_CHECKING:
    from airflow_thirdparty.server.oauth.id_tokens import SigningKey


async def identify(
    transport: Transport,
    endpoints: Endpoints,
    tokens: TokenSet,
    client: Client,
    nonce: str | None,
    now: datetime,
    rules: ServiceRules = STANDARD,
) -> Identity:
    """Find out whose tokens these are.

    An ID token is believed only with algorithm, signature, issuer, audience, times and nonce in order. It is
    enough; userinfo is then asked for a name only, so trouble there costs no more than the name. But where
    userinfo speaks of somebody else, nobody is believed.

    :param transport: the way out
    :param endpoints: of the service
    :param tokens: fresh from the exchange
    :param client: whom the ID token must be meant for
    :param nonce: of the authorization
    :param now: aware
    :param rules: of the service
    :return: who they are at the service
    :raises OAuthError: REFUSED for an ID token that does not hold, MISCONFIGURED if the service offers
        nothing to tell by, TRANSIENT if it cannot be asked now
    """
    if rules.identity == "token_answer":
        return _of_token_answer(endpoints, tokens)
    if rules.identity == "openid" and (
        found := await _openid(transport, endpoints, tokens, client, nonce, now)
    ):
        return found
    if not endpoints.userinfo_url:
        raise OAuthError(Kind.MISCONFIGURED, "userinfo", "The service offers no way to tell who signed in")
    answer = await _ask_userinfo(transport, endpoints.userinfo_url, tokens, client, rules, now)
    return _of_userinfo(endpoints, _read(answer), rules)


async def still_accepts(
    transport: Transport,
    endpoints: Endpoints,
    access_token: str,
    client: Client,
    now: datetime,
    rules: ServiceRules = STANDARD,
) -> bool | None:
    """Ask a service whether it still accepts an access token: whose it is, is what every token may ask.

    :param transport: the way out
    :param endpoints: of the service
    :param access_token: the token
    :param client: whom the service knows
    :param now: aware
    :param rules: of the service
    :return: false for a 401 of its own (RFC 6750 section 3.1); ``None`` where it does not say
    """
    if not endpoints.userinfo_url:
        return None
    try:
        await _ask_userinfo(transport, endpoints.userinfo_url, TokenSet(access_token), client, rules, now)
    except OAuthError as error:
        # a page is a proxy's
        return False if error.status == 401 and error.kind is Kind.MISCONFIGURED else None
    return True


def _of_token_answer(endpoints: Endpoints, tokens: TokenSet) -> Identity:
    if not tokens.subject:
        text = "The service does not say who signed in, in its answer to the exchange"
        raise OAuthError(Kind.MISCONFIGURED, "exchange", text)
    return Identity(_issuer(endpoints), tokens.subject, tokens.subject_name)


async def _openid(
    transport: Transport,
    endpoints: Endpoints,
    tokens: TokenSet,
    client: Client,
    nonce: str | None,
    now: datetime,
) -> Identity | None:
    """Who the ID token speaks of; nothing where the service gives none that can be verified."""
    if nonce is not None and tokens.id_token is None and endpoints.jwks_url:
        raise OAuthError(Kind.REFUSED, "exchange", "The service was asked for an ID token and gave none")
    if tokens.id_token is not None and endpoints.issuer and endpoints.jwks_url:
        from airflow_thirdparty.server.oauth import id_tokens  # loads cryptography that sign-ins alone need

        keys = await id_tokens.fetch_keys(transport, endpoints.jwks_url)
        claims = id_tokens.verify(tokens, keys, endpoints, client.client_id, nonce, now)
        return await _of_id_token(transport, endpoints, tokens, claims, keys)
    return None


async def _of_id_token(
    transport: Transport,
    endpoints: Endpoints,
    tokens: TokenSet,
    claims: Mapping[str, Any],
    keys: Collection[SigningKey],
) -> Identity:
    """Who an ID token speaks of, by the name that userinfo knows if it knows none itself."""
    subject, name = str(claims["sub"]), _text(claims, STANDARD.subject_name)
    if not name and endpoints.userinfo_url:
        try:
            answer = await transport.get(endpoints.userinfo_url, step="userinfo", bearer=tokens.access_token)
            answer.raise_for_error()
            profile = _profile(answer, keys)
        except OAuthError:
            profile = {}  # the ID token has said who it is
        told = profile.get("sub")
        told = str(told).strip() if isinstance(told, (str, int)) and not isinstance(told, bool) else ""
        if told and told != subject:  # OpenID Connect Core 5.3.2
            raise OAuthError(Kind.REFUSED, "userinfo", "ID token and userinfo speak of different users")
        name = _text(profile, STANDARD.subject_name) if told else ""
    return Identity(issuer=str(claims["iss"]), subject=subject, name=name or subject)


async def _ask_userinfo(
    transport: Transport,
    url: str,
    tokens: TokenSet,
    client: Client,
    rules: ServiceRules,
    now: datetime,
) -> HttpResponse:
    headers = headers_of(client, rules)
    if rules.userinfo_scheme != "none":
        headers[rules.userinfo_header] = f"{rules.userinfo_scheme} {tokens.access_token}"
    elif not rules.userinfo_form:
        headers[rules.userinfo_header] = tokens.access_token
    answer = await _sent(transport, url, tokens, client, rules, headers)
    if answer.refuses and not answer.is_page:
        hint = "is a scope missing" if answer.status in (401, 403) else "is the address right"
        text = f"The service does not tell who signed in ({answer.status}): {hint}?"
        raise OAuthError(Kind.MISCONFIGURED, "userinfo", text, status=answer.status)
    answer.raise_for_error(now, replace(rules, ok=rules.userinfo_ok))
    return answer


async def _sent(
    transport: Transport,
    url: str,
    tokens: TokenSet,
    client: Client,
    rules: ServiceRules,
    headers: Mapping[str, str],
) -> HttpResponse:
    if rules.userinfo_form:
        known = {
            "access_token": tokens.access_token,
            "client_id": client.client_id,
            "client_secret": client.client_secret or "",
        }
        return await transport.post(
            url, fill_in(rules.userinfo_form, known), step="userinfo", headers=headers
        )
    if rules.userinfo_json:
        return await transport.post(url, rules.userinfo_json, step="userinfo", body="json", headers=headers)
    if rules.userinfo_method == "POST":
        return await transport.send("POST", url, step="userinfo", headers=headers)
    return await transport.get(url, step="userinfo", headers=headers)


def _read(answer: HttpResponse) -> dict[str, Any]:
    """What userinfo says; a success that cannot be understood will not be understood tomorrow either."""
    try:
        return answer.json()
    except OAuthError as error:
        kind = error.kind if answer.is_page else Kind.MISCONFIGURED  # pages are a proxy's
        raise OAuthError(kind, "userinfo", error.text, status=answer.status) from None


def _profile(answer: HttpResponse, keys: Collection[SigningKey]) -> dict[str, Any]:
    """What userinfo says: JSON, or a JWT signed with the service's keys (OpenID Connect Core 5.3.2)."""
    token = answer.body.strip()
    if token.isascii() and token.count(b".") == 2 and not token.startswith(b"{"):
        from airflow_thirdparty.server.oauth import id_tokens  # as above

        return id_tokens.signed_claims(token.decode("ascii"), keys)[1]
    return answer.json()


def _of_userinfo(endpoints: Endpoints, profile: Mapping[str, Any], rules: ServiceRules) -> Identity:
    subject = _text(profile, rules.subject)
    if not subject:
        raise OAuthError(Kind.MISCONFIGURED, "userinfo", "The service does not say who signed in")
    name = _text(profile, rules.subject_name) or subject
    return Identity(_issuer(endpoints), subject, name, api_hosts.named_in(profile, rules, "userinfo"))


def _issuer(endpoints: Endpoints) -> str:
    """The service's name for itself, else where it tells who its users are."""
    if endpoints.issuer:
        return endpoints.issuer
    try:
        return origin_of(endpoints.userinfo_url or endpoints.exchange_url)
    except ValueError:
        raise OAuthError(Kind.REFUSED, "userinfo", "The address cannot be read") from None


def _text(claims: Mapping[str, Any], path: str) -> str:
    """The first of a path's alternatives that is a usable text (GitHub's ids are numbers)."""
    for one in paths.alternatives(path):
        value = paths.value_at(claims, one)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and usable_text(value):
            return value
    return ""
