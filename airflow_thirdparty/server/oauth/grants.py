"""Codes and refresh tokens become access tokens (RFC 6749 sections 4.1.3, 5 and 6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from authlib.oauth2.rfc6749.parameters import prepare_token_request

from airflow_thirdparty.server.oauth import token_answers
from airflow_thirdparty.server.oauth.client_auth import authenticated
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import STANDARD, Client, Endpoints, ServiceRules, TokenSet


async def exchange_code(
    transport: Transport,
    client: Client,
    endpoints: Endpoints,
    code: str,
    redirect_uri: str,
    verifier: str,
    scopes: Sequence[str],
    now: datetime,
    rules: ServiceRules = STANDARD,
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
    :param rules: of the service
    :return: what was granted
    :raises OAuthError: see :class:`~airflow_thirdparty.server.oauth.errors.Kind`
    """
    form = prepare_token_request(
        "authorization_code", code=code, redirect_uri=redirect_uri, code_verifier=verifier
    )
    return await _ask(
        transport, client, endpoints, "exchange", form, (code, verifier), tuple(scopes), now, rules
    )


async def refresh(
    transport: Transport,
    client: Client,
    endpoints: Endpoints,
    refresh_token: str,
    scopes: Sequence[str] | None,
    now: datetime,
    rules: ServiceRules = STANDARD,
) -> TokenSet:
    """Use a refresh token. Never retried here: a second use can cost the sign-in where tokens rotate.

    :param transport: the way out
    :param client: who asks
    :param endpoints: of the service
    :param refresh_token: afterwards replaced by the answer's, if that has one
    :param scopes: that were granted. They are not sent, so that an account that asks for more meanwhile
        does not break old sign-ins; they are what is granted when the answer does not say
    :param now: aware
    :param rules: of the service
    :return: what is granted from now on
    :raises OAuthError: PERMANENT only if the service says that this refresh token is no longer good
    """
    form = prepare_token_request("refresh_token", refresh_token=refresh_token)
    known = None if scopes is None else tuple(scopes)
    return await _ask(transport, client, endpoints, "refresh", form, (refresh_token,), known, now, rules)


async def _ask(
    transport: Transport,
    client: Client,
    endpoints: Endpoints,
    step: str,
    form: str,
    secrets: tuple[str, ...],
    scopes: tuple[str, ...] | None,
    now: datetime,
    rules: ServiceRules,
) -> TokenSet:
    form, headers = authenticated(client, form, step)
    answer = await transport.post_form(endpoints.exchange_url, form, step=step, headers=headers)
    answer.raise_for_error(now, rules, (*secrets, client.client_secret or ""))
    return token_answers.read(answer, scopes, now, rules)
