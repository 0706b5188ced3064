"""What DAG authors can say of accounts in their own tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from airflow.sdk import BaseHook, Connection

from airflow_thirdparty.exceptions import (
    BY_CODE,
    ActingUserUnknown,
    ScopesMissing,
    ServiceUnavailable,
    SignInLapsed,
    SignInRequired,
    ThirdPartyAccountError,
)
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.operators.http import ThirdPartyHttpOperator
from airflow_thirdparty.testing.accounts import ThirdPartyAccounts
from tests.support.worker import Service


async def test_the_acting_person_is_signed_in(third_party_accounts: ThirdPartyAccounts) -> None:
    token = third_party_accounts.sign_in("github", scopes=["repo"], host="https://api.github.com")
    access = ThirdPartyAccountHook("github", scopes=["repo"]).get_access()
    assert (access.value, access.scopes, access.subject_name) == (token, ("repo",), "Alice")
    assert access.origins == ("https://api.github.com",)
    assert await ThirdPartyAccountHook("github").aget_token() == token
    assert [request.scopes for request in third_party_accounts.asked_for("github")] == [("repo",), ()]


def test_each_person_has_a_sign_in_of_their_own(third_party_accounts: ThirdPartyAccounts) -> None:
    third_party_accounts.sign_in("github")
    third_party_accounts.sign_in("github", person="bob", token="bobs")
    third_party_accounts.acts_for("bob")
    assert ThirdPartyAccountHook("github").get_token() == "bobs"
    third_party_accounts.sign_out("github")
    with pytest.raises(SignInRequired, match="'bob' has not signed in"):
        ThirdPartyAccountHook("github").get_token()
    third_party_accounts.acts_for("alice")
    assert ThirdPartyAccountHook("github").get_token() == "token-of-alice-for-github"


def test_who_never_signed_in_is_told_where_to(third_party_accounts: ThirdPartyAccounts) -> None:
    with pytest.raises(SignInRequired, match=r"https://airflow\.example/.*account=github"):
        ThirdPartyAccountHook("github").get_token()


def test_nobody_acts(third_party_accounts: ThirdPartyAccounts) -> None:
    third_party_accounts.sign_in("github")
    third_party_accounts.acts_for(None)
    with pytest.raises(ActingUserUnknown):
        ThirdPartyAccountHook("github").get_token()


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_every_refusal_can_be_tried(third_party_accounts: ThirdPartyAccounts, code: str) -> None:
    third_party_accounts.sign_in("github")
    third_party_accounts.refuse("github", BY_CODE[code])
    with pytest.raises(BY_CODE[code], match="Refused by the test"):
        ThirdPartyAccountHook("github").get_token()
    third_party_accounts.sign_in("github")
    assert ThirdPartyAccountHook("github").get_token()


def test_a_refusal_in_words_of_ones_own(third_party_accounts: ThirdPartyAccounts) -> None:
    third_party_accounts.refuse("github", ServiceUnavailable("GitHub is down.", "Wait."))
    with pytest.raises(ServiceUnavailable, match=r"GitHub is down\. Wait\."):
        ThirdPartyAccountHook("github").get_token()


def test_scopes_are_compared(third_party_accounts: ThirdPartyAccounts) -> None:
    third_party_accounts.sign_in("github", scopes=["read"])
    with pytest.raises(ScopesMissing, match="repo"):
        ThirdPartyAccountHook("github", scopes=["read", "repo"]).get_token()


@pytest.mark.parametrize(
    ("renewable", "error"),
    [pytest.param(True, None, id="refreshed"), pytest.param(False, SignInLapsed, id="lapsed")],
)
def test_a_token_that_has_expired(
    third_party_accounts: ThirdPartyAccounts, renewable: bool, error: type[ThirdPartyAccountError] | None
) -> None:
    token = third_party_accounts.sign_in("github", expires_in=-60, renewable=renewable)
    hook = ThirdPartyAccountHook("github")
    if error:
        with pytest.raises(error):
            hook.get_token()
        return
    assert hook.get_token() == f"{token}-2"
    assert third_party_accounts.tokens("github") == [token, f"{token}-2"]


def test_a_token_that_the_service_refuses(third_party_accounts: ThirdPartyAccounts, service: Service) -> None:
    token = third_party_accounts.sign_in("acme", host=service.url)
    service.answers["/x"] = lambda headers: (200 if headers["authorization"].endswith("-2") else 401, {})
    task = ThirdPartyHttpOperator(task_id="t", third_party_account_conn_id="acme", endpoint="/x")
    assert task.execute({}) == "{}"
    assert service.credentials() == [f"Bearer {token}", f"Bearer {token}-2"]
    assert [request.force_refresh for request in third_party_accounts.asked_for("acme")] == [False, True]


async def test_hooks_of_other_providers(third_party_accounts: ThirdPartyAccounts) -> None:
    fields = {"conn_type": "http", "host": "api.github.com", "login": "x"}
    token = third_party_accounts.sign_in("github", connection=fields)
    found = [BaseHook.get_connection("github"), await Connection.async_get("github")]
    assert [(one.conn_type, one.host, one.password) for one in found] == [
        ("http", "api.github.com", token)
    ] * 2
    third_party_accounts.sign_in("slack")
    third_party_accounts.sign_out("github")
    third_party_accounts.refuse("jira", SignInRequired)
    for refused in ("slack", "jira"):
        with pytest.raises(PermissionError):
            BaseHook.get_connection(refused)


def test_what_is_no_account_is_left_alone(
    third_party_accounts: ThirdPartyAccounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PLAIN", '{"conn_type": "http", "host": "plain.example"}')
    assert BaseHook.get_connection("plain").host == "plain.example"


def test_names_are_needed_where_nobody_acts(third_party_accounts: ThirdPartyAccounts) -> None:
    third_party_accounts.acts_for(None)
    with pytest.raises(ValueError, match="Name the person"):
        third_party_accounts.sign_in("github")


TESTS = """
import sys

def test_without_the_fixture():
    assert not [name for name in sys.modules if name.partition(".")[0] == "airflow"]

def test_with_it(third_party_accounts):
    from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
    token = third_party_accounts.sign_in("x")
    assert ThirdPartyAccountHook("x").get_token() == token
"""


def test_the_plugin_is_there_by_itself_and_imports_airflow_only_when_used(tmp_path: Path) -> None:
    (tmp_path / "test_of_an_author.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(tmp_path)],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr
