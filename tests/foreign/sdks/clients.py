"""Client libraries that send the person's token themselves, and somebody whose token it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import azure.storage.blob
import azure.storage.blob.aio
import github
from azure.core.credentials import TokenCredential
from azure.core.credentials_async import AsyncTokenCredential
from google.cloud import storage

from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.sdks.credentials import (
    azure_async_credential,
    azure_credential,
    github_auth,
    google_credentials,
)
from tests.foreign.sdks.services import Person, Service
from tests.support.worker import Supervisor

STORAGE = "https://storage.azure.com"


def by_google(hook: ThirdPartyAccountHook, url: str, trusted: Path) -> None:
    client = storage.Client("acme", google_credentials(hook), client_options={"api_endpoint": url})
    list(client.list_buckets(retry=None))


def by_azure(hook: ThirdPartyAccountHook, url: str, trusted: Path) -> None:
    with azure.storage.blob.BlobServiceClient(
        url, credential=azure_credential(hook), connection_verify=str(trusted), retry_total=0
    ) as client:
        list(client.list_containers())


def by_async_azure(hook: ThirdPartyAccountHook, url: str, trusted: Path) -> None:
    async def ask() -> None:
        async with azure.storage.blob.aio.BlobServiceClient(
            url, credential=azure_async_credential(hook), connection_verify=str(trusted), retry_total=0
        ) as client:
            _ = [each async for each in client.list_containers()]

    asyncio.run(ask())


def by_github(hook: ThirdPartyAccountHook, url: str, trusted: Path) -> None:
    client = github.Github(auth=github_auth(hook), base_url=url, retry=None)
    assert client.get_user().login == "alice"


@dataclass(frozen=True)
class Sdk:
    """One of those that send the person's token itself.

    :param ask: sends one request
    :param tls: whether it sends tokens by TLS only
    :param sees_address: whether it tells the object where a request goes
    :param asks_again: whether it asks for a new token after a 401
    :param told: what the server says of the account
    """

    ask: Callable[[ThirdPartyAccountHook, str, Path], None]
    make: Callable[[ThirdPartyAccountHook], Any]
    bodies: dict[str, Any]
    tls: bool = False
    sees_address: bool = True
    asks_again: bool = False
    told: tuple[tuple[str, Any], ...] = ()


CONTAINERS = '<?xml version="1.0"?><EnumerationResults><Containers/><NextMarker/></EnumerationResults>'
AZURE: dict[str, Any] = {
    "bodies": {"GET /": CONTAINERS},
    "tls": True,
    "sees_address": False,
    "told": (("scopes", [f"{STORAGE}/user_impersonation"]),),
}

SDKS = {
    "google": Sdk(by_google, google_credentials, {"GET /storage/v1/b": {"items": []}}, asks_again=True),
    "azure": Sdk(by_azure, azure_credential, **AZURE),
    "azure, asynchronous": Sdk(by_async_azure, azure_async_credential, **AZURE),
    "PyGithub": Sdk(by_github, github_auth, {"GET /user": {"login": "alice"}}),
}


def signed_in(name: str, sdk: Sdk, service: Service, supervisor: Supervisor, **more: Any) -> Person:
    """Somebody who signed in to the account of their name."""
    told = {**dict(sdk.told), **more}
    person = Person(service.url, lambda number: f"token-of-{name}-{number}", told=told)
    supervisor.answers[name] = person.answer
    service.known |= {f"token-of-{name}-{number}" for number in range(1, 9)}
    return person


def shown_by(made: Any) -> str:
    """The token that an object shows now."""
    if isinstance(made, github.Auth.Auth):
        return made.token
    if isinstance(made, AsyncTokenCredential) and asyncio.iscoroutinefunction(made.get_token):
        return asyncio.run(made.get_token(f"{STORAGE}/.default")).token
    if isinstance(made, TokenCredential):
        return made.get_token(f"{STORAGE}/.default").token
    headers: dict[str, str] = {}
    made.before_request(None, "GET", made._hook.get_access().host, headers)
    return headers["authorization"].removeprefix("Bearer ")
