"""How an account stands for somebody: one word, and plain words that say what to do."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_thirdparty.server.accounts.account import Registration, parse
from airflow_thirdparty.server.broker.views.status import Status, standing
from airflow_thirdparty.server.store.models import AccountHealth, SignIn

NOW = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(minutes=1)

ACCOUNT = parse(
    Registration("acme", login="client", extra='{"issuer": "https://idp.example", "scopes": "openid read"}')
)


def row(**values: Any) -> SignIn:
    return SignIn(
        **{
            "conn_id": "acme",
            "kind": "oauth2",
            "binding": ACCOUNT.binding().text(),
            "scopes": "openid read",
            "sealed_refresh": "sealed",
            "access_expires_at": LATER,
            "signed_in_at": EARLIER,
            **values,
        }
    )


HURT = AccountHealth(
    conn_id="acme", failed_at=EARLIER, failed_text="it timed out", several_failed=True, next_call_at=LATER
)
HURT_BY_ONE = AccountHealth(
    conn_id="acme", failed_at=EARLIER, failed_text="it timed out", several_failed=False, next_call_at=EARLIER
)
HEALED = AccountHealth(conn_id="acme", failed_at=EARLIER, failed_text="it timed out", several_failed=True)
FLAGGED = AccountHealth(
    conn_id="acme", flagged_at=EARLIER, flagged_text="The service refused: invalid_client"
)


@pytest.mark.parametrize(
    ("sign_in", "health", "status", "words"),
    [
        pytest.param(None, None, "sign_in_needed", "have not signed in", id="never signed in"),
        pytest.param(None, HURT, "sign_in_needed", "have not signed in", id="never, service down"),
        pytest.param(row(), None, "signed_in", "are signed in", id="signed in"),
        pytest.param(row(access_expires_at=EARLIER), None, "signed_in", "are signed in", id="renewable"),
        pytest.param(row(access_expires_at=None), None, "signed_in", "are signed in", id="no expiry"),
        pytest.param(
            row(access_expires_at=None, sealed_refresh=None), None, "signed_in", "", id="a key for ever"
        ),
        pytest.param(
            row(access_expires_at=EARLIER, sealed_refresh=None), None, "lapsed", "Sign in again", id="expired"
        ),
        pytest.param(
            row(lapsed_at=EARLIER, lapsed_text="it was revoked"),
            None,
            "lapsed",
            "it was revoked",
            id="revoked",
        ),
        pytest.param(
            row(soft_lapsed_at=EARLIER, failed_at=EARLIER, failed_text="The service refused: on_strike"),
            None,
            "lapsed",
            "on_strike. Sign in again. Until then it is tried by itself now and then. Your access",
            id="refused for an hour",
        ),
        pytest.param(
            row(access_expires_at=EARLIER, expiry_assumed=True, failed_at=EARLIER, failed_text="no answer"),
            None,
            "service_unreachable",
            "still works",
            id="past an end that is only assumed",
        ),
        pytest.param(row(binding="another"), None, "account_changed", "Sign in again", id="account changed"),
        pytest.param(
            row(binding="another", lapsed_at=EARLIER),
            HURT,
            "account_changed",
            "Sign in again",
            id="changed first",
        ),
        pytest.param(
            row(scopes="openid", asked_scopes="openid"),
            None,
            "scopes_missing",
            "cover: read",
            id="the account asks for more since",
        ),
        pytest.param(
            row(scopes="openid", asked_scopes="openid read"),
            None,
            "signed_in",
            "You are signed in. The service did not grant: read",
            id="the service granted less",
        ),
        pytest.param(row(scopes="", kind="key"), None, "signed_in", "", id="a key has no scopes"),
        pytest.param(row(), HURT, "service_unreachable", "it timed out", id="service down"),
        pytest.param(row(), HURT, "service_unreachable", "still works", id="service down, token good"),
        pytest.param(row(), HEALED, "signed_in", "", id="service back"),
        pytest.param(row(), HURT_BY_ONE, "signed_in", "", id="another's trouble"),
        pytest.param(row(), FLAGGED, "signed_in", "", id="flagged, this one works"),
        pytest.param(
            row(failed_at=EARLIER, failed_kind="client", failed_text="The service refused: invalid_client"),
            FLAGGED,
            "service_unreachable",
            "invalid_client. An admin has to mend the account. Your sign-in is kept",
            id="flagged, and refused itself",
        ),
        pytest.param(
            row(failed_at=EARLIER, failed_kind="transient", failed_text="it timed out"),
            FLAGGED,
            "service_unreachable",
            "it timed out. It is tried again by itself",
            id="flagged, but in trouble of another kind",
        ),
        pytest.param(
            row(failed_at=EARLIER, failed_text="no answer"),
            None,
            "service_unreachable",
            "no answer",
            id="own",
        ),
    ],
)
def test_standing(sign_in: SignIn | None, health: AccountHealth | None, status: str, words: str) -> None:
    stands = standing(ACCOUNT, sign_in, health, NOW)
    assert stands.status is Status(status)
    assert words in stands.text
    assert stands.text.endswith(".")


def test_what_no_longer_works_is_not_said_to_work() -> None:
    stands = standing(ACCOUNT, row(access_expires_at=EARLIER), HURT, NOW)
    assert "still works" not in stands.text
