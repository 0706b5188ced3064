"""API server processes as operators run them: four on Postgres, one on SQLite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import databases, loopback
from tests.support.databases import Database
from tests.support.signing_in import sign_in
from tests.support.storm import CONN_ID, Storm, brewing

pytestmark = databases.BOTH


@pytest.fixture(scope="module")
def storm(database: Database) -> Iterator[Storm]:
    with brewing(database, 4 if database.kind == "postgres" else 1) as made:
        yield made


@pytest.mark.parametrize("delay", [pytest.param(0, id="at once"), pytest.param(4, id="after 4 s")])
async def test_a_storm(storm: Storm, delay: float) -> None:
    outcome = await storm.blow(80, delay)
    assert outcome.service_calls == 1
    assert outcome.lost == 0


def test_health_tells_that_the_middlewares_are_there(storm: Storm) -> None:
    answer = loopback.get(f"{storm.url}/third-party-accounts/health")
    assert answer.json() == {
        "status": "healthy",
        "checks": {"fernet_key": "ok", "migrations": "ok", "base_url": "ok", "middlewares": "ok"},
    }


def test_signed_out_is_signed_out_in_every_process_at_once(storm: Storm) -> None:
    headers = {"Content-Type": "application/json"}
    assert storm.task.ask(CONN_ID).json()["password"]
    answer = storm.alice.browser.request(
        "DELETE", f"/third-party-accounts/api/v1/accounts/{CONN_ID}/sign-in", headers=headers
    )
    assert answer.json()["result"] == "revoked"
    for _ in range(4 * storm.processes):  # each on a connection of its own, so that every process is met
        with loopback.client(base_url=storm.url, headers=storm.task.worker.headers) as client:
            refused = client.get(f"/execution/connections/{CONN_ID}")
        assert refused.status_code == 403, refused.text
        assert refused.json()["detail"]["reason"] == "sign_in_required"
    assert sign_in(storm.alice, CONN_ID).status_code == 200
    assert storm.task.ask(CONN_ID).json()["password"]
