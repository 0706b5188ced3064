"""Taking tokens back at the service (RFC 7009)."""

from __future__ import annotations

from datetime import datetime

from authlib.oauth2.rfc7009 import prepare_revoke_token_request

from airflow_thirdparty.server.oauth.client_auth import authenticated
from airflow_thirdparty.server.oauth.errors import OAuthError
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Client, Endpoints

_STEP = "revocation"


async def revoke(
    transport: Transport,
    client: Client,
    endpoints: Endpoints,
    *,
    refresh_token: str | None,
    access_token: str | None,
    now: datetime,
) -> bool:
    """Revoke a sign-in's tokens, the refresh token first: it is the one that lives.

    :param transport: the way out
    :param client: whose tokens they are
    :param endpoints: of the service
    :param refresh_token: if there is one
    :param access_token: if there is one
    :param now: for ``Retry-After``
    :return: whether the service has confirmed it; ``False`` if it offers no revocation
    :raises OAuthError: if the service did not confirm. When only the access token is left alive, because
        the service revokes refresh tokens alone (section 2.2.1), that is no error
    """
    if not endpoints.revoke_url or not (refresh_token or access_token):
        return False
    if refresh_token:
        await _revoke(transport, client, endpoints.revoke_url, "refresh_token", refresh_token, now)
    if access_token:
        try:
            await _revoke(transport, client, endpoints.revoke_url, "access_token", access_token, now)
        except OAuthError as error:
            if not refresh_token or error.code not in ("unsupported_token_type", "invalid_token"):
                raise
    return True


async def _revoke(
    transport: Transport, client: Client, url: str, hint: str, token: str, now: datetime
) -> None:
    form, _ = prepare_revoke_token_request(token, hint)
    form, headers = authenticated(client, str(form), _STEP)
    answer = await transport.post_form(url, form, step=_STEP, headers=headers)
    answer.raise_for_error(now)
