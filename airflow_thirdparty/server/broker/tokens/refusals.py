"""Every way in which a sign-in cannot be used, in words for the person it concerns."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import (
    AccountChanged,
    AccountMisconfigured,
    ScopesMissing,
    ServiceUnavailable,
    SignInLapsed,
    SignInRequired,
    ThirdPartyAccountError,
)
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker import links
from airflow_thirdparty.server.broker.registry import oauth_client
from airflow_thirdparty.server.broker.telemetry import audit
from airflow_thirdparty.server.oauth.errors import ADMINS_KINDS, OAuthError
from airflow_thirdparty.server.reasons import misconfigured
from airflow_thirdparty.server.store.models import AccountHealth, SignIn
from airflow_thirdparty.server.store.seal import SealError
from airflow_thirdparty.server.store.sign_ins import SignInFacts


def sign_in_required(account: Account, name: str = "") -> SignInRequired:
    """Nobody signed in.

    :param account: the account as it is registered now
    :param name: whom the run acts for; empty when that must not be said
    :return: the refusal, with the page that mends it
    """
    who = f"'{name}'" if name else "The user this run acts for"
    return SignInRequired(
        f"{who} has not signed in to the third-party account '{account.conn_id}'.",
        "Sign in, then run the task again:",
        link=links.sign_in(account.conn_id),
    )


def sign_in_lapsed(account: Account, text: str) -> SignInLapsed:
    """The service withdrew the sign-in.

    :param account: the account as it is registered now
    :param text: why, in words
    :return: the refusal, with the page that mends it
    """
    return SignInLapsed(
        f"The sign-in to the third-party account '{account.conn_id}' has lapsed: {text}.",
        "Sign in again, then run the task again:",
        link=links.sign_in(account.conn_id),
    )


class SoftLapsed(SignInLapsed):
    """A sign-in that the service keeps refusing in words nobody knows; a later try may yet succeed."""


def sign_in_soft_lapsed(account: Account, text: str) -> SoftLapsed:
    """The service keeps refusing the sign-in.

    :param account: the account as it is registered now
    :param text: what it says, in words
    :return: the refusal, with the page that mends it
    """
    return SoftLapsed(
        f"The service keeps refusing the sign-in to the third-party account '{account.conn_id}': {text}. It "
        "seems to have lapsed; it is kept, and still tried now and then.",
        "Sign in again, then run the task again:",
        link=links.sign_in(account.conn_id),
    )


NOT_ACCEPTED = "it does not accept the access token any more, and gave nothing to refresh it with"
"""What a service says, in words, that answers 401 to a token."""


def token_refused(account: Account) -> SoftLapsed:
    """The service does not accept the access token, and gave nothing to refresh it with.

    :param account: the account as it is registered now
    :return: the refusal, with the page that mends it
    """
    return sign_in_soft_lapsed(account, NOT_ACCEPTED)


def expired_for_good(account: Account) -> SignInLapsed:
    """The access token expired and the service gave nothing to refresh it with.

    :param account: the account as it is registered now
    :return: the refusal, with the page that mends it
    """
    return sign_in_lapsed(account, "its access token expired, and the service gave no refresh token")


def account_changed(account: Account) -> AccountChanged:
    """The account points elsewhere now.

    :param account: the account as it is registered now
    :return: the refusal, with the page that mends it
    """
    return AccountChanged(
        f"An admin changed the client id or an address of the third-party account '{account.conn_id}' after "
        "this sign-in was made, so its tokens are not used any more.",
        "Sign in again, then run the task again:",
        link=links.sign_in(account.conn_id),
    )


def scopes_missing(account: Account, missing: tuple[str, ...]) -> ScopesMissing:
    """The sign-in is too narrow.

    :param account: the account as it is registered now
    :param missing: the scopes that were not granted
    :return: the refusal, with the page that mends it
    """
    return ScopesMissing(
        f"The sign-in to the third-party account '{account.conn_id}' does not cover: {' '.join(missing)}.",
        "Sign in again and allow these scopes, which you are asked for then:",
        link=links.sign_in(account.conn_id),
    )


def service_in_trouble(account: Account, text: str | None, until: datetime) -> ServiceUnavailable:
    """The service is left alone for a while.

    :param account: the account as it is registered now
    :param text: what went wrong, where that is known
    :param until: when the service is asked again
    :return: the refusal; Airflow retries the task
    """
    why = f" ({text})" if text else ""
    return ServiceUnavailable(
        f"The service of the third-party account '{account.conn_id}' did not answer as it should{why}; it is "
        f"asked again after {until:%H:%M:%S} UTC.",
        "Nothing is lost; try again in a minute.",
    )


def refresh_failed(
    account: Account, error: OAuthError, until: datetime, *, flagged: bool
) -> ThirdPartyAccountError:
    """A refresh did not succeed.

    :param account: the account as it is registered now
    :param error: what went wrong
    :param until: when the sign-in is tried again
    :param flagged: the account is called misconfigured, and not on this sign-in's word alone
    :return: the refusal
    """
    if error.kind in ADMINS_KINDS and not flagged:
        return service_in_trouble(account, error.text, until)
    return oauth_client.to_user_error(error, account)


def backs_off(
    account: Account, row: SignIn, health: AccountHealth | None, until: datetime
) -> ThirdPartyAccountError:
    """The sign-in failed and is not tried yet.

    :param account: the account as it is registered now
    :param row: the sign-in
    :param health: what is known of the account's service, if anything is wrong
    :param until: when it is tried again
    :return: the refusal
    """
    if row.soft_lapsed_at is not None:
        return sign_in_soft_lapsed(account, row.failed_text or "the service keeps refusing it")
    flagged = health is not None and health.flagged_at is not None
    if flagged and row.failed_kind in ADMINS_KINDS:
        return account_flagged(account, row.failed_text or "the service turns Airflow away")
    return service_in_trouble(account, row.failed_text, until)


def account_flagged(account: Account, text: str) -> AccountMisconfigured:
    """The service does not accept this Airflow as a client.

    :param account: the account as it is registered now
    :param text: what the service said
    :return: the refusal, for an admin to mend
    """
    return misconfigured("client_turned_away", "password", account=account.conn_id, said=text)


def cannot_be_opened(
    session: Session, row: SignIn, account: Account, error: SealError
) -> ThirdPartyAccountError:
    """A stored credential does not open; an audit row says so.

    :param session: commits, so that the audit row outlives the refusal
    :param row: the sign-in
    :param account: the account as it is registered now
    :param error: why it does not open
    :return: the refusal
    """
    audit.write(
        session, "seal_refused", conn_id=account.conn_id, person=row.person, code=error.code, sign_in=row.id
    )
    session.commit()  # the refusal that follows rolls back, the audit row stays
    if error.code == "moved":
        return AccountMisconfigured(
            f"The stored sign-in to account '{account.conn_id}' was sealed for another context and is "
            "refused.",
            "Sign out and in again; an admin finds out who wrote to the database.",
            link=links.sign_in(account.conn_id),
        )
    return AccountMisconfigured(
        f"The stored sign-in to account '{account.conn_id}' cannot be opened: {error}.",
        "An admin restores the key in [core] fernet_key; where it is lost, sign out and in again.",
        link=links.sign_in(account.conn_id),
    )


def check_sign_in(row: SignIn | SignInFacts, account: Account) -> None:
    """Refuse a sign-in that cannot be used whatever its tokens are.

    :param row: the sign-in
    :param account: the account as it is registered now
    :raises AccountChanged: when the account points elsewhere since
    :raises SignInLapsed: when the service withdrew it
    """
    if not account.binding().covers(row.binding):
        raise account_changed(account)
    if row.lapsed_at is not None:
        raise sign_in_lapsed(account, row.lapsed_text or "the service refused to refresh it")
