"""Where nothing binds the authorization code, deployments may refuse the service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from airflow.utils.session import create_session

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.broker.database import utcnow
from airflow_thirdparty.server.broker.registry import check, registrations
from airflow_thirdparty.server.broker.registry.findings import Finding
from airflow_thirdparty.server.broker.sign_in import flow
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Endpoints
from tests.faults.rig import ALICE
from tests.support import accounts
from tests.support.airflow_server import configured
from tests.support.databases import Database


@pytest.fixture(autouse=True)
def airflow(database: Database) -> Iterator[None]:
    with configured("api", base_url="https://airflow.example"):
        yield


def register(service: str, **extra: str) -> None:
    body = accounts.connection("theirs", "", service=service, **extra)
    accounts.store({**body, "host": None})


def pkce(conn_id: str = "theirs") -> Finding:
    """What the check says of it."""
    with create_session() as session:
        account = registrations.find(session, conn_id)
    return check.pkce(account, Endpoints(None, account.authorize_url or "", account.exchange_url or ""))


@pytest.mark.parametrize("service", ["slack", "clickup"])
async def test_a_service_that_binds_nothing(service: str) -> None:
    register(service)
    found = pkce()
    assert found.outcome == "unknown"
    assert "neither PKCE nor a nonce" in found.text
    assert (await flow.begin(Transport(), ALICE, "theirs", utcnow())).authorization_url
    with configured("third_party_accounts", require_code_binding="true"):
        with pytest.raises(AccountMisconfigured, match="require_code_binding") as refused:
            await flow.begin(Transport(), ALICE, "theirs", utcnow())
        assert refused.value.field == "service"
        assert pkce().outcome == "change"


async def test_a_service_that_binds_it() -> None:
    register("github")
    with configured("third_party_accounts", require_code_binding="true"):
        assert (await flow.begin(Transport(), ALICE, "theirs", utcnow())).authorization_url
        found = pkce()
    assert found.outcome == "fine"
    assert "GitHub" in found.text
