"""Sends a request from the triggerer, as the person for whom the deferred task acts."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote, quote_plus

import httpx2
from airflow.triggers.base import TriggerEvent

from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.triggers.base import SETTLES, ActingTrigger, failed, succeeded
from airflow_thirdparty.triggers.bounds import Budget
from airflow_thirdparty.triggers.exchange import GrantedHook

_NEEDLESS_ESCAPES = (
    {ord("/"): "\\/"},
    {ord(letter): f"\\u{ord(letter):04X}" for letter in "+<>&'"},
    {ord(letter): f"\\u{ord(letter):04x}" for letter in "=<>&'"},
)
"""What writers of JSON escape without need: PHP's, .NET's and Gson's.  Base64 has such letters."""

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
        """Send it at once, and tell of it when Airflow is ready for that.

        :yields: the responses, or why there are none
        """
        settled = time.monotonic() + SETTLES
        event = await self._event()
        await asyncio.sleep(settled - time.monotonic())
        yield event

    async def _event(self) -> TriggerEvent:
        hook = _BoundedHook(self.conn_id, self.grant, self.min_lifetime)
        try:
            if self.pages:
                pages = hook.apaginate(self.method, self.endpoint, **self.options)
                responses = [response async for response in pages]
            else:
                responses = [await hook.arun(self.method, self.endpoint, **self.options)]
        except ThirdPartyAccountError as error:
            return failed(error)
        except httpx2.HTTPError as error:
            return failed(error, struck_out(str(error), hook.handed))
        return succeeded(responses=[packed(one, hook.handed) for one in responses])


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
    shown = [*handed, response.request.headers.get("Authorization", "").partition(" ")[2]]
    told = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in left_out]
    return {
        "status_code": response.status_code,
        "url": struck_out(str(response.url), shown),
        "method": response.request.method,
        "headers": [[name, struck_out(value, shown)] for name, value in told],
        "content": base64.b64encode(_struck_out(response.content, shown)).decode(),
    }


def struck_out(text: str, credentials: Iterable[str]) -> str:
    """A text without credentials.

    :param text: what a service said
    :param credentials: what must not be found in it
    :return: the rest
    """
    return _struck_out(text.encode("utf-8", "surrogateescape"), credentials).decode(
        "utf-8", "surrogateescape"
    )


def _struck_out(content: bytes, credentials: Iterable[str]) -> bytes:
    spelled = {way for text in credentials if len(text) >= SHORTEST for way in _ways_to_spell(text)}
    for way in sorted(spelled, key=len, reverse=True):  # one may hold another
        content = content.replace(way, STRUCK_OUT.encode())
    return content


def _ways_to_spell(text: str) -> Iterator[bytes]:
    """How a service may send it back: in words, in JSON, in an address, in a page."""
    with suppress(UnicodeEncodeError):
        yield text.encode("latin-1")
    in_json = [json.dumps(text, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)]
    needlessly = [each.translate(escapes) for each in in_json for escapes in _NEEDLESS_ESCAPES]
    in_address = [quoted(text, safe="", errors="surrogatepass") for quoted in (quote, quote_plus)]
    for way in (text, *in_json, *needlessly, *in_address, html.escape(text)):
        yield way.encode("utf-8", "surrogatepass")


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
