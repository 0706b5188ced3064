"""The hook: one line yields the acting person's token, and it goes to the account's own places only."""

from __future__ import annotations

import base64
import inspect
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx2
import pytest
from airflow.sdk._shared.secrets_masker import redact
from airflow.sdk.exceptions import ErrorType
from airflow.sdk.execution_time.comms import ConnectionResult, ErrorResponse

from airflow_thirdparty.exceptions import (
    BY_CODE,
    AccountMisconfigured,
    AccountNotAllowed,
    NotProjected,
    PermanentError,
    SignInRequired,
    ThirdPartyAccountError,
)
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.wire import PROJECTION_KEY, TokenRequest
from tests.support.worker import TOKEN, Service, Supervisor, answered, both, called, projected, refused


def test_every_question_has_an_asynchronous_twin() -> None:
    public = [name for name in vars(ThirdPartyAccountHook) if not name.startswith("_")]
    for name in ("get_access", "get_token", "get_conn", "run", "paginate"):
        assert f"a{name}" in public
        twins = (getattr(ThirdPartyAccountHook, name), getattr(ThirdPartyAccountHook, f"a{name}"))
        first, second = (inspect.signature(method).parameters for method in twins)
        assert list(first) == list(second)
        assert not inspect.iscoroutinefunction(twins[0])
        assert inspect.iscoroutinefunction(twins[1]) or inspect.isasyncgenfunction(twins[1])


async def test_it_yields_the_token(hook: ThirdPartyAccountHook, supervisor: Supervisor) -> None:
    assert await both(hook, "get_token") == [TOKEN, TOKEN]
    assert supervisor.asked == [TokenRequest("acme")] * 2


async def test_the_token_is_masked_by_itself(hook: ThirdPartyAccountHook, supervisor: Supervisor) -> None:
    await both(hook, "get_token")
    assert supervisor.masked.count(TOKEN) == 2
    assert TOKEN not in redact(f"Bearer {TOKEN}")
    assert TOKEN not in repr(hook._access)


async def test_a_good_token_is_asked_for_once(hook: ThirdPartyAccountHook, supervisor: Supervisor) -> None:
    for _ in range(3):
        hook.get_token()
        await hook.aget_token()
    assert len(supervisor.asked) == 1


@pytest.mark.parametrize(
    ("lives", "min_lifetime", "questions"),
    [
        pytest.param(3600, 0, 1, id="long enough"),
        pytest.param(20, 0, 2, id="about to expire"),
        pytest.param(-5, 0, 2, id="expired"),
        pytest.param(600, 900, 2, id="shorter than wanted"),
    ],
)
def test_a_short_lived_token_is_asked_for_anew(
    hook: ThirdPartyAccountHook, supervisor: Supervisor, lives: int, min_lifetime: int, questions: int
) -> None:
    until = (datetime.now(timezone.utc) + timedelta(seconds=lives)).isoformat()
    supervisor.answers["acme"] = lambda request: projected(TOKEN, None, expires_at=until)
    hook.min_lifetime = min_lifetime
    hook.get_token()
    hook.get_token()
    assert len(supervisor.asked) == questions


async def test_what_the_task_needs_travels_along(supervisor: Supervisor) -> None:
    supervisor.answers["acme"] = lambda request: projected(TOKEN, None)
    hook = ThirdPartyAccountHook("acme", scopes=["read", "write"], min_lifetime=600)
    await both(hook, "get_token", force_refresh=True)
    assert supervisor.asked == [TokenRequest("acme", ("read", "write"), 600, True)] * 2


@pytest.mark.parametrize("code", sorted(BY_CODE))
async def test_a_refusal_arrives_in_words(
    hook: ThirdPartyAccountHook, supervisor: Supervisor, code: str
) -> None:
    refusal = {
        "code": code,
        "message": "No.",
        "remedy": "Sign in:",
        "link": "https://a.example/",
        "field": None,
    }
    supervisor.answers["acme"] = lambda request: answered(
        extra=json.dumps({PROJECTION_KEY: {"refusal": refusal}})
    )
    for ask in (hook.get_token, hook.get_conn):
        with pytest.raises(BY_CODE[code], match=r"^No\. Sign in: https:"):
            ask()
    with pytest.raises(BY_CODE[code]):
        await hook.aget_token()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(ErrorResponse(error=ErrorType.CONNECTION_NOT_FOUND), NotProjected, id="no such account"),
        pytest.param(ErrorResponse(error=ErrorType.API_SERVER_ERROR), NotProjected, id="the server fails"),
        pytest.param(ErrorResponse(error=ErrorType.PERMISSION_DENIED), AccountNotAllowed, id="refused"),
        pytest.param({"password": "shared"}, NotProjected, id="a plain connection"),
        pytest.param(
            {"password": "shared", "extra": '{"service": "github"}'}, NotProjected, id="the registration"
        ),
        pytest.param({"password": "shared", "extra": "{"}, NotProjected, id="malformed extra"),
        pytest.param({"password": "shared", "extra": "[]"}, NotProjected, id="extra as a list"),
        *(
            pytest.param(
                {"password": "shared", "extra": json.dumps({PROJECTION_KEY: value})},
                NotProjected,
                id=f"a projection of {json.dumps(value)}",
            )
            for value in (None, 1, "x", [], {}, {"kind": "oauth2"}, {"refusal": "x"}, {"refusal": None})
        ),
    ],
)
async def test_what_is_not_projected_is_not_used(
    hook: ThirdPartyAccountHook, supervisor: Supervisor, answer: Any, error: type[ThirdPartyAccountError]
) -> None:
    if isinstance(answer, dict):
        answer = answered(**answer)
    supervisor.answers["acme"] = lambda request: answer
    with pytest.raises(error, match="acme"):
        hook.get_token()
    with pytest.raises(error, match="acme"):
        await hook.aget_token()


@pytest.mark.parametrize(
    ("conn_id", "scopes"),
    [
        pytest.param("a/b", (), id="a slash"),
        pytest.param("", (), id="nothing"),
        pytest.param("acme", ("a b",), id="two scopes in one"),
    ],
)
def test_what_cannot_be_asked_for(supervisor: Supervisor, conn_id: str, scopes: tuple[str, ...]) -> None:
    with pytest.raises(AccountMisconfigured, match="cannot be asked for"):
        ThirdPartyAccountHook(conn_id, scopes=scopes).get_token()
    assert supervisor.asked == []


@pytest.mark.parametrize(
    ("kind", "login", "expected"),
    [
        pytest.param("oauth2", None, f"Bearer {TOKEN}", id="oauth2"),
        pytest.param("key", None, f"Bearer {TOKEN}", id="key"),
        pytest.param("basic", "al", "Basic " + base64.b64encode(f"al:{TOKEN}".encode()).decode(), id="basic"),
    ],
)
async def test_the_client_authenticates_itself(
    hook: ThirdPartyAccountHook,
    supervisor: Supervisor,
    service: Service,
    kind: str,
    login: str | None,
    expected: str,
) -> None:
    supervisor.answers["acme"] = lambda request: projected(TOKEN, service.url, kind=kind, login=login)
    await both(hook, "run", "POST", "/things", json={"a": 1})
    assert service.credentials() == [expected, expected]
    assert [path for path, _ in service.seen] == ["/things", "/things"]


async def test_errors_of_the_service_are_raised(hook: ThirdPartyAccountHook, service: Service) -> None:
    service.answers["/x"] = lambda _: (418, {})
    for _ in range(2):
        with pytest.raises(httpx2.HTTPStatusError) as failed:
            hook.run("GET", "/x")
        assert TOKEN not in str(failed.value)
        with pytest.raises(httpx2.HTTPStatusError):
            await hook.arun("GET", "/x")


async def test_without_a_host_there_is_no_client(hook: ThirdPartyAccountHook, supervisor: Supervisor) -> None:
    supervisor.answers["acme"] = lambda request: projected(TOKEN, None)
    assert hook.get_token() == TOKEN
    with pytest.raises(AccountMisconfigured, match="names no host"):
        hook.get_conn()
    with pytest.raises(AccountMisconfigured, match="names no host"):
        await hook.arun("GET", "/x")


def fresh_after_refresh(request: TokenRequest, host: str) -> ConnectionResult:
    return projected("token-renewed" if request.force_refresh else TOKEN, host)


@pytest.mark.parametrize("method", ["run", "arun"])
async def test_a_refused_token_is_renewed_once(
    hook: ThirdPartyAccountHook, supervisor: Supervisor, service: Service, method: str
) -> None:
    supervisor.answers["acme"] = lambda request: fresh_after_refresh(request, service.url)
    service.answers["/x"] = lambda headers: (200 if "renewed" in headers["authorization"] else 401, {})
    assert (await called(hook, method, "POST", "/x", content=b"body")).status_code == 200
    assert service.credentials() == [f"Bearer {TOKEN}", "Bearer token-renewed"]
    assert [request.force_refresh for request in supervisor.asked] == [False, True]


@pytest.mark.parametrize("method", ["run", "arun"])
@pytest.mark.parametrize(("kind", "requests"), [("oauth2", 2), ("key", 1), ("basic", 1)])
async def test_a_service_that_always_refuses_is_not_asked_for_ever(
    hook: ThirdPartyAccountHook,
    supervisor: Supervisor,
    service: Service,
    method: str,
    kind: str,
    requests: int,
) -> None:
    supervisor.answers["acme"] = lambda request: projected(TOKEN, service.url, kind=kind, login="al")
    service.answers["/x"] = lambda headers: (401, {})
    with pytest.raises(httpx2.HTTPStatusError):
        await called(hook, method, "GET", "/x")
    assert len(service.seen) == requests


@pytest.mark.parametrize(
    ("answer", "ok", "words"),
    [
        pytest.param(projected(TOKEN, None), True, "Signed in as Alice.", id="signed in"),
        pytest.param(ErrorResponse(error=ErrorType.CONNECTION_NOT_FOUND), False, "did not answer", id="not"),
    ],
)
def test_test_connection(
    hook: ThirdPartyAccountHook, supervisor: Supervisor, answer: Any, ok: bool, words: str
) -> None:
    supervisor.answers["acme"] = lambda request: answer
    done, said = hook.test_connection()
    assert done is ok
    assert words in said


def test_airflow_tests_a_registration_without_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ACME", '{"conn_type": "third_party_account", "login": "client"}')
    done, said = ThirdPartyAccountHook("acme").test_connection()
    assert done is True
    assert "told by Check, on the page Accounts" in said


def test_an_unknown_refusal_is_a_refusal(hook: ThirdPartyAccountHook, supervisor: Supervisor) -> None:
    extra = json.dumps({PROJECTION_KEY: {"refusal": {"code": "from_a_newer_server", "message": "No."}}})
    supervisor.answers["acme"] = lambda request: answered(password="never", extra=extra)
    with pytest.raises(PermanentError, match=r"No\."):
        hook.get_token()


async def test_a_refusal_stands_in_the_log_once_with_the_link_on_a_line_of_its_own(
    hook: ThirdPartyAccountHook, supervisor: Supervisor, logged: list[str]
) -> None:
    page = "https://airflow.example/third-party-accounts/?account=acme"
    supervisor.answers["acme"] = lambda request: refused("sign_in_required", link=page)
    for method in ("get_token", "aget_token", "run"):
        with pytest.raises(SignInRequired):
            await called(hook, method, *(["GET", "/x"] if method == "run" else []))
    assert logged == ["No. Mend it:", page]


async def test_what_will_not_outlive_the_run_is_said_once(
    hook: ThirdPartyAccountHook, supervisor: Supervisor, logged: list[str]
) -> None:
    warning = "The sign-in cannot be refreshed and ends soon, so it will not outlive this run."
    supervisor.answers["acme"] = lambda request: projected(TOKEN, None, warning=warning)
    await both(hook, "get_token")
    assert [warning in line for line in logged].count(True) == 1


@pytest.mark.parametrize(("lasting", "said"), [(None, 0), (60, 0), (7200, 1)])
def test_a_sign_in_that_ends_before_somebodys_time_is_over(
    hook: ThirdPartyAccountHook, supervisor: Supervisor, logged: list[str], lasting: int | None, said: int
) -> None:
    ends_at = datetime.now(timezone.utc) + timedelta(hours=1)
    answer = {"signed_in": True, "ends_at": ends_at.isoformat(), "warning": ""}
    supervisor.answers["acme"] = lambda request: answered(extra=json.dumps({PROJECTION_KEY: answer}))
    hook.demand_sign_in(lasting=timedelta(seconds=lasting) if lasting else None)
    words = f"ends at {ends_at:%Y-%m-%d %H:%M} UTC, before the 2:00:00 are over"
    assert [words in line and "it will not outlive this run" in line for line in logged].count(True) == said
