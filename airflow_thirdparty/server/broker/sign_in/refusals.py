"""Why a sign-in did not come to its end, in words for the person who began it."""

from __future__ import annotations

from typing import NamedTuple

from airflow_thirdparty.exceptions import ServiceUnavailable, ThirdPartyAccountError
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.registry import oauth_client
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError


class SignInRefused(ThirdPartyAccountError):
    """The answer of the service does not belong to a sign-in that this user began in this browser."""

    code = "sign_in_refused"


class SignInCancelled(ThirdPartyAccountError):
    """The user said no at the service."""

    code = "sign_in_cancelled"


class SignInIncomplete(ThirdPartyAccountError):
    """The service wants something more of the user, and ended the sign-in without asking for it."""

    code = "sign_in_incomplete"


class _Words(NamedTuple):
    """What a service's code means to the person.

    :param message: the rest of a sentence, behind the account's service
    """

    error: type[ThirdPartyAccountError]
    message: str
    remedy: str


_AGAIN = "Sign in again whenever you like."

_MEANINGS = {
    "access_denied": _Words(SignInCancelled, "You did not allow access at {service}", _AGAIN),
    "user_cancelled_login": _Words(SignInCancelled, "You cancelled the log-in at {service}", _AGAIN),
    "user_cancelled_authorize": _Words(SignInCancelled, "You cancelled the consent at {service}", _AGAIN),
    "consent_required": _Words(
        SignInIncomplete,
        "A consent is missing at {service}: yours, or that of whoever manages your organisation there",
        "Sign in again and agree. Where you are not asked, whoever manages your organisation there has to "
        "allow this Airflow.",
    ),
    "login_required": _Words(
        SignInIncomplete,
        "You are not logged in at {service}, which did not ask you to",
        "Log in there with this browser, then sign in again.",
    ),
    "interaction_required": _Words(
        SignInIncomplete,
        "Something more is wanted of you at {service}, such as a second factor or a consent",
        "Open the service in this browser, do what it asks, then sign in again.",
    ),
    "account_selection_required": _Words(
        SignInIncomplete,
        "You are logged in with several accounts at {service}, which did not ask for one of them",
        "Log out of the others there, then sign in again.",
    ),
    "temporarily_unavailable": _Words(
        ServiceUnavailable,
        "The sign-in is temporarily unavailable at {service}",
        "Try again in a few minutes.",
    ),
}
"""By the code that comes with the browser (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6)."""


def not_ours(why: str) -> SignInRefused:
    """The refusal of an answer that does not belong here.

    :param why: the rest of a sentence
    :return: the error, to be raised
    """
    return SignInRefused(f"This sign-in cannot be completed: {why}. Nothing was stored.", "Begin it again.")


def to_user_error(error: OAuthError, account: Account) -> ThirdPartyAccountError:
    """A failure of the protocol as an error of ours, for the person who signs in.

    :param error: what went wrong, and at which step
    :param account: whose service it was
    :return: the error to raise
    """
    service = f"the service of account '{account.conn_id}'"
    if words := _meaning(error):
        return words.error(f"{words.message.format(service=service)}. Nothing was stored.", words.remedy)
    if error.kind is Kind.PERMANENT:
        return SignInRefused(
            f"The service of account '{account.conn_id}' did not accept the sign-in: {error.text}. "
            "Nothing was stored.",
            "Begin it again.",
        )
    return oauth_client.to_user_error(error, account)


def _meaning(error: OAuthError) -> _Words | None:
    if error.step != "authorization":
        return None
    usual = "access_denied" if error.kind is Kind.CANCELLED else ""
    return _MEANINGS.get(error.code or "") or _MEANINGS.get(usual)
