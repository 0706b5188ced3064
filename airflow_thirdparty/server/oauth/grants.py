"""Codes and refresh tokens become access tokens (RFC 6749 sections 4.1.3, 5 and 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from airflow_thirdparty.server.oauth import token_answers
from airflow_thirdparty.server.oauth.client_auth import credentials, headers_of
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Client, Endpoints, TokenSet
from airflow_thirdparty.server.service_rules import STANDARD, ServiceRules


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
    params = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        **({} if rules.pkce == "none" else {"code_verifier": verifier}),
        **rules.token_params,
    }
    ask = _Asked("exchange", endpoints.exchange_url, params, (code, verifier), tuple(scopes))
    return await _ask(transport, client, ask, now, rules)


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
    :param scopes: that were granted. They are not sent where the service does not demand it; they are what is
        granted when the answer does not say
    :param now: aware
    :param rules: of the service
    :return: what is granted from now on
    :raises OAuthError: PERMANENT only if the service says that this refresh token is no longer good
    """
    params = {"grant_type": "refresh_token", "refresh_token": refresh_token, **rules.refresh_params}
    if rules.refresh_sends_scope and scopes:
        params[rules.scope_param] = rules.scope_separator.join(scopes)
    known = None if scopes is None else tuple(scopes)
    url = endpoints.refresh_url or endpoints.exchange_url
    return await _ask(transport, client, _Asked("refresh", url, params, (refresh_token,), known), now, rules)


@dataclass(frozen=True)
class _Asked:
    """A request for tokens.

    :param secrets: what stands in it and must not be quoted
    :param scopes: what is granted when the answer does not say
    """

    step: str
    url: str
    params: Mapping[str, str]
    secrets: tuple[str, ...]
    scopes: tuple[str, ...] | None


async def _ask(
    transport: Transport, client: Client, asked: _Asked, now: datetime, rules: ServiceRules
) -> TokenSet:
    own, headers = credentials(client, asked.step, rules)
    answer = await transport.post(
        asked.url,
        {**asked.params, **own},
        step=asked.step,
        body=rules.token_body,
        headers={**headers_of(client, rules), **headers},
    )
    answer.raise_for_error(now, rules, (*asked.secrets, client.client_secret or ""))
    return token_answers.read(answer, asked.scopes, now, rules)
