"""Taking tokens back at the service (RFC 7009), also where it wants that otherwise."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from airflow_thirdparty.server.oauth.answers import HttpResponse
from airflow_thirdparty.server.oauth.client_auth import credentials, headers_of
from airflow_thirdparty.server.oauth.errors import OAuthError
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Client, Endpoints
from airflow_thirdparty.server.service_rules import STANDARD, ServiceRules

_STEP = "revocation"

_TOKEN_IS_DEAD = 401
"""What a service says to a token that it does not know any more (RFC 6750 section 3.1)."""


async def revoke(
    transport: Transport,
    client: Client,
    endpoints: Endpoints,
    *,
    refresh_token: str | None,
    access_token: str | None,
    now: datetime,
    rules: ServiceRules = STANDARD,
) -> bool:
    """Revoke a sign-in's tokens, the refresh token first: it is the one that lives.

    :param transport: the way out
    :param client: whose tokens they are
    :param endpoints: of the service
    :param refresh_token: if there is one
    :param access_token: if there is one
    :param now: for ``Retry-After``
    :param rules: of the service
    :return: whether the service has confirmed it; ``False`` if it offers no revocation, or none for these
        tokens
    :raises OAuthError: if the service did not confirm. When only the access token is left alive, because
        the service revokes refresh tokens alone (section 2.2.1), that is no error
    """
    refresh = refresh_token if rules.revoke_tokens != "access" else None
    access = access_token if rules.revoke_tokens != "refresh" else None
    if not endpoints.revoke_url or not (refresh or access):
        return False
    url = endpoints.revoke_url.replace("{client_id}", quote(client.client_id, safe=""))
    if rules.revoke_style in ("bearer", "delete_bearer"):
        return bool(access) and await _by_itself(transport, client, url, str(access), now, rules)
    if refresh:
        await _revoke(transport, client, url, "refresh_token", refresh, now, rules)
    if access:
        try:
            await _revoke(transport, client, url, "access_token", access, now, rules)
        except OAuthError as error:
            if not refresh or error.code not in ("unsupported_token_type", "invalid_token"):
                raise
    return True


async def _by_itself(
    transport: Transport, client: Client, url: str, access_token: str, now: datetime, rules: ServiceRules
) -> bool:
    """Revoke an access token by showing it; one that has ended cannot end what it belongs to."""
    method = "POST" if rules.revoke_style == "bearer" else "DELETE"
    headers = {**headers_of(client, rules), "Authorization": f"Bearer {access_token}"}
    answer = await transport.send(method, url, step=_STEP, headers=headers)
    if answer.status == _TOKEN_IS_DEAD:
        return False
    _confirm(answer, now)
    return True


async def _revoke(
    transport: Transport,
    client: Client,
    url: str,
    hint: str,
    token: str,
    now: datetime,
    rules: ServiceRules,
) -> None:
    own, headers = credentials(client, _STEP, rules, rules.revoke_auth)
    params = {rules.revoke_param: token, **own}
    if rules.revoke_style == "rfc7009":
        params["token_type_hint"] = hint
    answer = await transport.post(
        url,
        params,
        step=_STEP,
        body="form" if rules.revoke_style == "rfc7009" else "json",
        method="DELETE" if rules.revoke_style == "delete_json" else "POST",
        headers={**headers_of(client, rules), **headers},
    )
    _confirm(answer, now)


def _confirm(answer: HttpResponse, now: datetime) -> None:
    answer.raise_for_error(now)
