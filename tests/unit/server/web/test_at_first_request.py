"""What is built at its first request is built once, and again only when it could not be built."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Scope

from airflow_thirdparty.server.web.at_first_request import AtFirstRequest

SCOPE: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}


async def receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def asked(app: ASGIApp) -> int:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await app(SCOPE, receive, send)
    return int(sent[0]["status"])


@pytest.fixture
def built() -> list[str]:
    """What was built."""
    return []


@pytest.fixture
def build(built: list[str]) -> Callable[[], ASGIApp]:
    """Takes a moment."""

    def slowly() -> ASGIApp:
        time.sleep(0.02)
        built.append("once")
        return PlainTextResponse("here")

    return slowly


async def test_nobody_asks(build: Callable[[], ASGIApp], built: list[str]) -> None:
    AtFirstRequest(build)
    assert built == []


async def test_a_page_asks_several_things_at_once(build: Callable[[], ASGIApp], built: list[str]) -> None:
    app = AtFirstRequest(build)
    assert await asyncio.gather(*(asked(app) for _ in range(8))) == [200] * 8
    assert built == ["once"]


async def test_what_could_not_be_built_is_tried_again(build: Callable[[], ASGIApp], built: list[str]) -> None:
    def once_broken() -> ASGIApp:
        if not tried:
            tried.append("failed")
            raise ImportError("half installed")
        return build()

    tried: list[str] = []
    app = AtFirstRequest(once_broken)
    with pytest.raises(ImportError):
        await asked(app)
    assert await asked(app) == 200
