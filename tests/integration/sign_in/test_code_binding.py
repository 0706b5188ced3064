"""Where nothing binds the authorization code, deployments may refuse the service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.broker.database import utcnow
from airflow_thirdparty.server.broker.registry import check
from airflow_thirdparty.server.broker.sign_in import flow
from airflow_thirdparty.server.oauth.transport import Transport
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


@pytest.mark.parametrize("service", ["slack", "clickup"])
async def test_a_service_that_binds_nothing(service: str) -> None:
    register(service)
    lines = await check.check(Transport(), "theirs")
    assert any("neither PKCE nor a nonce" in line for line in lines)
    assert (await flow.begin(Transport(), ALICE, "theirs", utcnow())).authorization_url
    with configured("third_party_accounts", require_code_binding="true"):
        for asked in (flow.begin(Transport(), ALICE, "theirs", utcnow()), check.check(Transport(), "theirs")):
            with pytest.raises(AccountMisconfigured, match="require_code_binding") as refused:
                await asked
            assert refused.value.field == "service"


async def test_a_service_that_binds_it() -> None:
    register("github")
    with configured("third_party_accounts", require_code_binding="true"):
        assert (await flow.begin(Transport(), ALICE, "theirs", utcnow())).authorization_url
        lines = await check.check(Transport(), "theirs")
    assert not any("neither" in line for line in lines)
