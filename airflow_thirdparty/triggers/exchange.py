"""Exchanges a grant for access tokens: the triggerer's way to the API server."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx2
from airflow.sdk.log import mask_secret

from airflow_thirdparty import settings
from airflow_thirdparty.exceptions import (
    AccountMisconfigured,
    NotProjected,
    ServiceUnavailable,
    ThirdPartyAccountError,
    from_dict,
)
from airflow_thirdparty.grants import GrantInvalid, open_sealed
from airflow_thirdparty.hooks.access import Access
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.wire import TOKEN_PATH

TIMEOUT = 10.0
"""Seconds for one try: the server holds no question longer than three."""

PAUSES = (1.0, 2.0, 5.0, 10.0)
"""Seconds between tries, the last one again and again."""

LONGEST = 900.0
"""Seconds of pauses after which an API server that does not answer is given up: longer than one takes to be
restarted or upgraded."""

Sleep = Callable[[float], Awaitable[None]]


class Exchange:
    """Asks the API server with one grant.

    :param conn_id: id of the account
    :param sealed: the grant, as it lay among the trigger's arguments
    :param sleep: waits between tries
    """

    def __init__(self, conn_id: str, sealed: str, sleep: Sleep = asyncio.sleep) -> None:
        self._conn_id = conn_id
        self._sealed = sealed
        self._sleep = sleep

    async def ask(self, **question: Any) -> Mapping[str, Any]:
        """Ask until there is an answer.

        :param question: what the token must be good for
        :raises ThirdPartyAccountError: when the person's login cannot be used, in words, or nobody answers
        :return: the answer
        """
        # in a thread: a command may tell the key, and certificates are read
        signed, url, trusted = await asyncio.to_thread(self._prepared)
        await mask(signed)
        waited = 0.0
        trouble: ThirdPartyAccountError = self._unanswered(url, "")
        headers = {"Authorization": f"Bearer {signed}"}
        async with httpx2.AsyncClient(timeout=TIMEOUT, headers=headers, verify=trusted) as client:
            for number in itertools.count():
                try:
                    return await _tried(client, url, question)
                except ServiceUnavailable as unavailable:
                    trouble = unavailable
                except httpx2.TransportError as error:  # it may just be restarted
                    trouble = self._unanswered(url, f" ({type(error).__name__}: {error})")
                pause = PAUSES[min(number, len(PAUSES) - 1)]
                if waited + pause > LONGEST:
                    break
                await self._sleep(pause)
                waited += pause
        raise trouble

    def _unanswered(self, url: str, why: str) -> NotProjected:
        return NotProjected(
            f"The API server at {url} did not answer the trigger's question for the third-party account "
            f"'{self._conn_id}'{why}.",
            "Check [third_party_accounts] server_url where the triggerer runs, and the API server's log.",
        )

    def _prepared(self) -> tuple[str, str, ssl.SSLContext]:
        return self._opened(), self._url(), trusted_by_tasks(*settings.api_certificates())

    def _opened(self) -> str:
        try:
            signed = open_sealed(self._sealed, settings.fernet_key())
        except GrantInvalid as error:
            raise AccountMisconfigured(
                f"The grant for the third-party account '{self._conn_id}' cannot be opened: {error}.",
                "Give the triggerer the same [core] fernet_key as the API server.",
                field="[core] fernet_key",
            ) from None
        return signed

    def _url(self) -> str:
        beside_tasks = settings.execution_api_server_url().removesuffix("/execution")
        base = settings.server_url().rstrip("/") or beside_tasks or settings.base_url()
        if not base:
            raise AccountMisconfigured(
                "The triggerer does not know where the API server is.",
                "Set [third_party_accounts] server_url where the triggerer runs.",
                field="server_url",
            )
        return f"{base}{TOKEN_PATH}"


@lru_cache(maxsize=2)
def trusted_by_tasks(
    authorities: str, certificate: str, own_certificate: str, own_key: str, public_too: bool
) -> ssl.SSLContext:
    """The authorities by which tasks recognise the API server, read once in a process.

    :param authorities: path of a file with authorities of one's own; empty for none
    :param certificate: path of the API server's own certificate; empty when it has none
    :param own_certificate: path of the certificate that is shown to the API server; empty for none
    :param own_key: path of its key
    :param public_too: whether public authorities count as well
    :return: for HTTP clients
    """
    if authorities and not public_too:
        context = ssl.create_default_context(cafile=authorities)
    else:
        context = httpx2.create_ssl_context()
    for file in (authorities, certificate):
        if Path(file).is_file():  # the server's certificate need not lie where the triggerer runs
            context.load_verify_locations(file)
    if own_certificate:
        context.load_cert_chain(own_certificate, own_key or None)
    return context


async def mask(secret: str) -> None:
    """Have a secret masked in the logs of triggers.

    :param secret: a token or a grant
    """
    try:
        from airflow.sdk.log import amask_secret
    except ImportError:  # Airflow 3.2, where nothing is deferred
        mask_secret(secret)
    else:
        await amask_secret(secret)


async def _tried(client: httpx2.AsyncClient, url: str, question: Mapping[str, Any]) -> Mapping[str, Any]:
    response = await client.post(url, json=question)
    refusal = None
    try:
        body = response.json()
        if response.is_success:
            return dict(body)
        refusal = from_dict(body["error"])
    except (ValueError, KeyError, TypeError):
        pass  # a proxy's own page
    if response.status_code >= 500 and not isinstance(refusal, ServiceUnavailable):
        raise ServiceUnavailable(f"The API server at {url} answered {response.status_code}.")
    raise refusal or NotProjected(
        f"What answers at {url} is no API server with this package.",
        "Check [third_party_accounts] server_url where the triggerer runs.",
    )


class GrantedHook(ThirdPartyAccountHook):
    """The hook inside a trigger: its asynchronous half, which asks with a grant.

    :param conn_id: id of the account
    :param sealed: the grant
    :param min_lifetime: seconds for which the token must at least still be good
    """

    def __init__(self, conn_id: str, sealed: str, min_lifetime: int = 0) -> None:
        super().__init__(conn_id, min_lifetime=min_lifetime)
        self._exchange = Exchange(conn_id, sealed)
        self.handed: list[str] = []
        """The credentials that the server has handed out."""

    def __getstate__(self) -> dict[str, Any]:
        """What is copied or pickled: the question alone, as of any hook."""
        return {**super().__getstate__(), "handed": []}

    async def aget_access(self, *, force_refresh: bool = False) -> Access:
        """The acting person's access token.

        :param force_refresh: the service refused the last one
        :raises ThirdPartyAccountError: when the person's login cannot be used, in words
        :return: good for at least ``min_lifetime`` seconds
        """
        if force_refresh or self._access is None or not self._has_good_access():
            answer = await self._exchange.ask(min_lifetime=self.min_lifetime, force_refresh=force_refresh)
            await mask(answer["token"])
            self.handed.append(answer["token"])
            self._access = Access.read(answer["token"], answer["host"], answer["login"], answer)
        return self._access
