"""Services as they are: under their own names, on the port that nobody spells, at several origins each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from airflow.models.connection import Connection
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.accounts.presets import PRESETS
from airflow_thirdparty.server.broker.database import in_transaction, utcnow
from airflow_thirdparty.server.broker.registry import endpoints
from airflow_thirdparty.server.broker.sign_in import flow
from airflow_thirdparty.server.broker.sign_in.flow import Completed, StartedSignIn
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Endpoints
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store.models import Authorization, SignIn
from airflow_thirdparty.wire import CONN_TYPE
from tests.support.airflow_server import configured
from tests.support.databases import Database
from tests.support.published_service import PublishedService, serving
from tests.support.signing_in import query

ALICE = Person("tests.AuthManager", "1", "2026-01-01T00:00:00+00:00", "alice")
TENANT = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555"


@dataclass(frozen=True)
class Published:
    """A service known by name, and what it says about itself at its issuer.

    :param description: the fields that matter of its discovery document
    :param registered: what an admin has to add to the name
    """

    service: str
    description: dict[str, Any]
    registered: dict[str, str] = field(default_factory=dict)


AUTODESK = Published(
    "autodesk",
    {
        "issuer": "https://developer.api.autodesk.com",
        "authorization_endpoint": "https://developer.api.autodesk.com/authentication/v2/authorize",
        "token_endpoint": "https://developer.api.autodesk.com/authentication/v2/token",
        "userinfo_endpoint": "https://api.userprofile.autodesk.com/userinfo",
        "jwks_uri": "https://developer.api.autodesk.com/authentication/v2/keys",
        "revocation_endpoint": "https://developer.api.autodesk.com/authentication/v2/revoke",
        "introspection_endpoint": "https://developer.api.autodesk.com/authentication/v2/introspect",
        "response_types_supported": ["code", "code id_token", "id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    },
)
GOOGLE = Published(
    "google",
    {
        "issuer": "https://accounts.google.com",
        "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
        "device_authorization_endpoint": "https://oauth2.googleapis.com/device/code",
        "token_endpoint": "https://oauth2.googleapis.com/token",
        "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
        "revocation_endpoint": "https://oauth2.googleapis.com/revoke",
        "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
        "response_types_supported": ["code", "token", "id_token", "code token", "code id_token", "none"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": ["plain", "S256"],
    },
)
MICROSOFT = Published(
    "microsoft",
    {
        "token_endpoint": f"{TENANT}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "jwks_uri": f"{TENANT}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{TENANT}/v2.0",
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        "authorization_endpoint": f"{TENANT}/oauth2/v2.0/authorize",
        "end_session_endpoint": f"{TENANT}/oauth2/v2.0/logout",
        "cloud_instance_name": "microsoftonline.com",
        "msgraph_host": "graph.microsoft.com",
    },
    {"issuer": f"{TENANT}/v2.0"},
)
EVERY = pytest.mark.parametrize(
    "published",
    [
        pytest.param(AUTODESK, id="Autodesk"),
        pytest.param(GOOGLE, id="Google"),
        pytest.param(MICROSOFT, id="Microsoft"),
    ],
)


@pytest.fixture(autouse=True)
def airflow(database: Database) -> Iterator[None]:
    with configured("api", base_url="https://airflow.example"):
        yield
    in_transaction(_forget)


def _forget(session: Session) -> None:
    session.execute(delete(Connection).where(Connection.conn_id == "theirs"))
    session.execute(delete(Authorization))
    session.execute(delete(SignIn))


def register(published: Published) -> None:
    """Register the service as an admin does who knows its name and got a client there."""

    def add(session: Session) -> None:
        row = Connection("theirs", CONN_TYPE, login="client", password="client-secret-canary")
        row.set_extra(json.dumps({"service": published.service, **published.registered}))
        session.add(row)

    in_transaction(add)


async def begin(transport: Transport) -> StartedSignIn:
    return await flow.begin(transport, ALICE, "theirs", utcnow())


async def complete(transport: Transport, service: PublishedService, started: StartedSignIn) -> Completed:
    """Say yes at the service, and come back."""
    sent = service._authorize(query(started.authorization_url)).headers["Location"]
    answer = list(query(sent).items())
    nonces = {started.state_hash: started.browser_nonce}
    return await flow.complete(transport, ALICE, "theirs", answer, nonces, lambda: datetime.now(timezone.utc))


def begun() -> Endpoints:
    """The addresses that the sign-in under way will talk to."""
    text = in_transaction(lambda session: session.scalars(select(Authorization.endpoints)).one())
    return endpoints.load(text)


@EVERY
async def test_a_sign_in_begins_with_what_the_service_publishes(published: Published, tmp_path: Path) -> None:
    register(published)
    told = published.description
    async with serving(told, tmp_path) as (_, transport, network):
        started = await begin(transport)
        assert started.authorization_url.partition("?")[0] == told["authorization_endpoint"]
        assert begun() == Endpoints(
            issuer=told["issuer"],
            authorize_url=told["authorization_endpoint"],
            exchange_url=told["token_endpoint"],
            userinfo_url=told["userinfo_endpoint"],
            revoke_url=told.get("revocation_endpoint"),
            jwks_url=told["jwks_uri"],
            iss_in_answer=False,
        )
        issuer = told["issuer"].split("/")[2]
        assert network.connected == {(network.addresses[issuer], 443)}


@EVERY
async def test_a_sign_in_comes_to_its_end_at_every_origin(published: Published, tmp_path: Path) -> None:
    register(published)
    told = published.description
    async with serving(told, tmp_path) as (service, transport, network):
        done = await complete(transport, service, await begin(transport))
        assert (done.identity.issuer, done.identity.subject) == (told["issuer"], "alice")
        assert service.called == [
            f"{told['issuer']}/.well-known/openid-configuration",
            told["token_endpoint"],
            told["jwks_uri"],
            told["userinfo_endpoint"],
        ]
        assert network.connected == {(address, 443) for address in network.addresses.values()}
    assert in_transaction(lambda session: session.scalars(select(SignIn.subject)).all()) == ["alice"]


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"token_endpoint": "https://oauth2.googleapis.com:443/token"}, id="the port, spelled"),
        pytest.param({"token_endpoint": "https://OAuth2.GoogleAPIs.com/token"}, id="other letters"),
        pytest.param({"token_endpoint": "https://oauth2.googleapis.com:8443/token"}, id="a port"),
        pytest.param({"token_endpoint": "https://evil.example/token"}, id="somebody else's origin"),
        pytest.param({"userinfo_endpoint": "https://evil.example/userinfo"}, id="userinfo elsewhere"),
    ],
)
async def test_what_the_account_names_wins_over_the_description(told: dict[str, str], tmp_path: Path) -> None:
    register(GOOGLE)
    async with serving({**GOOGLE.description, **told}, tmp_path) as (_, transport, network):
        assert (await begin(transport)).authorization_url
        preset = PRESETS["google"]
        assert (begun().exchange_url, begun().userinfo_url) == (preset.exchange_url, preset.userinfo_url)
        assert set(network.connected) == {(network.addresses["accounts.google.com"], 443)}


@pytest.mark.parametrize(
    "told",
    [
        pytest.param("https://login.microsoftonline.com:8443/token", id="a port"),
        pytest.param("https://evil.example/token", id="somebody else's origin"),
    ],
)
async def test_a_token_endpoint_that_the_account_does_not_name_is_refused(told: str, tmp_path: Path) -> None:
    register(MICROSOFT)
    async with serving({**MICROSOFT.description, "token_endpoint": told}, tmp_path) as (
        _,
        transport,
        _network,
    ):
        with pytest.raises(AccountMisconfigured, match="token_endpoint"):
            await begin(transport)
