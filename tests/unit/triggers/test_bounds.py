"""One service's answers take no more of a triggerer's memory than a trigger may keep."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import httpx2
import pytest

from airflow_thirdparty.triggers.bounds import AnswerTooLarge, Budget

BUDGET = 1000


class Body(httpx2.AsyncByteStream):
    """What arrives while it is read."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.content


class Endless(httpx2.AsyncByteStream):
    """An answer that does not say how long it is, and does not end."""

    def __init__(self) -> None:
        self.sent = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.sent += 100
            yield b"x" * 100


async def ask(*answers: httpx2.Response) -> list[httpx2.Response]:
    waiting = iter(answers)
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return next(waiting)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer), follow_redirects=True) as client:
        Budget(BUDGET).watch(client)
        read = [await client.get("https://service.example/") for _ in answers if len(seen) < len(answers)]
    assert {request.headers["Accept-Encoding"] for request in seen} == {"identity"}
    return read


@pytest.mark.parametrize("sizes", [[BUDGET], [400, 600], [0, 0]], ids=str)
async def test_what_fits_is_read(sizes: list[int]) -> None:
    answers = await ask(*(httpx2.Response(200, stream=Body(b"x" * size)) for size in sizes))
    assert [len(answer.content) for answer in answers] == sizes


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([httpx2.Response(200, stream=Body(b"x" * (BUDGET + 1)))], id="one"),
        pytest.param([httpx2.Response(200, stream=Body(b"x" * 600)) for _ in range(2)], id="page after page"),
        pytest.param([httpx2.Response(500, stream=Body(b"x" * (BUDGET + 1)))], id="an error"),
        pytest.param(
            [
                httpx2.Response(302, headers={"Location": "/other"}, stream=Body(b"x" * 600)),
                httpx2.Response(200, stream=Body(b"x" * 600)),
            ],
            id="on the way of a redirect",
        ),
        pytest.param(
            [
                httpx2.Response(
                    200,
                    headers={"Content-Encoding": "gzip"},
                    stream=Body(gzip.compress(b"x" * BUDGET)),
                )
            ],
            id="a few bytes that become many",
        ),
    ],
)
async def test_what_does_not_fit_is_refused_with_what_to_do(answers: list[httpx2.Response]) -> None:
    with pytest.raises(AnswerTooLarge, match="Set deferrable=False"):
        await ask(*answers)


async def test_what_never_ends_is_left_at_once() -> None:
    endless = Endless()
    with pytest.raises(AnswerTooLarge):
        await ask(httpx2.Response(200, stream=endless))
    assert endless.sent == BUDGET + 100
