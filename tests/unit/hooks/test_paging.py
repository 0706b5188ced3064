"""From page to page: as the service or the author says, and never to another origin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from airflow_thirdparty.exceptions import LeavesAccount, PermanentError
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from tests.support.worker import TOKEN, Service, called


def linked(service: Service, pages: dict[str, str]) -> None:
    """Let every page name the next one in its ``Link`` header."""
    for path, following in pages.items():
        service.answers[path] = lambda _, address=following: (200, {"Link": f'<{address}>; rel="next"'})


async def walked(hook: ThirdPartyAccountHook, name: str, path: str, **options: Any) -> list[str]:
    """The paths that a walk went to, with what they ask."""
    if name == "paginate":
        responses = list(hook.paginate("GET", path, **options))
    else:
        responses = [response async for response in hook.apaginate("GET", path, **options)]
    return [response.url.raw_path.decode() for response in responses]


NAMES = pytest.mark.parametrize("name", ["paginate", "apaginate"])


@NAMES
async def test_the_link_header_is_followed(hook: ThirdPartyAccountHook, service: Service, name: str) -> None:
    linked(service, {"/items?size=2": f"{service.url}/items?page=2", "/items?page=2": "/last"})
    assert await walked(hook, name, "/items", params={"size": 2}) == [
        "/items?size=2",
        "/items?page=2",
        "/last",
    ]
    assert service.credentials() == [f"Bearer {TOKEN}"] * 3


def by_cursor(response: httpx2.Response) -> dict[str, Any] | None:
    page = int(response.url.params.get("page", 1))
    return {"params": {"page": page + 1}} if page < 3 else None


def by_address(response: httpx2.Response) -> str | None:
    return None if response.url.path == "/b" else "b"


def by_path(response: httpx2.Response) -> dict[str, Any] | None:
    return None if response.url.path == "/next" else {"path": "/next", "headers": {"X-Page": "2"}}


@NAMES
@pytest.mark.parametrize(
    ("next_page", "paths"),
    [
        pytest.param(by_cursor, ["/a?size=2", "/a?size=2&page=2", "/a?size=2&page=3"], id="a parameter"),
        pytest.param(by_address, ["/a?size=2", "/b"], id="an address"),
        pytest.param(by_path, ["/a?size=2", "/next?size=2"], id="another path and a header"),
    ],
)
async def test_the_author_may_say_where_it_goes_on(
    hook: ThirdPartyAccountHook,
    name: str,
    next_page: Callable[[httpx2.Response], Any],
    paths: list[str],
) -> None:
    assert await walked(hook, name, "/a", params={"size": 2}, next_page=next_page) == paths


@NAMES
async def test_a_page_elsewhere_is_refused_before_anything_is_sent(
    hook: ThirdPartyAccountHook, service: Service, elsewhere: Service, name: str
) -> None:
    linked(service, {"/items": f"{elsewhere.url}/items?page=2"})
    with pytest.raises(LeavesAccount, match=elsewhere.url):
        await walked(hook, name, "/items")
    assert elsewhere.seen == []


@pytest.mark.parametrize("name", ["run", "arun"])
async def test_a_request_elsewhere_is_refused_too(
    hook: ThirdPartyAccountHook, elsewhere: Service, name: str
) -> None:
    with pytest.raises(LeavesAccount, match="'acme'"):
        await called(hook, name, "GET", f"{elsewhere.url}/x")
    assert elsewhere.seen == []


@NAMES
async def test_a_walk_in_a_circle_ends_in_words(
    hook: ThirdPartyAccountHook, service: Service, name: str
) -> None:
    linked(service, {"/a": f"{service.url}/b", "/b": f"{service.url}/c", "/c": f"{service.url}/b"})
    with pytest.raises(PermanentError, match="there already"):
        await walked(hook, name, "/a")
    assert len(service.seen) == 3


@NAMES
async def test_a_page_that_fails_ends_the_walk(
    hook: ThirdPartyAccountHook, service: Service, name: str
) -> None:
    linked(service, {"/a": "/b"})
    service.answers["/b"] = lambda _: (500, {})
    with pytest.raises(httpx2.HTTPStatusError):
        await walked(hook, name, "/a")


@NAMES
async def test_each_page_may_need_a_fresh_token(
    hook: ThirdPartyAccountHook, service: Service, name: str
) -> None:
    linked(service, {"/a": "/b"})
    refused = iter([401, 200])
    service.answers["/b"] = lambda _: (next(refused), {})
    assert await walked(hook, name, "/a") == ["/a", "/b"]
    assert len(service.seen) == 3
