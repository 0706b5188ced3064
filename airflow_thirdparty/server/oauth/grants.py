"""Codes and refresh tokens become access tokens (RFC 6749 sections 4.1.3, 5 and 6)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from authlib.oauth2.rfc6749.parameters import prepare_token_request

from airflow_thirdparty.protocol import SCOPE_PATTERN
from airflow_thirdparty.server.oauth.answers import HttpResponse
from airflow_thirdparty.server.oauth.client_auth import authenticated
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Client, Endpoints, TokenSet

TOKEN_CAP = 16 * 1024
"""Most characters of an access or refresh token: servers take about this much of header fields in all."""

_ID_TOKEN_CAP = 64 * 1024
_LONGEST_LIFETIME = 2**32  # 136 years; services that mean "never" say 2^31 or less
_VISIBLE = re.compile(r"[\x21-\x7e]+")  # RFC 6749 appendix A.12 without blanks: fits into a header
_LONGEST_SCOPE = 500


async def exchange_code(
    transport: Transport,
    client: Client,
    endpoints: Endpoints,
    code: str,
    redirect_uri: str,
    verifier: str,
    scopes: Sequence[str],
    now: datetime,
) -> TokenSet:
    """Exchange a code.

    :param transport: the way out
    :param client: who asks
    :param endpoints: of the service
    :param code: from the callback
    :param redirect_uri: the one the authorization was begun with
    :param verifier: of PKCE, likewise
    :param scopes: that were asked for; they are what was granted when the answer does not say (RFC 6749 5.1)
    :param now: aware
    :raises OAuthError: see :class:`~airflow_thirdparty.server.oauth.errors.Kind`
    :return: what the service handed out
    """
    form = prepare_token_request(
        "authorization_code", code=code, redirect_uri=redirect_uri, code_verifier=verifier
    )
    return await _ask(transport, client, endpoints, "exchange", form, tuple(scopes), now)


async def refresh(
    transport: Transport,
    client: Client,
    endpoints: Endpoints,
    refresh_token: str,
    scopes: Sequence[str] | None,
    now: datetime,
) -> TokenSet:
    """Use a refresh token. Never retried here: a second use can cost the sign-in where tokens rotate.

    :param transport: the way out
    :param client: who asks
    :param endpoints: of the service
    :param refresh_token: afterwards replaced by the answer's, if that has one
    :param scopes: that were granted. They are not sent, so that an account that asks for more meanwhile
        does not break old sign-ins; they are what is granted when the answer does not say
    :param now: aware
    :raises OAuthError: PERMANENT only if the service says that this refresh token is no longer good
    :return: what the service handed out
    """
    form = prepare_token_request("refresh_token", refresh_token=refresh_token)
    known = None if scopes is None else tuple(scopes)
    return await _ask(transport, client, endpoints, "refresh", form, known, now)


async def _ask(
    transport: Transport,
    client: Client,
    endpoints: Endpoints,
    step: str,
    form: str,
    scopes: tuple[str, ...] | None,
    now: datetime,
) -> TokenSet:
    form, headers = authenticated(client, form, step)
    answer = await transport.post_form(endpoints.exchange_url, form, step=step, headers=headers)
    answer.raise_for_error(now)
    try:
        return _tokens(answer, scopes, now)
    except OAuthError as error:
        error.rescued = _rescued(answer)
        raise


def _rescued(answer: HttpResponse) -> str | None:
    """The refresh token of an answer whose other parts cannot be used."""
    try:
        return _token(answer.json(), "refresh_token", TOKEN_CAP, answer.step)
    except OAuthError:
        return None


def _tokens(answer: HttpResponse, scopes: tuple[str, ...] | None, now: datetime) -> TokenSet:
    found, step = answer.json(), answer.step
    token_type = found.get("token_type", "Bearer")
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        raise OAuthError(Kind.REFUSED, step, "The service handed out a token of a type other than Bearer")
    access_token = _token(found, "access_token", TOKEN_CAP, step)
    if access_token is None:
        raise OAuthError(Kind.TRANSIENT, step, "The service's answer has no access_token")
    return TokenSet(
        access_token=access_token,
        refresh_token=_token(found, "refresh_token", TOKEN_CAP, step),
        expires_at=_expiry(found.get("expires_in"), step, now),
        scopes=_scopes(found.get("scope"), scopes, step),
        id_token=_token(found, "id_token", _ID_TOKEN_CAP, step),
    )


def _token(found: dict[str, Any], name: str, cap: int, step: str) -> str | None:
    """A token that fits into a header and a database, or nothing if there is none."""
    token = found.get(name)
    if token is None or token == "":
        return None
    if not isinstance(token, str):
        raise OAuthError(Kind.REFUSED, step, f"The service's {name} is not a text")
    if len(token) > cap:
        raise OAuthError(Kind.REFUSED, step, f"The service's {name} is larger than {cap // 1024} KiB")
    if not _VISIBLE.fullmatch(token):
        raise OAuthError(Kind.REFUSED, step, f"The service's {name} has characters that no token has")
    return token


def _expiry(lifetime: object, step: str, now: datetime) -> datetime | None:
    """When the token expires. Some services say the seconds as text; 0 is taken as already expired."""
    if lifetime is None:
        return None
    if isinstance(lifetime, str) and re.fullmatch(r"[0-9]{1,10}", lifetime):
        lifetime = int(lifetime)
    if isinstance(lifetime, float) and lifetime.is_integer():
        lifetime = int(lifetime)
    if isinstance(lifetime, bool) or not isinstance(lifetime, int) or not 0 <= lifetime <= _LONGEST_LIFETIME:
        raise OAuthError(Kind.REFUSED, step, "The service's expires_in is not a number of seconds")
    return now.astimezone(timezone.utc) + timedelta(seconds=lifetime)


def _scopes(scope: object, known: tuple[str, ...] | None, step: str) -> tuple[str, ...] | None:
    """What was granted. Separated by blanks; by commas at GitHub, unless a scope itself holds a comma."""
    if scope is None:
        return known
    if isinstance(scope, list) and all(isinstance(one, str) for one in scope):
        scope = " ".join(scope)
    if not isinstance(scope, str):
        raise OAuthError(Kind.REFUSED, step, "The service's scope is not a text")
    commas = any("," in one for one in known or ())
    granted = tuple(dict.fromkeys(scope.split() if commas else scope.replace(",", " ").split()))
    if not all(len(one) <= _LONGEST_SCOPE and SCOPE_PATTERN.fullmatch(one) for one in granted):
        raise OAuthError(Kind.REFUSED, step, "The service's scope has characters that no scope has")
    return granted
