"""Sends a request from the triggerer, as the person for whom the deferred task acts."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import httpx2
from airflow.triggers.base import TriggerEvent

from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.triggers.base import ActingTrigger, failed, succeeded
from airflow_thirdparty.triggers.bounds import Budget
from airflow_thirdparty.triggers.exchange import GrantedHook

STRUCK_OUT = "***"
"""What stands in the place of a credential, as in Airflow's logs."""

SHORTEST = 8
"""Characters of a credential that is struck out: a shorter one may stand in any answer by chance."""


class ThirdPartyHttpTrigger(ActingTrigger):
    """One request, or page after page by the ``Link`` header.

    Its arguments: ``conn_id``, the account; ``grant``, sealed; ``method``, ``endpoint`` and ``options``, what
    the hook's ``run()`` takes; ``min_lifetime`` of the token; ``pages``, whether the ``Link`` header counts.
    """

    names = ("conn_id", "grant", "method", "endpoint", "options", "min_lifetime", "pages")
    conn_id: str
    grant: str
    method: str
    endpoint: str
    options: dict[str, Any]
    min_lifetime: int
    pages: bool

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Send it.

        :yields: the responses, or why there are none
        """
        hook = _BoundedHook(self.conn_id, self.grant, self.min_lifetime)
        try:
            if self.pages:
                pages = hook.apaginate(self.method, self.endpoint, **self.options)
                responses = [response async for response in pages]
            else:
                responses = [await hook.arun(self.method, self.endpoint, **self.options)]
        except (ThirdPartyAccountError, httpx2.HTTPError) as error:
            yield failed(error)
        else:
            yield succeeded(responses=[packed(one, hook.handed) for one in responses])


class _BoundedHook(GrantedHook):
    async def aget_conn(self) -> httpx2.AsyncClient:
        return Budget().watch(await super().aget_conn())


def packed(response: httpx2.Response, handed: Iterable[str] = ()) -> dict[str, Any]:
    """A response on its way through an event; the request, and with it the token, stays behind.

    Airflow keeps events in its database in clear, so a token that the service sent back is struck out, too.

    :param response: as the service answered it
    :param handed: the credentials that the server handed out, wherever the service takes them
    :return: what :func:`unpacked` reads
    """
    left_out = ("set-cookie", "content-encoding", "content-length", "transfer-encoding")
    shown = response.request.headers.get("Authorization", "").partition(" ")[2]
    secrets = [secret for secret in {shown, *handed} if len(secret) >= SHORTEST]

    def clean(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, STRUCK_OUT)
        return text

    headers = [[k, clean(v)] for k, v in response.headers.multi_items() if k.lower() not in left_out]
    return {
        "status_code": response.status_code,
        "url": clean(str(response.url)),
        "method": response.request.method,
        "headers": headers,
        "content": base64.b64encode(clean(response.content.decode("latin-1")).encode("latin-1")).decode(),
    }


def unpacked(data: Mapping[str, Any]) -> httpx2.Response:
    """The response again.

    :param data: what :func:`packed` returned
    :return: the response, for the operator's functions
    """
    return httpx2.Response(
        data["status_code"],
        headers=[(name, value) for name, value in data["headers"]],
        content=base64.b64decode(data["content"]),
        request=httpx2.Request(data["method"], data["url"]),
    )
