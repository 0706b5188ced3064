"""The addresses of an account's service: found when people sign in, and stored with their sign-ins."""

from __future__ import annotations

import json
from dataclasses import asdict

from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.registry import oauth_client
from airflow_thirdparty.server.oauth import metadata
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Endpoints
from airflow_thirdparty.urls import origin_of


async def find_endpoints(transport: Transport, account: Account) -> Endpoints:
    """The addresses of the account's service: what is registered wins over what the issuer publishes.

    :param transport: the way to the service
    :param account: as it is registered now
    :return: where its people sign in and where its tokens go
    :raises OAuthError: when the issuer cannot be asked, or what it publishes cannot be trusted
    """
    configured: dict[str, str | None] = {
        "authorize_url": account.authorize_url,
        "exchange_url": account.exchange_url,
        "refresh_url": account.refresh_url,
        "userinfo_url": account.userinfo_url,
        "revoke_url": account.revoke_url,
    }
    discovered = None
    if account.issuer and _has_to_be_asked(account):
        named = [*(url for url in configured.values() if url), *account.origins]
        discovered = await metadata.discover(
            transport,
            account.issuer,
            trusted_origins={origin_of(url) for url in named},
            userinfo_origins={origin_of(account.host)} if account.host else (),
            settled=[name for name, url in configured.items() if url],
            id_token="openid" in account.scopes,
            rules=oauth_client.rules(account),
        )
    return metadata.merge(discovered, issuer=account.issuer, **configured)


def _has_to_be_asked(account: Account) -> bool:
    """Whether the issuer knows something that is needed: keys for ID tokens, or an address."""
    return account.preset.identity == "openid" or not (account.authorize_url and account.exchange_url)


def dump(endpoints: Endpoints) -> str:
    """Endpoints as they are stored with a sign-in: it never talks to any others.

    :param endpoints: of the account's service
    :return: a JSON object
    """
    values = asdict(endpoints)
    for note in ("left_out", "offers_pkce"):  # for whoever registers the account
        del values[note]
    return json.dumps(values, sort_keys=True)


def load(text: str) -> Endpoints:
    """Read what :func:`dump` wrote.

    :param text: as stored with a sign-in
    :return: the endpoints
    """
    return Endpoints(**json.loads(text))


def current(text: str, account: Account) -> Endpoints:
    """Where a sign-in's tokens go: what it was made with, and what the account says since.

    What is registered is the same as then, or has moved within one service: the caller has compared the
    bindings. What a release has corrected in the preset holds for earlier sign-ins too.

    :param text: as stored with the sign-in
    :param account: as it is registered now
    :return: the endpoints to call
    """
    return metadata.merge(
        load(text),
        authorize_url=account.authorize_url,
        exchange_url=account.exchange_url,
        refresh_url=account.refresh_url,
        userinfo_url=account.userinfo_url,
        revoke_url=account.revoke_url,
    )
