"""What real services answer at a refresh: dead tokens in words of their own, odd lifetimes, odd refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from airflow_thirdparty.exceptions import ServiceUnavailable, SignInLapsed
from tests.faults.rig import ALICE, NO_NEED, Rig, ask
from tests.support import databases

pytestmark = databases.BOTH

EXPIRED = {"lives": 3600, "ago": 4000}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def refusal(status: int, body: object, **headers: str) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    return {"status": status, "body": text, "headers": headers}


@pytest.mark.parametrize(
    ("details", "code"),
    [
        pytest.param(refusal(400, {"status": "BAD_REFRESH_TOKEN"}), "bad_refresh_token", id="HubSpot"),
        pytest.param(
            refusal(400, {"error": {"type": "OAuthException", "code": 190}}),
            "oauth_exception_190",
            id="Facebook",
        ),
        pytest.param(refusal(400, {"error": "invalid_token"}), "invalid_token", id="invalid_token, 400"),
        pytest.param(refusal(401, {"error": "invalid_token"}), "invalid_token", id="invalid_token, 401"),
        pytest.param(refusal(400, {"error": "expired_token"}), "expired_token", id="expired_token"),
        pytest.param(
            refusal(401, {"error": {"code": "refresh_token_reused", "message": "…"}}),
            "refresh_token_reused",
            id="used before",
        ),
        pytest.param(
            refusal(400, {"error": "invalid_grant: Token is expired."}), "invalid_grant", id="with a sentence"
        ),
        pytest.param(
            refusal(401, "", **{"WWW-Authenticate": 'Bearer error="invalid_token"'}),
            "invalid_token",
            id="in a header",
        ),
        pytest.param(
            refusal(400, {"developerMessage": "The refresh token is invalid or expired."}),
            "permanent",
            id="in a sentence only",
        ),
        pytest.param(refusal(200, {"ok": False, "error": "token_revoked"}), "token_revoked", id="Slack"),
        pytest.param(refusal(400, {"error": "INVALID_GRANT"}), "invalid_grant", id="in capitals"),
        pytest.param(refusal(400, "error=invalid_grant&x=y", **FORM), "invalid_grant", id="a form"),
        pytest.param(
            refusal(403, {"error": "unauthorized_client", "error_description": "refresh_token is invalid"}),
            "unauthorized_client",
            id="unauthorized_client of one refresh token",
        ),
    ],
)
async def test_a_dead_refresh_token_lapses_the_sign_in(rig: Rig, details: dict[str, Any], code: str) -> None:
    rig.sign_in(**EXPIRED)
    rig.service.fault("token", "status", **details)
    with pytest.raises(SignInLapsed, match="Sign in again"):
        await ask(rig.broker(), ALICE, rig.account)
    assert rig.there().lapsed_code == code


@pytest.mark.parametrize(
    "details",
    [
        pytest.param(refusal(400, {"error": "brand_new"}), id="a word nobody knows"),
        pytest.param(refusal(400, {"error": "invalid_request"}), id="a request that is refused"),
        pytest.param(
            refusal(403, "<html>invalid_grant</html>", **{"Content-Type": "text/html"}), id="a proxy's page"
        ),
        pytest.param(refusal(200, {"error": "temporarily_unavailable"}), id="not now"),
        pytest.param(refusal(200, {"success": False, "code": "E17"}), id="a success that is none"),
        pytest.param(
            refusal(401, {"error": "unauthorized_client", "error_description": "Invalid client credentials"}),
            id="a client that is not accepted, in a sentence",
        ),
    ],
)
async def test_other_refusals_delete_nothing(rig: Rig, details: dict[str, Any]) -> None:
    rig.sign_in(**EXPIRED)
    rig.service.fault("token", "status", **details)
    with pytest.raises(ServiceUnavailable):
        await ask(rig.broker(), ALICE, rig.account)
    assert rig.there().lapsed_at is None


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        pytest.param("", None, id="empty"),
        pytest.param(" 3600", 3600, id="with a blank"),
        pytest.param("3600.0", 3600, id="with a point"),
        pytest.param(0, None, id="zero"),
        pytest.param(-1, None, id="negative"),
        pytest.param("never", None, id="never"),
        pytest.param(2**33, None, id="beyond a year"),
        pytest.param(float("nan"), None, id="NaN"),
        pytest.param(float("inf"), None, id="infinity"),
    ],
)
async def test_no_lifetime_costs_the_new_tokens(rig: Rig, expires_in: Any, seconds: int | None) -> None:
    family = rig.sign_in(**EXPIRED)
    rig.service.fault("token", "answer", fields={"expires_in": expires_in})
    token = await ask(rig.broker(), ALICE, rig.account)
    assert rig.service.access_tokens[token.value] is family
    assert (token.expires_at is None) == (seconds is None)
    rig.service.heal()
    forced = replace(NO_NEED, force_refresh=True)
    rig.clock.step(60)
    again = await ask(rig.broker(), ALICE, rig.account, forced)
    assert again.value != token.value
    assert rig.service.access_tokens[again.value] is family, "the rotated refresh token was kept"
