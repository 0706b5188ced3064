"""requests and httpx: the person's credential arrives at the account's own service, and nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests

from airflow_thirdparty.exceptions import LeavesAccount, SignInLapsed
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.sdks.credentials import httpx_auth, requests_auth
from tests.support.worker import TOKEN, WAYS, Service, Supervisor, projected, refused

TRUSTED = httpx.create_ssl_context()
"""Read once: it takes longer than any of these tests."""

Asked = Callable[..., int]
"""Sends a request with a hook's credential, follows redirects, and answers the status."""


def by_requests(hook: ThirdPartyAccountHook, method: str, url: str, **options: Any) -> int:
    return requests.request(method, url, auth=requests_auth(hook), timeout=10, **options).status_code


def by_httpx(hook: ThirdPartyAccountHook, method: str, url: str, **options: Any) -> int:
    with httpx.Client(auth=httpx_auth(hook), follow_redirects=True, verify=TRUSTED) as client:
        return client.request(method, url, **_for_httpx(options)).status_code


async def by_async_httpx(hook: ThirdPartyAccountHook, method: str, url: str, **options: Any) -> int:
    async with httpx.AsyncClient(auth=httpx_auth(hook), follow_redirects=True, verify=TRUSTED) as client:
        return (await client.request(method, url, **_for_httpx(options))).status_code


def _for_httpx(options: dict[str, Any]) -> dict[str, Any]:
    return {"content" if name == "data" else name: value for name, value in options.items()}


def by_asynchronous_httpx(hook: ThirdPartyAccountHook, method: str, url: str, **options: Any) -> int:
    return asyncio.run(by_async_httpx(hook, method, url, **options))


@pytest.fixture(params=[by_requests, by_httpx, by_asynchronous_httpx], ids=lambda way: way.__name__[3:])
def ask(request: pytest.FixtureRequest) -> Asked:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def numbered(supervisor: Supervisor, service: Service) -> list[str]:
    """The tokens of an account that gets a new one whenever one is refused."""
    tokens = ["token-of-alice-1"]

    def answer(request: Any) -> Any:
        if request.force_refresh:
            tokens.append(f"token-of-alice-{len(tokens) + 1}")
        return projected(tokens[-1], service.url)

    supervisor.answers["acme"] = answer
    return tokens


def takes(service: Service, path: str, *accepted: str) -> None:
    """Let a path answer 401 to everything but these tokens."""
    good = {f"Bearer {token}" for token in accepted}
    service.answers[path] = lambda headers: (200 if headers.get("authorization") in good else 401, {})


@pytest.mark.parametrize(("told", "arrives"), WAYS)
def test_the_credential_arrives_as_the_service_wants_it(
    ask: Asked, supervisor: Supervisor, service: Service, told: dict[str, Any], arrives: dict[str, str]
) -> None:
    supervisor.answers["acme"] = lambda request: projected(TOKEN, service.url, **told)
    hook = ThirdPartyAccountHook("acme")
    assert ask(hook, "GET", f"{service.url}/me", headers={"X-Version": "2"}) == 200
    headers = service.seen[-1][1]
    assert {**arrives, "x-version": "2"}.items() <= headers.items()
    assert ("authorization" in headers) is ("authorization" in arrives)


def redirected(service: Service, elsewhere: Service) -> str:
    service.answers["/a"] = lambda _: (302, {"Location": f"{elsewhere.url}/x"})
    return f"{service.url}/a"


def redirected_by_name(service: Service, elsewhere: Service) -> str:
    service.answers["/a"] = lambda _: (
        307,
        {"Location": service.url.replace("127.0.0.1", "localhost") + "/x"},
    )
    return f"{service.url}/a"


def redirected_to_and_fro(service: Service, elsewhere: Service) -> str:
    service.answers["/a"] = lambda _: (302, {"Location": f"{elsewhere.url}/x"})
    elsewhere.answers["/x"] = lambda _: (302, {"Location": f"{service.url}/b"})
    service.answers["/b"] = lambda _: (302, {"Location": f"{elsewhere.url}/y"})
    return f"{service.url}/a"


def redirected_after_a_refusal(service: Service, elsewhere: Service) -> str:
    answers = iter([(401, {}), (302, {"Location": f"{elsewhere.url}/x"})])
    service.answers["/a"] = lambda _: next(answers)
    return f"{service.url}/a"


def redirected_and_refused_there(service: Service, elsewhere: Service) -> str:
    elsewhere.answers["/x"] = lambda _: (401, {"WWW-Authenticate": "Bearer"})
    return redirected(service, elsewhere)


def redirected_by_a_look_alike(service: Service, elsewhere: Service) -> str:
    own, other = (each.url.removeprefix("http://") for each in (service, elsewhere))
    service.answers["/a"] = lambda _: (302, {"Location": f"http://{other}\\@{own}/x"})
    return f"{service.url}/a"


def redirected_by_a_user_name(service: Service, elsewhere: Service) -> str:
    own, other = (each.url.removeprefix("http://") for each in (service, elsewhere))
    service.answers["/a"] = lambda _: (302, {"Location": f"http://{own}@{other}/x"})
    return f"{service.url}/a"


LURES = [
    redirected,
    redirected_by_name,
    redirected_to_and_fro,
    redirected_after_a_refusal,
    redirected_and_refused_there,
    redirected_by_a_look_alike,
    redirected_by_a_user_name,
]


@pytest.mark.parametrize("lure", LURES, ids=lambda lure: lure.__name__)
@pytest.mark.parametrize(
    "told",
    [
        pytest.param({}, id="Authorization"),
        pytest.param({"auth_header": "X-Api-Key", "auth_scheme": "none"}, id="another header"),
        pytest.param({"kind": "basic", "login": "al"}, id="login and password"),
        pytest.param({"auth_scheme": "none", "headers": {"DD-API-KEY": "{key}"}}, id="a further header"),
    ],
)
def test_no_redirect_takes_the_credential_along(
    ask: Asked,
    supervisor: Supervisor,
    service: Service,
    elsewhere: Service,
    lure: Callable[[Service, Service], str],
    told: dict[str, Any],
) -> None:
    supervisor.answers["acme"] = lambda request: projected(TOKEN, service.url, **told)
    address = lure(service, elsewhere)
    with contextlib.suppress(LeavesAccount, httpx.HTTPError, requests.RequestException):
        ask(ThirdPartyAccountHook("acme"), "GET", address)
    first, *others = service.seen
    assert TOKEN in repr(first) or "authorization" in first[1]
    assert TOKEN not in repr(elsewhere.seen)
    assert elsewhere.credentials() == []
    for _, headers in others:  # another name of the same machine is another origin
        is_own = f"http://{headers['host']}" == service.url
        assert is_own or (TOKEN not in repr(headers) and "authorization" not in headers)


def test_another_origin_is_not_asked_at_all(
    ask: Asked, hook: ThirdPartyAccountHook, elsewhere: Service
) -> None:
    with pytest.raises(LeavesAccount, match="register the other service"):
        ask(hook, "GET", f"{elsewhere.url}/x")
    assert elsewhere.seen == []


def test_a_refused_token_is_renewed_once(
    ask: Asked, numbered: list[str], service: Service, supervisor: Supervisor
) -> None:
    takes(service, "/me", "token-of-alice-2")
    assert ask(ThirdPartyAccountHook("acme"), "POST", f"{service.url}/me", data=b"something") == 200
    assert numbered == ["token-of-alice-1", "token-of-alice-2"]
    assert [sent.content for sent in service.requests] == ["something"] * 2
    takes(service, "/me")
    assert ask(ThirdPartyAccountHook("acme"), "GET", f"{service.url}/me") == 401
    assert len(numbered) == 3


def test_a_refused_key_is_not_renewed(ask: Asked, supervisor: Supervisor, service: Service) -> None:
    supervisor.answers["acme"] = lambda request: projected(TOKEN, service.url, kind="key")
    takes(service, "/me")
    assert ask(ThirdPartyAccountHook("acme"), "GET", f"{service.url}/me") == 401
    assert len(service.seen) == 1
    assert len(supervisor.asked) == 1


def test_the_renewed_token_goes_along_a_redirect_within_the_service(
    ask: Asked, numbered: list[str], service: Service
) -> None:
    good = "Bearer token-of-alice-2"
    service.answers["/a"] = lambda headers: (
        (302, {"Location": "/b"}) if headers.get("authorization") == good else (401, {})
    )
    takes(service, "/b", "token-of-alice-2")
    assert ask(ThirdPartyAccountHook("acme"), "GET", f"{service.url}/a") == 200


def test_a_long_task_gets_new_tokens_as_they_near_their_end(
    ask: Asked, supervisor: Supervisor, service: Service
) -> None:
    count = iter(range(1, 10))

    def answer(request: Any) -> Any:
        soon = datetime.now(timezone.utc) + timedelta(seconds=20)
        return projected(f"token-{next(count)}", service.url, expires_at=soon.isoformat())

    supervisor.answers["acme"] = answer
    hook = ThirdPartyAccountHook("acme")
    for _ in range(3):
        assert ask(hook, "GET", f"{service.url}/me") == 200
    assert service.credentials() == ["Bearer token-1", "Bearer token-2", "Bearer token-3"]


def test_a_sign_in_that_lapses_in_between_ends_in_words(
    ask: Asked, supervisor: Supervisor, numbered: list[str], service: Service
) -> None:
    hook = ThirdPartyAccountHook("acme")
    assert ask(hook, "GET", f"{service.url}/me") == 200
    supervisor.answers["acme"] = lambda request: refused("sign_in_lapsed")
    takes(service, "/me")
    with pytest.raises(SignInLapsed):
        ask(hook, "GET", f"{service.url}/me")
    assert len(service.seen) == 2


def test_two_people_in_one_process_stay_apart(ask: Asked, supervisor: Supervisor, service: Service) -> None:
    for name in ("alice", "bob"):
        supervisor.answers[name] = lambda request: projected(f"token-of-{request.conn_id}", service.url)
    hooks = [ThirdPartyAccountHook(name) for name in ("alice", "bob")]
    for hook in hooks * 2:
        assert ask(hook, "GET", f"{service.url}/me") == 200
    assert service.credentials() == ["Bearer token-of-alice", "Bearer token-of-bob"] * 2


def test_one_session_of_requests_keeps_two_people_apart(supervisor: Supervisor, service: Service) -> None:
    for name in ("alice", "bob"):
        supervisor.answers[name] = lambda request: projected(f"token-of-{request.conn_id}", service.url)
    with requests.Session() as session:
        for name in ("alice", "bob", "alice"):
            session.get(f"{service.url}/me", auth=requests_auth(ThirdPartyAccountHook(name)), timeout=10)
    assert service.credentials() == [f"Bearer token-of-{name}" for name in ("alice", "bob", "alice")]


def test_a_file_is_sent_again_from_where_it_began(numbered: list[str], service: Service) -> None:
    takes(service, "/me", "token-of-alice-2")
    file = io.BytesIO(b"header and body")
    file.seek(7)
    assert by_requests(ThirdPartyAccountHook("acme"), "POST", f"{service.url}/me", data=file) == 200
    assert [sent.content for sent in service.requests] == ["and body"] * 2


def test_what_cannot_be_read_twice_is_not_sent_again(numbered: list[str], service: Service) -> None:
    takes(service, "/me")
    parts = iter([b"once"])
    assert by_requests(ThirdPartyAccountHook("acme"), "POST", f"{service.url}/me", data=parts) == 401
    assert numbered == ["token-of-alice-1"]


def test_a_redirect_is_not_followed_as_the_machine(
    hook: ThirdPartyAccountHook, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login the-machine password its-password\n")
    monkeypatch.setenv("NETRC", str(netrc))
    service.answers["/a"] = lambda _: (302, {"Location": "/b"})
    with pytest.raises(LeavesAccount, match=r"not the person's"):
        by_requests(hook, "GET", f"{service.url}/a")
    assert service.credentials() == [f"Bearer {TOKEN}"]


def test_a_trace_of_the_tasks_own_is_still_told(hook: ThirdPartyAccountHook, service: Service) -> None:
    told: list[str] = []
    with httpx.Client(auth=httpx_auth(hook)) as client:
        client.get(f"{service.url}/me", extensions={"trace": lambda event, info: told.append(event)})
    assert "http11.send_request_headers.started" in told
