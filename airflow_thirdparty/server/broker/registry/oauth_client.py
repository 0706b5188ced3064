"""An account's service as the protocol code needs it: which client, and what its failures mean to people."""

from __future__ import annotations

import json

from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.exceptions import ServiceUnavailable, ThirdPartyAccountError
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.accounts.presets import PRESETS
from airflow_thirdparty.server.oauth.errors import ADMINS_KINDS, Kind, OAuthError
from airflow_thirdparty.server.oauth.types import Client
from airflow_thirdparty.server.reasons import misconfigured, reason
from airflow_thirdparty.server.service_rules import STANDARD, ServiceRules
from airflow_thirdparty.server.store import client_secrets
from airflow_thirdparty.server.store.seal import SealError


def client(session: Session, account: Account) -> Client:
    """Who we are at the account's service.

    :param session: a session
    :param account: as it is registered now
    :return: the client, with its secret unless it is a public one
    :raises AccountMisconfigured: when there is no client secret for what is registered now
    """
    try:
        secret = client_secrets.read(session, account)
    except SealError as error:
        raise misconfigured(
            "client_secret_locked", "password", account=account.conn_id, why=str(error)
        ) from None
    return Client(account.client_id, secret, account.client_auth_method)


def check_code_binding(account: Account) -> None:
    """Refuse an account whose service binds no code to whoever began the sign-in, where that is required.

    :param account: as it is registered now
    :raises AccountMisconfigured: when [third_party_accounts] require_code_binding is set
    """
    if account.code_bound_by or not settings.require_code_binding():
        return
    raise misconfigured("code_unbound", "service", account=account.conn_id, name=account.preset.name)


def rules(account: Account) -> ServiceRules:
    """How the account's service answers otherwise than the RFCs say, as its preset knows.

    :param account: of any service
    :return: what the protocol code goes by
    """
    return account.preset


def rules_of_binding(binding: str) -> ServiceRules:
    """How a service deviates whose account is gone or points elsewhere now.

    :param binding: as it was stored with a sign-in
    :return: what the preset knows that the sign-in was made with, else the RFCs
    """
    service = json.loads(binding).get("service")
    return PRESETS.get(service, STANDARD) if isinstance(service, str) else STANDARD


def to_user_error(error: OAuthError, account: Account) -> ThirdPartyAccountError:
    """A failure of the protocol as an error of ours, for whoever waits for the outcome.

    :param error: what went wrong, and at which step
    :param account: whose service it was
    :return: the error to raise, naming the field that an admin has to look at
    """
    name = account.preset.name if account.service not in ("openid", "custom") else account.conn_id
    said = f"{error.text} ({error.code})" if error.code else error.text
    # what a service in trouble answers, such as a redirect to a page that says so, is no fault of the account
    if error.kind in ADMINS_KINDS or (error.kind is Kind.REFUSED and error.step != "refresh"):
        field = error.field or _FIELD_OF_STEP.get(error.step)
        return misconfigured(
            "does_not_work", field, account=account.conn_id, name=name, step=error.step, said=said
        )
    unreachable = reason("service_unreachable", name=name, step=error.step, said=said)
    return ServiceUnavailable(
        unreachable.text, unreachable.remedy, reason=unreachable.code, values=unreachable.values
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
