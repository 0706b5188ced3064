"""What a person is told when the service sent them back without a sign-in."""

from __future__ import annotations

import pytest

from airflow_thirdparty.exceptions import AccountMisconfigured, ServiceUnavailable, ThirdPartyAccountError
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.sign_in.refusals import (
    SignInCancelled,
    SignInIncomplete,
    SignInRefused,
    to_user_error,
)
from airflow_thirdparty.server.oauth.authorization import check_answer
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.types import Endpoints

ACME = Account("acme", "custom", "oauth2", "client", issuer="https://id.example.org")
ENDPOINTS = Endpoints(None, "https://id.example.org/a", "https://id.example.org/t")


def told(code: str) -> ThirdPartyAccountError:
    """What a person is told of a code that came with their browser."""
    with pytest.raises(OAuthError) as caught:
        check_answer(ENDPOINTS, {"state": "S", "error": code}, "S")
    return to_user_error(caught.value, ACME)


@pytest.mark.parametrize(
    ("code", "error", "message", "remedy"),
    [
        pytest.param("access_denied", SignInCancelled, "You did not allow", "whenever you like", id="no"),
        pytest.param("user_denied", SignInCancelled, "You did not allow", "whenever you like", id="Facebook"),
        pytest.param(
            "user_cancelled_login", SignInCancelled, "cancelled the log-in", "whenever", id="LinkedIn: log-in"
        ),
        pytest.param(
            "user_cancelled_authorize",
            SignInCancelled,
            "cancelled the consent",
            "whenever",
            id="LinkedIn: consent",
        ),
        pytest.param("consent_required", SignInIncomplete, "consent is missing", "agree", id="no consent"),
        pytest.param("login_required", SignInIncomplete, "not logged in", "Log in there", id="no log-in"),
        pytest.param("interaction_required", SignInIncomplete, "second factor", "do what it asks", id="more"),
        pytest.param(
            "account_selection_required", SignInIncomplete, "several accounts", "Log out of", id="accounts"
        ),
        pytest.param(
            "temporarily_unavailable", ServiceUnavailable, "temporarily unavailable", "minutes", id="away"
        ),
        pytest.param("server_error", ServiceUnavailable, "server_error", "try again", id="trouble"),
        pytest.param("invalid_scope", AccountMisconfigured, "invalid_scope", "An admin", id="a wrong scope"),
    ],
)
def test_words_for_what_came_with_the_browser(
    code: str, error: type[ThirdPartyAccountError], message: str, remedy: str
) -> None:
    refused = told(code)
    assert type(refused) is error
    assert message in refused.message
    assert "acme" in refused.message
    assert remedy.lower() in refused.remedy.lower()


@pytest.mark.parametrize("code", ["consent_required", "login_required", "invalid_grant"])
def test_the_same_word_at_the_exchange_is_the_codes_end(code: str) -> None:
    refused = to_user_error(OAuthError(Kind.PERMANENT, "exchange", "Refused", code=code), ACME)
    assert isinstance(refused, SignInRefused)
    assert "did not accept the sign-in" in refused.message
