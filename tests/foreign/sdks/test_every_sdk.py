"""Objects for SDKs, with the real SDKs: each request is the person's, and nothing of them goes elsewhere."""

from __future__ import annotations

import contextlib
import pickle
from pathlib import Path
from typing import Any

import pytest

from airflow_thirdparty.exceptions import AccountMisconfigured, LeavesAccount, SignInLapsed
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from tests.foreign.sdks.clients import Sdk, shown_by, signed_in
from tests.foreign.sdks.services import Person, Service
from tests.support.worker import Supervisor


def test_it_acts_as_the_person(sdk: Sdk, alice: Person, service: Service, trusted: Path) -> None:
    sdk.ask(ThirdPartyAccountHook("alice"), service.url, trusted)
    assert service.tokens == ["token-of-alice-1"]


def test_the_token_is_renewed_as_it_nears_its_end(
    sdk: Sdk, alice: Person, service: Service, trusted: Path
) -> None:
    alice.ends_soon = True
    hook = ThirdPartyAccountHook("alice")
    for _ in range(3):
        sdk.ask(hook, service.url, trusted)
    assert len(set(service.tokens)) == len(service.tokens) >= 3
    assert service.tokens[-1] == alice.issued[-1]


def test_one_object_renews_itself(sdk: Sdk, alice: Person, service: Service, trusted: Path) -> None:
    alice.ends_soon = True
    made = sdk.make(ThirdPartyAccountHook("alice"))
    shown = [shown_by(made) for _ in range(3)]
    assert len(set(shown)) == 3


def test_a_refused_token_is_renewed_where_the_sdk_asks_again(
    sdk: Sdk, alice: Person, service: Service, trusted: Path
) -> None:
    service.known = {"token-of-alice-2"}
    hook = ThirdPartyAccountHook("alice")
    if sdk.asks_again:
        sdk.ask(hook, service.url, trusted)
        assert service.tokens == ["token-of-alice-1", "token-of-alice-2"]
        return
    with pytest.raises(Exception, match=r"401|Who\?"):
        sdk.ask(hook, service.url, trusted)
    assert set(service.tokens) == {"token-of-alice-1"}


def test_a_token_that_stays_refused_is_not_renewed_for_ever(
    sdk: Sdk, alice: Person, service: Service, trusted: Path
) -> None:
    service.known = set()
    with pytest.raises(Exception, match=r"401|Who\?"):
        sdk.ask(ThirdPartyAccountHook("alice"), service.url, trusted)
    assert len(service.seen) <= 3


@pytest.mark.parametrize("status", [301, 302, 307])
def test_no_redirect_takes_the_token_along(
    sdk: Sdk, alice: Person, service: Service, elsewhere: Service, trusted: Path, status: int
) -> None:
    service.judge = lambda sent: (status, {"Location": f"{elsewhere.url}{sent.line.partition(' ')[2]}"}, "")
    with contextlib.suppress(Exception):
        sdk.ask(ThirdPartyAccountHook("alice"), service.url, trusted)
    assert service.tokens[:1] == ["token-of-alice-1"]
    assert "token-of-alice" not in repr(elsewhere.seen)


def test_an_endpoint_that_is_not_the_accounts_gets_nothing(
    sdk: Sdk, alice: Person, elsewhere: Service, trusted: Path
) -> None:
    if not sdk.sees_address:
        pytest.skip("this SDK tells no addresses, only resources")
    with pytest.raises(LeavesAccount):
        sdk.ask(ThirdPartyAccountHook("alice"), elsewhere.url, trusted)
    assert elsewhere.seen == []


def test_a_sign_in_that_lapses_in_between_ends_in_words(
    sdk: Sdk, alice: Person, service: Service, trusted: Path
) -> None:
    alice.ends_soon = True
    hook = ThirdPartyAccountHook("alice")
    sdk.ask(hook, service.url, trusted)
    before = len(service.seen)
    alice.lapsed = True
    with pytest.raises(SignInLapsed, match="sign-in"):
        sdk.ask(hook, service.url, trusted)
    assert len(service.seen) == before


def test_two_people_in_one_process_stay_apart(
    sdk: Sdk, alice: Person, service: Service, supervisor: Supervisor, trusted: Path
) -> None:
    signed_in("bob", sdk, service, supervisor)
    hooks = {name: ThirdPartyAccountHook(name) for name in ("alice", "bob")}
    for name in ("alice", "bob", "alice", "bob"):
        sdk.ask(hooks[name], service.url, trusted)
        assert service.tokens[-1] == f"token-of-{name}-1"


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"kind": "key"}, id="a key"),
        pytest.param({"kind": "basic", "login": "al"}, id="login and password"),
        pytest.param({"auth_header": "X-Api-Key", "auth_scheme": "none"}, id="another header"),
    ],
)
def test_what_is_no_bearer_token_is_not_sent_as_one(
    sdk: Sdk, service: Service, supervisor: Supervisor, trusted: Path, told: dict[str, Any]
) -> None:
    signed_in("alice", sdk, service, supervisor, **told)
    with pytest.raises(AccountMisconfigured, match="requests_auth"):
        sdk.ask(ThirdPartyAccountHook("alice"), service.url, trusted)
    assert service.seen == []


def test_nothing_of_the_token_is_shown_or_pickled(sdk: Sdk, alice: Person, service: Service) -> None:
    made = sdk.make(ThirdPartyAccountHook("alice", scopes=["read"]))
    assert shown_by(made) == "token-of-alice-1"
    assert "token-of-alice" not in f"{made!r} {made}"
    pickled = pickle.dumps(made)
    assert b"token-of-alice" not in pickled
    again = pickle.loads(pickled)
    assert again._hook.scopes == ("read",)
    assert shown_by(again) == "token-of-alice-1"


def test_an_object_cannot_become_an_xcom(sdk: Sdk, alice: Person) -> None:
    from airflow.sdk.serde import serialize

    made = sdk.make(ThirdPartyAccountHook("alice"))
    shown_by(made)
    with pytest.raises(TypeError):
        serialize(made)


def test_a_login_in_netrc_takes_nobodys_place(
    sdk: Sdk, alice: Person, service: Service, trusted: Path, tmp_path: Path
) -> None:
    lines = [f"machine {host} login the-machine password its-secret\n" for host in ("127.0.0.1", "localhost")]
    (tmp_path / "no-netrc").write_text("".join(lines))
    with contextlib.suppress(LeavesAccount, ValueError):  # aiohttp sends no request with two logins
        sdk.ask(ThirdPartyAccountHook("alice"), service.url, trusted)
    assert set(service.tokens) <= {"token-of-alice-1"}
