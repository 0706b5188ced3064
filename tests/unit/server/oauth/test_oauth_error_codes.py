"""What services call their errors, and what each means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_thirdparty.server.oauth.answers import HttpResponse
from airflow_thirdparty.server.oauth.error_codes import same_code
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.service_rules import ServiceRules

FORM = "application/x-www-form-urlencoded"


def failure(
    status: int,
    body: object,
    step: str = "refresh",
    content_type: str = "application/json",
    secrets: tuple[str, ...] = (),
    challenge: str = "",
    **rules: Any,
) -> OAuthError:
    sent = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    headers = {"content-type": content_type} if content_type else {}
    if challenge:
        headers["www-authenticate"] = challenge
    with pytest.raises(OAuthError) as caught:
        HttpResponse(status, headers, sent, step).raise_for_error(None, ServiceRules(**rules), secrets)
    return caught.value


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(400, {"error": "invalid_grant"}, id="RFC 6749"),
        pytest.param(400, {"error": "INVALID_GRANT"}, id="in capitals"),
        pytest.param(400, {"error": "Invalid_Grant"}, id="in mixed letters"),
        pytest.param(400, {"error": "invalid-grant"}, id="with a dash"),
        pytest.param(400, {"error": "Invalid Grant"}, id="with a blank"),
        pytest.param(400, {"error": "invalidGrant"}, id="in one word"),
        pytest.param(400, {"__type": "x", "error": "InvalidGrantException"}, id="an exception's name"),
        pytest.param(401, {"error": "invalid_grant"}, id="as a 401"),
        pytest.param(403, {"error": "invalid_grant"}, id="as a 403"),
        pytest.param(200, {"error": "invalid_grant"}, id="as a success"),
        pytest.param(400, {"status": "BAD_REFRESH_TOKEN", "message": "…"}, id="HubSpot"),
        pytest.param(200, {"error": "bad_refresh_token"}, id="GitHub"),
        pytest.param(400, {"error": {"message": "…", "type": "OAuthException", "code": 190}}, id="Facebook"),
        pytest.param(400, {"error": {"type": "OAuthException", "code": "190"}}, id="Facebook, code as text"),
        pytest.param(401, {"error": {"type": "OAuthException", "code": 190}}, id="Facebook, as a 401"),
        pytest.param(400, {"error": "invalid_token"}, id="invalid_token, 400"),
        pytest.param(401, {"error": "invalid_token"}, id="invalid_token, 401"),
        pytest.param(200, {"ok": False, "error": "token_revoked"}, id="Slack: revoked"),
        pytest.param(200, {"ok": False, "error": "token_expired"}, id="Slack: expired"),
        pytest.param(200, {"ok": False, "error": "invalid_refresh_token"}, id="Slack: refresh token"),
        pytest.param(400, {"error": "expired_token"}, id="expired_token"),
        pytest.param(401, {"error": {"code": "expired_token"}}, id="in an object, code"),
        pytest.param(401, {"error": {"status": "INVALID_GRANT"}}, id="in an object, status"),
        pytest.param(401, {"error": {"error": {"code": "invalid_grant"}}}, id="in an object in an object"),
        pytest.param(400, {"error": ["invalid_grant"]}, id="in a list"),
        pytest.param(400, {"errorCode": "invalid_grant"}, id="errorCode"),
        pytest.param(400, {"error_code": "invalid_grant"}, id="error_code"),
        pytest.param(400, {"code": "invalid_grant"}, id="code"),
        pytest.param(400, {"errors": [{"code": "invalid_grant"}]}, id="in a list of errors"),
        pytest.param(400, {"errors": ["invalid_grant"]}, id="in a list of texts"),
        pytest.param(401, {"errors": [{"errorType": "expired_token"}], "success": False}, id="Fitbit"),
        pytest.param(400, {"Error": "invalid_grant"}, id="a key in capitals"),
        pytest.param(400, {"error-code": "invalid_grant"}, id="a key with a dash"),
        pytest.param(400, {"reason": "Invalid Token!", "error": "invalid_request"}, id="Zoom"),
        pytest.param(
            401,
            {
                "fault": {
                    "faultstring": "Invalid",
                    "detail": {"errorcode": "oauth.v2.invalid_refresh_token"},
                }
            },
            id="behind a module's name",
        ),
        pytest.param(
            400,
            {
                "error": "invalid_request",
                "error_description": "The grant or refresh token is invalid, expired or revoked",
            },
            id="LinkedIn",
        ),
        pytest.param(
            400,
            {
                "message": "Bad Request",
                "errors": [{"resource": "RefreshToken", "field": "refresh_token", "code": "invalid"}],
            },
            id="Strava",
        ),
        pytest.param(400, {"message": "Invalid refresh token"}, id="as a message"),
        pytest.param(400, {"error": {"message": "refresh token expired"}}, id="as a message in an object"),
        pytest.param(
            403,
            {"error": "unauthorized_client", "error_description": "refresh_token is invalid"},
            id="unauthorized_client of one refresh token",
        ),
        pytest.param(
            400,
            {"error": "unauthorized_client", "error_description": "The refresh token has been revoked."},
            id="unauthorized_client, revoked",
        ),
        pytest.param(
            400,
            {"error": "access_denied", "error_description": "Refresh token was expired"},
            id="access_denied of one refresh token",
        ),
        pytest.param(
            400, {"error": "whatever", "message": "Unknown or invalid refresh token"}, id="an unknown code"
        ),
    ],
)
def test_a_refresh_token_that_is_dead(status: int, body: object) -> None:
    assert failure(status, body).kind is Kind.PERMANENT


def said(code: str, sentence: str) -> dict[str, str]:
    return {"error": code, "error_description": sentence}


AWS = "NotAuthorizedException"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(400, {"error": "invalid_grant: Token is expired or invalid."}, id="before a sentence"),
        pytest.param(400, {"message": "invalid_grant: gone"}, id="before a sentence, in a message"),
        pytest.param(400, {"error": "Invalid Params: invalid refresh_token"}, id="behind a sentence"),
        pytest.param(200, {"status": 503, "error": "Invalid Params: invalid refresh_token"}, id="Withings"),
        pytest.param(400, {"error": "oauth2:invalid_grant"}, id="behind a prefix"),
        pytest.param(400, {"code": "urn:error:invalid_grant"}, id="a URN"),
        pytest.param(400, {"code": "refresh_token.expired"}, id="two words with a point"),
        pytest.param(400, {"type": "https://a.example/problems/invalid-grant"}, id="an address (RFC 9457)"),
        pytest.param(400, {"error": "InvalidRefreshTokenError"}, id="an error's name"),
        pytest.param(401, {"error": {"name": "RefreshTokenExpired"}}, id="as a name"),
        pytest.param(400, {"err": "Token invalid", "ECODE": "OAUTH_025"}, id="ClickUp"),
        pytest.param(400, {"errors": [{"code": "ACCESS_TOKEN_REVOKED"}]}, id="Square"),
        pytest.param(401, {"code": "token_not_valid"}, id="Django REST framework"),
        pytest.param(400, {"error": "refresh_token_reused"}, id="used before"),
        pytest.param(400, {"error": "grant_expired"}, id="grant_expired"),
        pytest.param(400, {"error": "Refresh token is expired"}, id="a sentence in words of a code"),
        pytest.param(403, {"error": "mfa_required"}, id="a second factor"),
        pytest.param(400, {"error": "account_selection_required"}, id="another choice"),
        pytest.param(400, {"data": {"error": "invalid_grant"}}, id="wrapped in data"),
        pytest.param(400, {"response": {"error": {"code": "invalid_grant"}}}, id="wrapped in response"),
        pytest.param(400, [{"message": "…", "errorCode": "INVALID_GRANT"}], id="a list of errors"),
        pytest.param(400, b'\xef\xbb\xbf{"error": "invalid_grant"}', id="with a byte order mark"),
        pytest.param(
            400, '{"error": "invalid_grant", "error_description": "ungültig"}'.encode("latin-1"), id="Latin-1"
        ),
        pytest.param(
            400,
            {"developerMessage": "The refresh token is invalid or expired."},
            id="Autodesk's first version",
        ),
        pytest.param(
            400,
            {"message": "The refresh token provided is expired, revoked, malformed, or invalid."},
            id="Webex",
        ),
        pytest.param(400, {"__type": AWS, "message": "Refresh Token has been revoked"}, id="Cognito"),
        pytest.param(
            401,
            {
                "error": {
                    "message": "Your refresh token has already been used to generate a new access token."
                }
            },
            id="used before, in a sentence",
        ),
        pytest.param(
            401, {"error": "Refresh token has already been used"}, id="a sentence in a code's place"
        ),
        pytest.param(400, {"error": "The refresh token is invalid."}, id="another one"),
        pytest.param(400, said("invalid_request", "The specified refresh token is invalid."), id="specified"),
        pytest.param(400, said("invalid_request", "The `refresh_token` provided was invalid"), id="provided"),
        pytest.param(400, said("invalid_request", "Refresh token does not exist."), id="does not exist"),
        pytest.param(400, said("invalid_request", "The refresh token could not be found"), id="not found"),
        pytest.param(400, said("invalid_request", "refresh_token not valid"), id="not valid"),
        pytest.param(
            400, said("invalid_request", "Refresh token exceeded inactivity timeout"), id="too long unused"
        ),
        pytest.param(
            401,
            {
                "fault": {
                    "faultstring": "Refresh Token expired",
                    "detail": {"errorcode": "keymanagement.service.access_token_expired"},
                }
            },
            id="Apigee",
        ),
    ],
)
def test_a_refresh_token_that_is_dead_said_otherwise(status: int, body: object) -> None:
    error = failure(status, body)
    assert error.kind is Kind.PERMANENT
    assert len(str(error)) < 80, "no sentence of the service is shown"


@pytest.mark.parametrize(
    ("challenge", "kind", "code"),
    [
        pytest.param(
            'Bearer realm="x", error="invalid_token"', Kind.PERMANENT, "invalid_token", id="RFC 6750"
        ),
        pytest.param("Bearer error=invalid_grant", Kind.PERMANENT, "invalid_grant", id="without quotes"),
        pytest.param(
            'Bearer error="whatever", error_description="The refresh token expired"',
            Kind.PERMANENT,
            "whatever",
            id="by a sentence",
        ),
        pytest.param('Basic realm="x", error="invalid_client"', Kind.CLIENT, "invalid_client", id="client"),
        pytest.param('Bearer realm="x"', Kind.UNKNOWN, None, id="nothing said"),
        pytest.param('Basic realm="x"', Kind.UNKNOWN, None, id="Basic, nothing said"),
        pytest.param("error", Kind.UNKNOWN, None, id="nonsense"),
    ],
)
def test_a_401_that_says_it_in_its_header_only(challenge: str, kind: Kind, code: str | None) -> None:
    error = failure(401, "", challenge=challenge)
    assert (error.kind, error.code) == (kind, code)
    assert failure(401, {"error": "brand_new"}, challenge=challenge).kind is Kind.UNKNOWN, "the body counts"


@pytest.mark.parametrize(
    "content_type", [FORM, f"{FORM}; charset=utf-8", "", "text/plain", "text/html", "application/json"]
)
@pytest.mark.parametrize("status", [200, 400, 401])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param("error=invalid_grant", id="alone"),
        pytest.param("error=invalid_grant&error_description=The+token+is+gone&error_uri=x", id="first"),
        pytest.param("state=&error=INVALID_GRANT\n", id="in capitals"),
    ],
)
def test_a_form(content_type: str, status: int, body: str) -> None:
    error = failure(status, body, content_type=content_type)
    assert (error.kind, error.code) == (Kind.PERMANENT, "invalid_grant")


@pytest.mark.parametrize(
    ("status", "body", "rules"),
    [
        pytest.param(
            400, {"error": "invalid_request"}, {"lapse_codes": ("refresh:invalid_request",)}, id="X"
        ),
        pytest.param(
            400, {"status": "gone-for-good"}, {"lapse_codes": ("refresh:GONE_FOR_GOOD",)}, id="any spelling"
        ),
        pytest.param(
            400,
            {"fault": {"name": "E_17"}},
            {"error_code": "fault.name", "lapse_codes": ("refresh:E_17",)},
            id="in a place of its own",
        ),
        pytest.param(
            400,
            {"errors": [{"code": "invalid"}]},
            {"error_code": "errors[0].code", "lapse_codes": ("refresh:invalid",)},
            id="in a list",
        ),
        pytest.param(
            400,
            {"error": "invalid_client"},
            {"lapse_codes": ("refresh:invalid_client",)},
            id="against the words for all",
        ),
    ],
)
def test_the_services_own_word_for_it(status: int, body: object, rules: dict[str, Any]) -> None:
    assert failure(status, body, **rules).kind is Kind.PERMANENT
    assert failure(status, body).kind is not Kind.PERMANENT
    assert failure(status, body, "exchange", **rules).kind is not Kind.PERMANENT, "it is of a refresh only"


def test_zohos_word_for_it() -> None:
    """It says so of codes, too, as others do of codes only."""
    rules = {"lapse_codes": ("refresh:invalid_code",)}
    assert failure(200, {"error": "invalid_code"}, **rules).kind is Kind.PERMANENT
    assert failure(200, {"error": "invalid_code"}).kind is Kind.UNKNOWN


@pytest.mark.parametrize(
    ("status", "body", "rules"),
    [
        pytest.param(401, {"error": "invalid_client"}, {}, id="RFC 6749"),
        pytest.param(400, {"error": "INVALID_CLIENT"}, {}, id="in capitals"),
        pytest.param(200, {"ok": False, "error": "bad_client_secret"}, {}, id="Slack"),
        pytest.param(200, {"error": "incorrect_client_credentials"}, {}, id="GitHub"),
        pytest.param(400, {"status": "BAD_CLIENT_ID"}, {}, id="HubSpot"),
        pytest.param(401, "error=invalid_client", {}, id="a form"),
        pytest.param(401, {"error": "invalid_client: no such client"}, {}, id="before a sentence"),
        pytest.param(401, {"error": "invalid_client_credentials"}, {}, id="in other words"),
        pytest.param(401, {"error": "client_not_found"}, {}, id="not found"),
        pytest.param(
            401, {"fault": {"detail": {"errorcode": "oauth.v2.InvalidClientIdentifier"}}}, {}, id="Apigee"
        ),
        pytest.param(
            401,
            said("unauthorized_client", "Invalid client or Invalid client credentials"),
            {},
            id="Keycloak, by a sentence",
        ),
        pytest.param(401, said("unauthorized", "Bad client credentials"), {}, id="Spring, by a sentence"),
        pytest.param(
            400,
            said("unauthorized_client", "AADSTS7000215: Invalid client secret provided."),
            {},
            id="Microsoft, by a sentence",
        ),
        pytest.param(401, said("invalid_request", "Client authentication failed"), {}, id="by a sentence"),
        pytest.param(
            400,
            {"error": {"type": "OAuthException", "code": 101}},
            {"client_codes": ("refresh:OAuthException_101",)},
            id="the service's own word",
        ),
    ],
)
def test_a_client_that_is_refused(status: int, body: object, rules: dict[str, Any]) -> None:
    assert failure(status, body, **rules).kind is Kind.CLIENT


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(400, {"error": "brand_new"}, id="a code nobody knows"),
        pytest.param(400, {"error": "invalid_request"}, id="invalid_request"),
        pytest.param(403, {"error": "unauthorized_client"}, id="unauthorized_client"),
        pytest.param(400, {"error": "invalid_scope"}, id="invalid_scope"),
        pytest.param(400, {"error": "unsupported_grant_type"}, id="unsupported_grant_type"),
        pytest.param(403, {"error": "access_denied"}, id="access_denied"),
        pytest.param(400, {"error": "server_error"}, id="its own trouble, but as a 400"),
        pytest.param(
            400,
            {"error": "unauthorized_client", "error_description": "The client may not use refresh tokens"},
            id="a sentence about refresh tokens",
        ),
        pytest.param(
            400, {"error": "invalid_request", "error_description": "refresh_token is missing"}, id="missing"
        ),
        pytest.param(
            400,
            said("invalid_request", "The refresh token grant is not allowed for this client"),
            id="a grant",
        ),
        pytest.param(
            400, said("invalid_request", "Wrong client id or unknown refresh token was sent"), id="of both"
        ),
        pytest.param(400, {"name": "alice", "id": "17"}, id="a name"),
        pytest.param(400, {"data": "invalid_grant"}, id="data that is a text"),
        pytest.param(401, {"error": "server_error", "error_description": "access_denied"}, id="ServiceNow"),
        pytest.param(400, [{"errorCode": "BRAND_NEW"}], id="a list of unknown errors"),
        pytest.param(400, {"error": {"code": 1}}, id="a number"),
        pytest.param(400, {"error": {"type": "OAuthException", "code": 10}}, id="Facebook, another number"),
        pytest.param(400, {"code": 190}, id="a bare number"),
        pytest.param(401, "", id="nothing"),
        pytest.param(404, "", id="not there"),
        pytest.param(403, "Forbidden", id="a word"),
        pytest.param(400, "invalid_grant", id="a code that stands nowhere"),
        pytest.param(400, "[]", id="a list"),
        pytest.param(400, '<?xml version="1.0"?><Error/>', id="XML"),
        pytest.param(200, {"error": "brand_new"}, id="as a success"),
        pytest.param(200, {"ok": False}, id="no, without a reason"),
        pytest.param(200, "error=brand_new", id="a form as a success"),
    ],
)
def test_a_refusal_in_words_nobody_knows(status: int, body: object) -> None:
    error = failure(status, body)
    assert (error.kind, error.status) == (Kind.UNKNOWN, status)


@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        pytest.param(408, {"error": "invalid_grant"}, "application/json", id="408"),
        pytest.param(425, {"error": "invalid_grant"}, "application/json", id="425"),
        pytest.param(429, {"error": "invalid_grant"}, "application/json", id="429"),
        pytest.param(500, {"error": "invalid_grant"}, "application/json", id="500"),
        pytest.param(503, {"error": "invalid_client"}, "application/json", id="503"),
        pytest.param(403, "<html><p>invalid_grant</p>", "text/html", id="a page"),
        pytest.param(403, "<!DOCTYPE html><p>no</p>", "application/json", id="a page that says JSON"),
        pytest.param(404, "\ufeff\n <HTML>", "", id="a page that says nothing"),
        pytest.param(403, "<p>error=invalid_grant", "", id="a piece of one"),
        pytest.param(403, '<?xml version="1.0"?><html xmlns="x"/>', "application/xhtml+xml", id="XHTML"),
        pytest.param(400, "Access denied by policy", "text/html; charset=utf-8", id="text that says HTML"),
        pytest.param(401, "", "text/html", id="an empty page"),
        pytest.param(403, "Denied: error=invalid_grant", "text/html", id="text with a form's letters in it"),
        pytest.param(200, {"ok": False, "error": "ratelimited"}, "application/json", id="Slack: too many"),
        pytest.param(200, {"error": "temporarily_unavailable"}, "application/json", id="not now"),
        pytest.param(200, {"error": "TooManyRequestsException"}, "application/json", id="too many requests"),
    ],
)
def test_a_passing_trouble(status: int, body: object, content_type: str) -> None:
    assert failure(status, body, content_type=content_type).kind is Kind.TRANSIENT


@pytest.mark.parametrize("content_type", ["application/xml", "text/xml; charset=utf-8"])
def test_xml_is_no_page(content_type: str) -> None:
    assert failure(400, "<OAuth><error>x</error></OAuth>", content_type=content_type).kind is Kind.UNKNOWN
    assert failure(400, "<html><p>x</p></html>", content_type=content_type).kind is Kind.TRANSIENT


def test_json_that_calls_itself_html_is_json() -> None:
    assert failure(400, {"error": "invalid_grant"}, content_type="text/html").kind is Kind.PERMANENT


@pytest.mark.parametrize(
    ("step", "code", "kind"),
    [
        pytest.param("exchange", "invalid_grant", Kind.PERMANENT, id="a dead code"),
        pytest.param("exchange", "expired_token", Kind.PERMANENT, id="an expired code"),
        pytest.param("exchange", "bad_verification_code", Kind.PERMANENT, id="GitHub: a dead code"),
        pytest.param("exchange", "BAD_AUTH_CODE", Kind.PERMANENT, id="HubSpot: a dead code"),
        pytest.param("exchange", "invalid_code", Kind.PERMANENT, id="Slack: a dead code"),
        pytest.param("exchange", "code_already_used", Kind.PERMANENT, id="Slack: a code used before"),
        pytest.param("refresh", "code_expired", Kind.UNKNOWN, id="a word for codes at a refresh"),
        pytest.param("exchange", "unauthorized_client", Kind.CLIENT, id="before anybody has signed in"),
        pytest.param("exchange", "invalid_request", Kind.CLIENT, id="a request"),
        pytest.param("userinfo", "invalid_token", Kind.UNKNOWN, id="of an access token"),
        pytest.param("revocation", "invalid_token", Kind.UNKNOWN, id="revoked already"),
    ],
)
def test_the_same_word_at_other_steps(step: str, code: str, kind: Kind) -> None:
    assert failure(400, {"error": code}, step).kind is kind


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({"error": "brand_new"}, "brand_new", id="a code"),
        pytest.param({"error": "BRAND_NEW"}, "brand_new", id="capitals"),
        pytest.param({"error": "BrandNew"}, "brand_new", id="one word"),
        pytest.param({"errorCode": 40104}, "40104", id="a number"),
        pytest.param({"error": "Bad Request", "status": 400}, None, id="a sentence, and the status again"),
        pytest.param({"error": "a" * 41}, None, id="too long"),
        pytest.param({"error": "refresh-canary"}, None, id="a token"),
        pytest.param({"error": "hunter"}, None, id="the client secret"),
        pytest.param({"error": "1//0gAbCdEf"}, None, id="a refresh token of Google's shape"),
        pytest.param({"error": "xKqTbWvRzPm"}, None, id="letters at random"),
        pytest.param({"message": "hunter"}, None, id="a message"),
        pytest.param({"error": "hunter", "code": "brand_new"}, "brand_new", id="what stands beside a secret"),
    ],
)
def test_only_what_has_the_shape_of_a_code_is_shown(body: object, code: str | None) -> None:
    error = failure(400, body, secrets=("hunter",))
    assert error.code == code
    assert "hunter" not in str(error)


@pytest.mark.parametrize(
    ("ok", "body", "succeeds"),
    [
        pytest.param("ok=true", {"ok": True, "error": "left_over"}, True, id="true"),
        pytest.param("ok=true", {"ok": "TRUE"}, True, id="a text"),
        pytest.param("ok=true", {"ok": False}, False, id="false"),
        pytest.param("ok=true", {"access_token": "x"}, False, id="not said"),
        pytest.param("error.code=ok", {"error": {"code": "ok"}}, True, id="an error that is none"),
        pytest.param("error.code=ok", {"error": {"code": "access_token_invalid"}}, False, id="one that is"),
        pytest.param("status=0", {"status": 0}, True, id="a number"),
        pytest.param("status=0", {"status": 601}, False, id="another number"),
        pytest.param("", {"error": False}, True, id="error false"),
        pytest.param("", {"error": {}}, True, id="an empty error"),
        pytest.param("", {"error": {"code": "ok"}}, False, id="without the rule"),
    ],
)
def test_what_a_success_says_of_itself(ok: str, body: object, succeeds: bool) -> None:
    answer = HttpResponse(200, {}, json.dumps(body).encode(), "refresh")
    if succeeds:
        answer.raise_for_error(None, ServiceRules(ok=ok))
    else:
        with pytest.raises(OAuthError):
            answer.raise_for_error(None, ServiceRules(ok=ok))


@pytest.mark.parametrize(
    "code", ["", " ", "a" * 100, "a\nb", "<b>", "ä", "a/b", "a=b"], ids=lambda code: repr(code)[:12]
)
def test_what_cannot_be_a_code(code: str) -> None:
    assert same_code(code) == ""


def test_an_answer_that_nests_without_end() -> None:
    body: Any = "invalid_grant"
    for _ in range(30):
        body = {"error": body}
    assert failure(400, body).kind is Kind.UNKNOWN
