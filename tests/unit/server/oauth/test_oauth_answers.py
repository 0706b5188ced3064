"""Reading answers: strict JSON, Retry-After, and what each failure means."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from airflow_thirdparty.server.oauth.answers import HttpResponse, strict_object
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError

NOON = datetime(2030, 1, 1, 12, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>oops</html>", id="HTML"),
        pytest.param(b"access_token=x&token_type=bearer", id="form"),
        pytest.param(b"[]", id="list"),
        pytest.param(b'"text"', id="text"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"a": 1, "a": 2}', id="key twice"),
        pytest.param(b'{"b": {"a": 1, "a": 2}}', id="key twice, deeper"),
        pytest.param(b'{"a": 1} {"b": 2}', id="two objects"),
        pytest.param(b'{"a": "\xff"}', id="not UTF-8"),
        pytest.param('{"a": 1}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(b'{"a":' * 50_000, id="objects without end"),
    ],
)
def test_what_is_not_a_strict_object(body: bytes) -> None:
    assert strict_object(body) is None
    with pytest.raises(OAuthError) as caught:
        HttpResponse(200, {}, body, "refresh").json()
    assert caught.value.kind is Kind.TRANSIENT


def test_a_strict_object() -> None:
    assert strict_object('{"a": [1, 2.5, null, "ä"]}'.encode()) == {"a": [1, 2.5, None, "ä"]}


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("NaN", id="NaN"),
        pytest.param("Infinity", id="infinity"),
        pytest.param("-Infinity", id="minus infinity"),
        pytest.param("1e999", id="out of range"),
        pytest.param("9" * 5000, id="endless"),
    ],
)
def test_a_number_that_is_none_costs_nothing_beside_it(number: str) -> None:
    assert strict_object(f'{{"a": {number}, "b": [{number}], "c": 1}}'.encode()) == {
        "a": None,
        "b": [None],
        "c": 1,
    }


@pytest.mark.parametrize(
    ("header", "date", "now", "seconds"),
    [
        pytest.param("120", None, NOON, 120, id="seconds"),
        pytest.param(" 7 ", None, None, 7, id="seconds without a clock"),
        pytest.param("0", None, NOON, 0, id="at once"),
        pytest.param("999999999999", None, NOON, 86_400, id="at most a day"),
        pytest.param("Tue, 01 Jan 2030 12:01:30 GMT", None, NOON, 90, id="date"),
        pytest.param("Tue, 01 Jan 2030 11:00:00 GMT", None, NOON, 0, id="date that has passed"),
        pytest.param("Wed, 01 Jan 2031 12:00:00 GMT", None, NOON, 86_400, id="date far away"),
        pytest.param(
            "Tue, 01 Jan 2030 12:00:30 GMT", "Tue, 01 Jan 2030 12:00:00 GMT", None, 30, id="its own clock"
        ),
        pytest.param("Tue, 01 Jan 2030 12:00:30 GMT", None, None, None, id="date without a clock"),
        pytest.param("-5", None, NOON, None, id="negative"),
        pytest.param("soon", None, NOON, None, id="a word"),
        pytest.param("1.5", None, NOON, None, id="a fraction"),
        pytest.param("²", None, NOON, None, id="a digit that is none"),
        pytest.param("Tue, 99 Jan 2030 12:00:00 GMT", None, NOON, None, id="no such day"),
        pytest.param("", None, NOON, None, id="empty"),
    ],
)
def test_retry_after(header: str, date: str | None, now: datetime | None, seconds: int | None) -> None:
    headers = {"retry-after": header, **({"date": date} if date else {})}
    assert HttpResponse(503, headers, b"", "refresh").retry_after(now) == seconds


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        pytest.param(400, b'{"error": "invalid_grant"}', Kind.PERMANENT, "invalid_grant", id="RFC 6749"),
        pytest.param(403, b'{"error": "invalid_grant"}', Kind.PERMANENT, "invalid_grant", id="as a 403"),
        pytest.param(
            200, b'{"error": "bad_refresh_token"}', Kind.PERMANENT, "bad_refresh_token", id="GitHub"
        ),
        pytest.param(400, b'{"error": "login_required"}', Kind.PERMANENT, "login_required", id="OpenID"),
        pytest.param(401, b'{"error": "invalid_client"}', Kind.CLIENT, "invalid_client", id="client"),
        pytest.param(400, b'{"error": "brand_new"}', Kind.UNKNOWN, "brand_new", id="code nobody knows"),
        pytest.param(400, b'{"error": "Invalid (Grant)"}', Kind.UNKNOWN, None, id="not of a code's shape"),
        pytest.param(400, b"invalid_grant", Kind.UNKNOWN, None, id="neither JSON nor form"),
        pytest.param(400, b"<p>invalid_grant</p>", Kind.TRANSIENT, None, id="HTML of a proxy"),
        pytest.param(401, b"", Kind.UNKNOWN, None, id="nothing but a status"),
        pytest.param(500, b'{"error": "invalid_grant"}', Kind.TRANSIENT, None, id="5xx is not believed"),
        pytest.param(503, b"", Kind.TRANSIENT, None, id="maintenance"),
        pytest.param(429, b'{"error": "invalid_grant"}', Kind.TRANSIENT, None, id="429 is not believed"),
        pytest.param(302, b"", Kind.REFUSED, None, id="redirect"),
    ],
)
def test_what_a_failure_means(status: int, body: bytes, kind: Kind, code: str | None) -> None:
    with pytest.raises(OAuthError) as caught:
        HttpResponse(status, {"retry-after": "9"}, body, "refresh").raise_for_error(NOON)
    assert (caught.value.kind, caught.value.code) == (kind, code)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"access_token": "x"}', id="tokens"),
        pytest.param(b'{"access_token": "x", "error": null}', id="no error, said so"),
        pytest.param(b'{"access_token": "x", "error": ""}', id="no error, said emptily"),
        pytest.param(b"", id="nothing, as revocation does"),
    ],
)
def test_success_is_no_error(body: bytes) -> None:
    HttpResponse(200, {}, body, "refresh").raise_for_error(NOON)


def test_a_service_that_asks_to_wait_is_heard() -> None:
    with pytest.raises(OAuthError) as caught:
        HttpResponse(429, {"retry-after": "Tue, 01 Jan 2030 12:00:10 GMT"}, b"", "refresh").raise_for_error(
            NOON
        )
    assert caught.value.retry_after == 10
