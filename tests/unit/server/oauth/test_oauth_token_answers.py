"""What stands in a token answer: lifetimes, scopes and types as services really write them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_thirdparty.server.oauth.answers import HttpResponse
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.token_answers import read
from airflow_thirdparty.server.oauth.types import TokenSet
from airflow_thirdparty.server.service_rules import STANDARD, ServiceRules

NOON = datetime(2030, 1, 1, 12, 0, tzinfo=timezone.utc)
YEAR = 365 * 24 * 3600
STEPS = pytest.mark.parametrize("step", ["exchange", "refresh"])


def tokens(
    body: str | dict[str, Any],
    known: tuple[str, ...] | None = None,
    step: str = "refresh",
    **rules: Any,
) -> TokenSet:
    text = body if isinstance(body, str) else json.dumps(body)
    return read(HttpResponse(200, {}, text.encode(), step), known, NOON, ServiceRules(**rules))


def lifetime(told: str, step: str, **rules: Any) -> float | None:
    found = tokens(
        f'{{"access_token": "a", "refresh_token": "rotated", "expires_in": {told}}}', step=step, **rules
    )
    assert found.refresh_token == "rotated"
    return None if found.expires_at is None else (found.expires_at - NOON).total_seconds()


@STEPS
@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        pytest.param("3600", 3600, id="a number"),
        pytest.param("3600.0", 3600, id="with a point"),
        pytest.param("3599.9", 3599, id="a fraction, rounded down"),
        pytest.param("3.6e3", 3600, id="with an exponent"),
        pytest.param('"3600"', 3600, id="as text"),
        pytest.param('" 3600"', 3600, id="a blank before"),
        pytest.param('"3600 "', 3600, id="a blank behind"),
        pytest.param('"\\t3600\\n"', 3600, id="white space around"),
        pytest.param('"+3600"', 3600, id="a sign"),
        pytest.param('"03600"', 3600, id="a zero before"),
        pytest.param('"3600.0"', 3600, id="text with a point"),
        pytest.param('"3600."', 3600, id="text ending with a point"),
        pytest.param('"3.6e3"', 3600, id="text with an exponent"),
        pytest.param("1", 1, id="a second"),
        pytest.param(str(YEAR), YEAR, id="a year"),
    ],
)
def test_a_lifetime_that_can_be_read(told: str, seconds: int, step: str) -> None:
    assert lifetime(told, step) == seconds


@STEPS
@pytest.mark.parametrize(
    "told",
    [
        pytest.param("null", id="null"),
        pytest.param('""', id="empty"),
        pytest.param('"  "', id="blanks"),
        pytest.param("0", id="zero, which is never"),
        pytest.param('"0"', id="zero as text"),
        pytest.param("0.0", id="zero with a point"),
        pytest.param("-1", id="negative"),
        pytest.param("-0.5", id="negative fraction"),
        pytest.param('"-1"', id="negative text"),
        pytest.param('"never"', id="never"),
        pytest.param('"null"', id="null as text"),
        pytest.param('"3600s"', id="with a unit"),
        pytest.param('"1 hour"', id="in words"),
        pytest.param('"3,600"', id="with a comma"),
        pytest.param('"3_600"', id="with an underscore"),
        pytest.param('"0x10"', id="hexadecimal"),
        pytest.param('"٣"', id="a digit of another script"),
        pytest.param('"2030-01-01T13:00:00Z"', id="a date"),
        pytest.param('"NaN"', id="NaN as text"),
        pytest.param('"Infinity"', id="infinity as text"),
        pytest.param(str(YEAR + 1), id="beyond a year"),
        pytest.param(str(2**31 - 1), id="how some say never"),
        pytest.param(str(2**33), id="beyond 32 bits"),
        pytest.param(f'"{2**33}"', id="beyond 32 bits, as text"),
        pytest.param("1893502800000", id="a date in milliseconds"),
        pytest.param("1" + "0" * 400, id="a number without end"),
        pytest.param("1" + "0" * 5000, id="more digits than Python reads"),
        pytest.param('"' + "9" * 5000 + '"', id="a text without end"),
        pytest.param("1e400", id="out of range"),
        pytest.param("-1e400", id="out of range, negative"),
        pytest.param('"1e400"', id="out of range, as text"),
        pytest.param("NaN", id="NaN"),
        pytest.param("Infinity", id="infinity"),
        pytest.param("-Infinity", id="minus infinity"),
        pytest.param("true", id="true"),
        pytest.param("false", id="false"),
        pytest.param("[3600]", id="a list"),
        pytest.param("[]", id="an empty list"),
        pytest.param('{"seconds": 3600}', id="an object"),
    ],
)
def test_a_lifetime_that_is_not_known_costs_no_token(told: str, step: str) -> None:
    assert lifetime(told, step) is None


@pytest.mark.parametrize("told", ["0", "3600", '"0"', "null"])
def test_a_service_whose_tokens_never_expire(told: str) -> None:
    assert lifetime(told, "exchange", expires="never") is None


@pytest.mark.parametrize(
    ("scope", "known", "granted"),
    [
        pytest.param("a b  c", None, ("a", "b", "c"), id="blanks"),
        pytest.param("repo,read:org", ("repo",), ("repo", "read:org"), id="commas"),
        pytest.param("a,b c", ("a,b",), ("a,b", "c"), id="a scope with a comma in it"),
        pytest.param(["a", "b"], None, ("a", "b"), id="a list"),
        pytest.param(["a b", "c"], None, ("a", "b", "c"), id="a list of texts with blanks"),
        pytest.param("a a b", None, ("a", "b"), id="twice"),
        pytest.param("a\tb\nc", None, ("a", "b", "c"), id="other white space"),
        pytest.param("", ("a",), ("a",), id="empty: as before"),
        pytest.param("", None, None, id="empty, not known"),
        pytest.param("  ", ("a",), ("a",), id="blanks only: as before"),
        pytest.param("\t\n", ("a",), ("a",), id="white space only: as before"),
        pytest.param(",", ("a",), ("a",), id="a comma only: as before"),
        pytest.param([], ("a",), ("a",), id="empty list: as before"),
        pytest.param([""], ("a",), ("a",), id="list of nothing: as before"),
        pytest.param(["a", 7, None], None, ("a",), id="a list with other things in it"),
        pytest.param("b a", ("a", "b"), ("b", "a"), id="in another order"),
        pytest.param("a%20b", ("a", "b"), ("a", "b"), id="encoded once too often"),
        pytest.param("a+b", ("a", "b"), ("a", "b"), id="plus signs"),
        pytest.param("a;b", ("a",), ("a", "b"), id="semicolons"),
        pytest.param("a+b c", ("a+b",), ("a+b", "c"), id="a scope with a plus in it"),
        pytest.param('a "b" ä', None, ("a",), id="what cannot be a scope is left out"),
        pytest.param('["a"]', ("a",), ("a",), id="nothing but that: as before"),
        pytest.param(7, ("a",), ("a",), id="a number: as before"),
        pytest.param(False, ("a",), ("a",), id="false: as before"),
        pytest.param({"a": True}, ("a",), ("a",), id="an object: as before"),
        pytest.param(None, ("a",), ("a",), id="not said: as before"),
        pytest.param(None, None, None, id="not said, not known"),
    ],
)
def test_which_scopes_were_granted(
    scope: Any, known: tuple[str, ...] | None, granted: tuple[str, ...] | None
) -> None:
    assert tokens({"access_token": "a", "scope": scope}, known).scopes == granted


@pytest.mark.parametrize(
    ("answer", "rules", "granted"),
    [
        pytest.param({"scopes": "account repository"}, {"granted_scopes": "scopes"}, None, id="plural"),
        pytest.param({"scopes": ["account", "repository"]}, {"granted_scopes": "scopes"}, None, id="a list"),
        pytest.param(
            {"scope": "x", "authed_user": {"scope": "account,repository"}},
            {"granted_scopes": "authed_user.scope|scope", "scope_separator": ","},
            None,
            id="nested, by commas",
        ),
        pytest.param(
            {"scope": "account,repository"},
            {"granted_scopes": "authed_user.scope|scope"},
            None,
            id="the second place",
        ),
        pytest.param({"scope": "", "scopes": "x"}, {}, ("known,one",), id="another name is not looked at"),
        pytest.param(
            {"scope": "account, repository"}, {"scope_separator": ","}, None, id="comma and blank, by rule"
        ),
    ],
)
def test_scopes_by_a_services_rules(
    answer: dict[str, Any], rules: dict[str, Any], granted: tuple[str, ...] | None
) -> None:
    found = tokens({"access_token": "a", **answer}, ("known,one",) if granted else None, **rules)
    assert found.scopes == (granted or ("account", "repository"))


def test_a_comma_separates_where_the_service_says_so() -> None:
    assert tokens({"access_token": "a", "scope": "a,b"}, ("a,b",), scope_separator=",").scopes == ("a", "b")


@pytest.mark.parametrize(
    "told",
    [None, "", "  ", "bearer", "Bearer", "BEARER", " bearer ", "BearerToken", "Bearer Token", "bearer_token"],
    ids=lambda told: repr(told),
)
def test_a_type_that_is_bearer(told: str | None) -> None:
    for answer in ({"access_token": "a", "token_type": told}, {"access_token": "a"}):
        assert tokens(answer).access_token == "a"


SLACK = {
    "answer": {
        "access_token": "authed_user.access_token|access_token",
        "refresh_token": "authed_user.refresh_token|refresh_token",
        "expires_in": "authed_user.expires_in|expires_in",
        "token_type": "authed_user.token_type|token_type",
    },
    "token_types": ("user",),
    "scope_separator": ",",
    "granted_scopes": "authed_user.scope|scope",
    "ok": "ok=true",
}
BOTH = {
    "ok": True,
    "access_token": "xoxb-bots",
    "token_type": "bot",
    "scope": "commands,incoming-webhook",
    "expires_in": 60,
    "refresh_token": "xoxe-bots",
    "authed_user": {
        "id": "U1234",
        "scope": "chat:write,users:read",
        "access_token": "xoxp-persons",
        "token_type": "user",
    },
}
PERSON = BOTH["authed_user"]


@pytest.mark.parametrize(
    ("answer", "refresh_token", "lives"),
    [
        pytest.param(BOTH, None, None, id="beside a bot's"),
        pytest.param({"ok": True, "authed_user": PERSON}, None, None, id="alone"),
        pytest.param(
            {**BOTH, "authed_user": {**PERSON, "refresh_token": "xoxe-persons", "expires_in": 43200}},
            "xoxe-persons",
            43200,
            id="with rotation",
        ),
        pytest.param({**BOTH, "authed_user": {**PERSON, "token_type": "User"}}, None, None, id="other case"),
        pytest.param(
            {
                "ok": True,
                "access_token": "xoxp-persons",
                "token_type": "user",
                "scope": "chat:write,users:read",
                "authed_user": {"id": "U1234"},
            },
            None,
            None,
            id="beside the user",
        ),
        pytest.param({**BOTH, "authed_user": {**PERSON, "token_type": None}}, None, None, id="type null"),
        pytest.param({**BOTH, "authed_user": {**PERSON, "token_type": ""}}, None, None, id="type empty"),
        pytest.param(
            {
                "ok": True,
                "access_token": "xoxp-persons",
                "token_type": "user",
                "refresh_token": "xoxe-persons",
                "expires_in": 43200,
                "scope": "chat:write,users:read",
            },
            "xoxe-persons",
            43200,
            id="after a refresh",
        ),
    ],
)
def test_slacks_user_token(answer: dict[str, Any], refresh_token: str | None, lives: int | None) -> None:
    found = tokens(answer, **SLACK)
    assert (found.access_token, found.refresh_token) == ("xoxp-persons", refresh_token)
    assert found.scopes == ("chat:write", "users:read")
    assert found.expires_at == (None if lives is None else NOON + timedelta(seconds=lives))


@pytest.mark.parametrize("rules", [pytest.param({}, id="without rules"), pytest.param(SLACK, id="by rules")])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({**BOTH, "authed_user": {"id": "U1234"}}, id="nobody granted anything"),
        pytest.param({**BOTH, "authed_user": None}, id="no user"),
        pytest.param({**BOTH, "authed_user": {"id": "U1", "access_token": ""}}, id="an empty token"),
        pytest.param({**BOTH, "authed_user": {"id": "U1", "token_type": "user"}}, id="a type alone"),
        pytest.param({"access_token": "x", "token_type": "BOT", "refresh_token": "xoxe-bots"}, id="as BOT"),
        pytest.param({"access_token": "x", "token_type": " bot "}, id="bot with blanks"),
    ],
)
def test_a_bots_token_is_never_taken_for_a_persons(answer: dict[str, Any], rules: dict[str, Any]) -> None:
    with pytest.raises(OAuthError, match="of a bot") as caught:
        tokens(answer, **rules)
    assert caught.value.kind is Kind.REFUSED
    assert caught.value.rescued is None, "nor is its refresh token kept"


@pytest.mark.parametrize("told", [None, "", "bot", "Bot Token"])
def test_what_lies_beside_a_person_without_a_token_is_a_bots(told: str | None) -> None:
    answer = {"ok": True, "access_token": "xoxb-bots", "token_type": told, "authed_user": {"id": "U1234"}}
    with pytest.raises(OAuthError, match="of a bot"):
        tokens(answer, **SLACK)


@pytest.mark.parametrize(
    "token_type",
    [pytest.param("user", id="user"), pytest.param("mac", id="mac"), pytest.param("DPoP", id="DPoP")],
)
def test_other_types_are_refused_and_the_refresh_token_is_kept(token_type: str) -> None:
    with pytest.raises(OAuthError, match="other than Bearer") as caught:
        tokens({"access_token": "a", "refresh_token": "r", "token_type": token_type})
    assert (caught.value.kind, caught.value.rescued) == (Kind.REFUSED, "r")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param({"status": "BAD_REFRESH_TOKEN"}, Kind.PERMANENT, id="a dead token, by status"),
        pytest.param({"errorCode": "invalid_grant"}, Kind.PERMANENT, id="by errorCode"),
        pytest.param({"errors": [{"code": "invalid_client"}]}, Kind.CLIENT, id="a refused client"),
        pytest.param({"meta": {"code": 401, "error_type": "invalid_token"}}, Kind.PERMANENT, id="in meta"),
        pytest.param(
            {"data": {"error_code": 10010, "description": "refresh_token is expired"}, "message": "error"},
            Kind.PERMANENT,
            id="TikTok",
        ),
        pytest.param({"status": "SOMETHING"}, Kind.UNKNOWN, id="a word nobody knows"),
        pytest.param({"success": False, "message": "No"}, Kind.UNKNOWN, id="a sentence nobody knows"),
        pytest.param({"errcode": 40029, "errmsg": "no"}, Kind.UNKNOWN, id="WeChat"),
        pytest.param({"data": {"error": "ratelimited"}}, Kind.TRANSIENT, id="too many"),
        pytest.param({"access_token": None, "expires_in": 3600}, Kind.TRANSIENT, id="no word at all"),
        pytest.param({}, Kind.TRANSIENT, id="nothing"),
    ],
)
def test_a_success_without_a_token(answer: dict[str, Any], kind: Kind) -> None:
    with pytest.raises(OAuthError) as caught:
        tokens(answer)
    assert caught.value.kind is kind


@pytest.mark.parametrize(
    "told",
    [None, "", " ", False, [], {}, 0],
    ids=lambda told: repr(told),
)
def test_a_refresh_token_that_is_none(told: object) -> None:
    found = tokens({"access_token": "a", "refresh_token": told})
    assert (found.access_token, found.refresh_token) == ("a", None)


def test_white_space_around_a_token_is_none_of_it() -> None:
    assert tokens({"access_token": " a\n"}).access_token == "a"


@pytest.mark.parametrize("told", [7, ["x"], "x" * 100_000, "ä", {"a": 1}], ids=lambda told: repr(told)[:9])
def test_an_id_token_at_a_refresh_is_not_looked_at(told: object) -> None:
    answer = {"access_token": "a", "id_token": told}
    assert tokens(answer).id_token is None
    with pytest.raises(OAuthError, match="id_token"):
        tokens(answer, step="exchange")


FORM = "access_token=a&token_type=bearer&refresh_token=r&expires_in=3600&scope=repo%2Cuser"


@pytest.mark.parametrize(
    ("body", "lives"),
    [
        pytest.param(FORM.encode(), 3600, id="a form"),
        pytest.param(FORM.replace("3600", "").encode(), None, id="a form, nothing in a field"),
        pytest.param(
            b'\xef\xbb\xbf{"access_token": "a", "refresh_token": "r", "scope": "repo user"}',
            None,
            id="a byte order mark",
        ),
        pytest.param(
            '{"access_token": "a", "refresh_token": "r", "scope": "repo user", "name": "Zoë"}'.encode(
                "latin-1"
            ),
            None,
            id="Latin-1 beside the tokens",
        ),
    ],
)
@STEPS
@pytest.mark.parametrize("content_type", ["application/json", "text/plain;charset=utf-8", "text/html", ""])
def test_answers_in_other_clothes(content_type: str, step: str, body: bytes, lives: int | None) -> None:
    answer = HttpResponse(200, {"content-type": content_type} if content_type else {}, body, step)
    answer.raise_for_error(NOON)
    found = read(answer, None, NOON, ServiceRules())
    assert (found.access_token, found.refresh_token, found.scopes) == ("a", "r", ("repo", "user"))
    assert found.expires_at == (None if lives is None else NOON + timedelta(seconds=lives))


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        pytest.param("2026-01-01T13:00:00Z", 3600, id="ISO 8601, Square"),
        pytest.param("2026-01-01T14:00:00+01:00", 3600, id="with an offset"),
        pytest.param("2026-01-01T13:00:00", 3600, id="without one"),
        pytest.param(1767272400, 3600, id="seconds since 1970, Strava"),
        pytest.param("1767272400", 3600, id="the same as a text"),
        pytest.param("soon", None, id="a word"),
        pytest.param("2025-01-01T00:00:00Z", None, id="past"),
        pytest.param(1e300, None, id="beyond all calendars"),
    ],
)
def test_a_moment_as_the_end(told: object, seconds: int | None) -> None:
    now = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
    text = json.dumps({"access_token": "a", "expires_at": told})
    rules = ServiceRules(answer={"expires_at": "expires_at"})
    found = read(HttpResponse(200, {}, text.encode(), "exchange"), None, now, rules)
    ends = None if seconds is None else now + timedelta(seconds=seconds)
    assert found.expires_at == ends
    assert read(HttpResponse(200, {}, text.encode(), "exchange"), None, now, STANDARD).expires_at is None


@pytest.mark.parametrize(
    ("told", "host"),
    [
        pytest.param("https://acme.my.salesforce.com", "https://acme.my.salesforce.com", id="the service's"),
        pytest.param("https://acme.my.salesforce.com/", "https://acme.my.salesforce.com", id="a slash"),
        pytest.param("acme.my.salesforce.com", "https://acme.my.salesforce.com", id="a bare host"),
        pytest.param(None, None, id="none"),
        pytest.param("https://evil.example", "refused", id="somebody else's"),
        pytest.param("https://acme.my.salesforce.com.evil.example", "refused", id="longer"),
        pytest.param("https://acme.my.salesforce.com@evil.example", "refused", id="a user name"),
        pytest.param("https://acme.my.salesforce.com:8443", "refused", id="another port"),
        pytest.param("http://acme.my.salesforce.com", "refused", id="not encrypted"),
        pytest.param("https://evil.example#.my.salesforce.com", "refused", id="a fragment"),
    ],
)
def test_an_api_host_that_an_answer_names(told: str | None, host: str | None) -> None:
    rules = ServiceRules(host_from="instance_url", host_pattern=r"([a-z0-9-]+\.)+salesforce\.com")
    text = json.dumps({"access_token": "a", "instance_url": told})
    answer = HttpResponse(200, {}, text.encode(), "exchange")
    if host != "refused":
        assert read(answer, None, NOON, rules).api_host == host
        return
    with pytest.raises(OAuthError) as caught:
        read(answer, None, NOON, rules)
    assert (caught.value.kind, caught.value.field) == (Kind.REFUSED, "host")


@pytest.mark.parametrize(
    ("step", "kind"), [pytest.param("exchange", Kind.MISCONFIGURED), pytest.param("refresh", Kind.TRANSIENT)]
)
def test_a_success_that_nobody_understands(step: str, kind: Kind) -> None:
    with pytest.raises(OAuthError) as caught:
        read(HttpResponse(200, {}, b'{"some": "text"}', step), None, NOON, STANDARD)
    assert caught.value.kind is kind
