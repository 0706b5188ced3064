"""An account's service as the protocol code needs it: which client, which addresses."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import cast

from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountMisconfigured, ServiceUnavailable, ThirdPartyAccountError
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.oauth import metadata
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.types import Client, ClientAuthMethod, Endpoints, ServiceRules
from airflow_thirdparty.server.store import client_secrets
from airflow_thirdparty.server.store.seal import SealError


def client(session: Session, account: Account) -> Client:
    """Who we are at the account's service.

    :raises AccountMisconfigured: when there is no client secret for what is registered now
    """
    try:
        secret = client_secrets.read(session, account)
    except SealError as error:
        raise AccountMisconfigured(
            f"The client secret of account '{account.conn_id}' cannot be opened: {error}.",
            "An admin restores the Fernet key, or enters the client secret again.",
            field="password",
        ) from None
    return Client(account.client_id, secret, cast("ClientAuthMethod", account.client_auth_method))


def rules(account: Account) -> ServiceRules:
    """How the account's service answers otherwise than the RFCs say, as its preset knows.

    :param account: of any service
    """
    return ServiceRules(**{one.name: getattr(account.preset, one.name) for one in fields(ServiceRules)})


def dump_endpoints(endpoints: Endpoints) -> str:
    """Endpoints as they are stored with a sign-in: it never talks to any others."""
    values = asdict(endpoints)
    del values["left_out"]  # notes for whoever registers the account
    return json.dumps(values, sort_keys=True)


def load_endpoints(text: str) -> Endpoints:
    """Read what :func:`dump_endpoints` wrote."""
    return Endpoints(**json.loads(text))


def endpoints(text: str, account: Account) -> Endpoints:
    """Where a sign-in's tokens go: what it was made with, and what the account says since.

    The sign-in is pinned to the origin of every address, so what the account says can have moved within one
    service only; the caller has compared the bindings.

    :param text: as stored with the sign-in
    """
    return metadata.merge(
        load_endpoints(text),
        authorize_url=account.authorize_url,
        exchange_url=account.exchange_url,
        userinfo_url=account.userinfo_url,
        revoke_url=account.revoke_url,
    )


def to_user_error(error: OAuthError, account: Account) -> ThirdPartyAccountError:
    """A failure of the protocol as an error of ours, for whoever waits for the outcome."""
    name = account.preset.name if account.service not in ("openid", "custom") else account.conn_id
    code = f" ({error.code})" if error.code else ""
    # what a service in trouble answers, such as a redirect to a page that says so, is no fault of the account
    ours = error.kind in (Kind.CLIENT, Kind.MISCONFIGURED)
    if ours or (error.kind is Kind.REFUSED and error.step != "refresh"):
        return AccountMisconfigured(
            f"Account '{account.conn_id}' does not work with {name}, at the step '{error.step}': "
            f"{error.text}{code}.",
            "An admin checks the account's client id, client secret and addresses.",
            field=error.field or _FIELD_OF_STEP.get(error.step),
        )
    return ServiceUnavailable(
        f"{name} cannot be reached or does not answer as it should, at the step '{error.step}': "
        f"{error.text}{code}.",
        "Nothing is lost; try again in a minute.",
    )


_FIELD_OF_STEP = {
    "discovery": "issuer",
    "authorization": "authorize_url",
    "exchange": "exchange_url",
    "refresh": "exchange_url",
    "userinfo": "userinfo_url",
    "revocation": "revoke_url",
    "keys": "issuer",
}
