"""What only Azure's SDK has: a token is for one resource."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from azure.core.credentials import SupportsTokenInfo, TokenCredential

from airflow_thirdparty.exceptions import ScopesMissing
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from tests.foreign.sdks.clients import STORAGE, Sdk, signed_in
from tests.foreign.sdks.services import Person, Service
from tests.support.worker import Supervisor

pytestmark = pytest.mark.parametrize("sdk", ["azure", "azure, asynchronous"], indirect=True)

GRAPH = "https://graph.microsoft.com"


def token(sdk: Sdk, hook: ThirdPartyAccountHook, *scopes: str, **options: Any) -> Any:
    given = sdk.make(hook).get_token(*scopes, **options)
    return asyncio.run(given) if asyncio.iscoroutine(given) else given


def test_it_is_what_clients_take(sdk: Sdk, alice: Person) -> None:
    made = sdk.make(ThirdPartyAccountHook("alice"))
    assert isinstance(made, SupportsTokenInfo | TokenCredential)


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        pytest.param("https://storage.azure.com/user_impersonation", "https://storage.azure.com/.default"),
        pytest.param("https://storage.azure.com/.default", "https://STORAGE.azure.com/.default"),
        pytest.param(
            "https://management.azure.com/user_impersonation", "https://management.azure.com//.default"
        ),
        pytest.param(
            "https://management.azure.com/user_impersonation",
            "https://management.core.windows.net//.default",
        ),
        pytest.param("User.Read openid", "https://graph.microsoft.com/.default"),
        pytest.param("https://graph.microsoft.com/User.Read", "User.Read"),
        pytest.param("api://acme/read", "api://acme/read"),
    ],
)
def test_a_scope_that_is_covered(
    sdk: Sdk, service: Service, supervisor: Supervisor, held: str, asked: str
) -> None:
    signed_in("alice", sdk, service, supervisor, scopes=held.split())
    assert token(sdk, ThirdPartyAccountHook("alice"), asked).token == "token-of-alice-1"
    assert len(supervisor.asked) == 1


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        pytest.param("User.Read openid", "https://management.azure.com/.default", id="another resource"),
        pytest.param("openid offline_access", f"{GRAPH}/.default", id="no resource at all"),
        pytest.param("", "https://graph.microsoft.com/.default", id="nothing"),
        pytest.param("api://acme/read", "api://acme.evil/read", id="a longer name"),
        pytest.param("https://storage.azure.com/x", f"{STORAGE}.evil/.default", id="a suffix"),
        pytest.param("https://storage.azure.com/x openid", "openid", id="of OpenID Connect alone"),
        pytest.param("https://storage.azure.com/x", "https://storage.azure.com", id="no permission"),
    ],
)
def test_a_scope_of_another_resource_is_refused(
    sdk: Sdk, service: Service, supervisor: Supervisor, held: str, asked: str
) -> None:
    signed_in("alice", sdk, service, supervisor, scopes=held.split())
    with pytest.raises(ScopesMissing, match=r"another resource|that resource"):
        token(sdk, ThirdPartyAccountHook("alice"), asked)


def test_one_of_two_resources_is_not_enough(
    sdk: Sdk, alice: Person, service: Service, supervisor: Supervisor
) -> None:
    with pytest.raises(ScopesMissing):
        token(sdk, ThirdPartyAccountHook("alice"), f"{STORAGE}/.default", "https://vault.azure.net/.default")


def test_a_further_permission_is_the_servers_to_judge(
    sdk: Sdk, alice: Person, supervisor: Supervisor
) -> None:
    token(sdk, ThirdPartyAccountHook("alice"), f"{STORAGE}/other")
    assert supervisor.asked[-1].scopes == (f"{STORAGE}/other",)


def test_what_a_service_claims_asks_for_a_new_token(sdk: Sdk, alice: Person) -> None:
    hook = ThirdPartyAccountHook("alice")
    token(sdk, hook, f"{STORAGE}/.default")
    assert token(sdk, hook, f"{STORAGE}/.default", claims="{}").token == "token-of-alice-2"
    assert token(sdk, hook, f"{STORAGE}/.default").token == "token-of-alice-2"


def test_a_token_without_an_end_is_asked_for_again(
    sdk: Sdk, service: Service, supervisor: Supervisor
) -> None:
    signed_in("alice", sdk, service, supervisor, expires_at=None)
    ends = token(sdk, ThirdPartyAccountHook("alice"), f"{STORAGE}/.default").expires_on
    assert 0 < ends - time.time() <= 300


def test_no_scope_is_no_question(sdk: Sdk, alice: Person) -> None:
    with pytest.raises(ValueError, match="scope"):
        token(sdk, ThirdPartyAccountHook("alice"))
