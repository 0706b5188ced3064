"""What a service's answer to a code that nobody was given says of the client: red only when it is certain."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_thirdparty.server.accounts.account import Registration, parse
from airflow_thirdparty.server.broker.registry import doctor
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError


@pytest.mark.parametrize(
    ("kind", "code", "outcome"),
    [
        pytest.param(Kind.PERMANENT, "invalid_grant", "fine", id="the code is wrong"),
        pytest.param(Kind.PERMANENT, "bad_verification_code", "fine", id="the same in GitHub's words"),
        pytest.param(Kind.CLIENT, "invalid_client", "change", id="the client is wrong"),
        pytest.param(Kind.CLIENT, "incorrect_client_credentials", "change", id="the same in GitHub's words"),
        pytest.param(Kind.CLIENT, "unauthorized_client", "change", id="the client may not do that"),
        pytest.param(Kind.CLIENT, "redirect_uri_mismatch", "unknown", id="it looks at the address first"),
        pytest.param(Kind.CLIENT, "invalid_request", "unknown", id="it looks at the form first"),
        pytest.param(Kind.UNKNOWN, "e1234", "unknown", id="words nobody knows"),
        pytest.param(Kind.UNKNOWN, None, "unknown", id="no words"),
        pytest.param(Kind.TRANSIENT, None, "unknown", id="it is in trouble"),
        pytest.param(Kind.REFUSED, None, "unknown", id="our own guards"),
    ],
)
def test_what_an_answer_says(kind: Kind, code: str | None, outcome: str) -> None:
    assert doctor._judged(OAuthError(kind, "exchange", "it said so", code=code)).outcome == outcome


ACCOUNT = parse(Registration("acme", login="client", extra='{"issuer": "https://idp.example"}'))


@pytest.mark.parametrize(
    ("kind", "status", "outcome"),
    [
        pytest.param(Kind.TRANSIENT, None, "change", id="nobody answers"),
        pytest.param(Kind.TRANSIENT, 503, "unknown", id="it says it is in trouble"),
        pytest.param(Kind.MISCONFIGURED, 404, "change", id="there is no description"),
    ],
)
def test_addresses_that_are_not_found(kind: Kind, status: int | None, outcome: str) -> None:
    found = doctor._unfound(OAuthError(kind, "discovery", "it said so", status=status), ACCOUNT)
    assert found.outcome == outcome
    assert found.remedy


@pytest.mark.parametrize(
    ("seconds", "outcome"),
    [
        pytest.param(0, "fine", id="in step"),
        pytest.param(-60, "fine", id="a minute behind"),
        pytest.param(61, "change", id="more than a minute ahead"),
        pytest.param(-3600, "change", id="an hour behind"),
    ],
)
def test_clocks(seconds: int, outcome: str) -> None:
    assert doctor._clock(timedelta(seconds=seconds)).outcome == outcome
