"""How much of a service's answers a trigger keeps: all triggers of a triggerer share its memory."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2

LARGEST = 16 * 2**20
"""Bytes of all answers to one trigger together.  They go through an event into Airflow's database, where far
larger rows slow everybody; what is larger is fetched on a worker, which belongs to its task alone."""


class AnswerTooLarge(httpx2.HTTPError):
    """A service answers with more than a trigger may keep."""


class Budget:
    """Counts what a client reads, and ends it where it becomes too much.

    :param left: bytes
    """

    def __init__(self, left: int = LARGEST) -> None:
        self.left = left

    def watch(self, client: httpx2.AsyncClient) -> httpx2.AsyncClient:
        """Count what this client reads from now on.

        :param client: before its first request
        :return: the same client
        """
        client.event_hooks["request"].append(self._ask_for_plain)
        client.event_hooks["response"].append(self._measure)
        return client

    def spend(self, size: int) -> None:
        """Count bytes.

        :param size: how many have come
        :raises AnswerTooLarge: when there are no more left
        """
        self.left -= size
        if self.left < 0:
            raise AnswerTooLarge(
                f"The service answers with more than {LARGEST >> 20} MB, which a trigger does not keep. "
                "Set deferrable=False, so that the task's worker fetches it."
            )

    async def _ask_for_plain(self, request: httpx2.Request) -> None:
        request.headers["Accept-Encoding"] = "identity"  # RFC 9110 section 12.5.3

    async def _measure(self, response: httpx2.Response) -> None:
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            # a few bytes could become any number
            raise AnswerTooLarge(
                f"The service compresses its answer ({encoding!r:.40}) without having been asked to, so a "
                "trigger cannot tell how large it becomes. Set deferrable=False."
            )
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _Measured(response.stream, self)


class _Measured(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._budget.spend(len(chunk))
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
