"""Lures for an HTTP client of the hook: no credential arrives at another origin than the account's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from tests.support.worker import TOKEN, WAYS, Service, Supervisor, projected


def absolute(client: httpx2.Client, service: Service, elsewhere: Service) -> None:
    client.get(f"{elsewhere.url}/x")


def own_header(client: httpx2.Client, service: Service, elsewhere: Service) -> None:
    client.get(f"{elsewhere.url}/x", headers={"Authorization": f"Bearer {TOKEN}"})


def own_name_as_user(client: httpx2.Client, service: Service, elsewhere: Service) -> None:
    host = service.url.removeprefix("http://")
    client.get(f"{elsewhere.url.replace('//', f'//{host}@')}/x")


def without_scheme(client: httpx2.Client, service: Service, elsewhere: Service) -> None:
    client.get(elsewhere.url.removeprefix("http:") + "/x")


def other_name(client: httpx2.Client, service: Service, elsewhere: Service) -> None:
    client.get(elsewhere.url.replace("127.0.0.1", "localhost") + "/x")


def redirect_followed(client: httpx2.Client, service: Service, elsewhere: Service) -> None:
    service.answers["/a"] = lambda _: (302, {"Location": f"{elsewhere.url}/x"})
    client.get("/a", follow_redirects=True)


def redirect_of_a_post(client: httpx2.Client, service: Service, elsewhere: Service) -> None:
    service.answers["/a"] = lambda _: (307, {"Location": f"{elsewhere.url}/x"})
    client.post("/a", content=b"x", follow_redirects=True)


def redirect_by_hand(client: httpx2.Client, service: Service, elsewhere: Service) -> None:
    service.answers["/a"] = lambda _: (302, {"Location": f"{elsewhere.url}/x"})
    following = client.get("/a").next_request
    assert following is not None
    client.send(following)


def redirect_to_and_fro(client: httpx2.Client, service: Service, elsewhere: Service) -> None:
    service.answers["/a"] = lambda _: (302, {"Location": f"{elsewhere.url}/x"})
    elsewhere.answers["/x"] = lambda _: (302, {"Location": f"{service.url}/b"})
    service.answers["/b"] = lambda _: (302, {"Location": f"{elsewhere.url}/y"})
    client.get("/a", follow_redirects=True)


def pagination(client: httpx2.Client, service: Service, elsewhere: Service) -> None:
    service.answers["/a"] = lambda _: (200, {"Link": f'<{elsewhere.url}/x>; rel="next"'})
    client.get(client.get("/a").links["next"]["url"])


def refused_elsewhere(client: httpx2.Client, service: Service, elsewhere: Service) -> None:
    elsewhere.answers["/x"] = lambda _: (401, {"WWW-Authenticate": "Bearer"})
    client.get(f"{elsewhere.url}/x")


def redirect_then_refused(client: httpx2.Client, service: Service, elsewhere: Service) -> None:
    service.answers["/a"] = lambda _: (302, {"Location": f"{elsewhere.url}/x"})
    elsewhere.answers["/x"] = lambda _: (401, {"WWW-Authenticate": "Bearer"})
    client.get("/a", follow_redirects=True)


LURES: list[Callable[[httpx2.Client, Service, Service], None]] = [
    absolute,
    own_header,
    other_name,
    redirect_followed,
    redirect_of_a_post,
    redirect_by_hand,
    redirect_to_and_fro,
    pagination,
    refused_elsewhere,
    redirect_then_refused,
]


@pytest.mark.parametrize("lure", [pytest.param(lure, id=lure.__name__) for lure in LURES])
@pytest.mark.parametrize(("kind", "login"), [("oauth2", None), ("basic", "al")])
def test_no_credential_arrives_elsewhere(
    hook: ThirdPartyAccountHook,
    supervisor: Supervisor,
    service: Service,
    elsewhere: Service,
    lure: Callable[[httpx2.Client, Service, Service], None],
    kind: str,
    login: str | None,
) -> None:
    supervisor.answers["acme"] = lambda request: projected(TOKEN, service.url, kind=kind, login=login)
    with hook.get_conn() as client:
        client.get("/own")
        lure(client, service, elsewhere)
    assert elsewhere.seen
    assert elsewhere.credentials() == []
    assert TOKEN not in repr(elsewhere.seen)
    assert service.credentials()


@pytest.mark.parametrize("lure", [own_name_as_user, without_scheme])
def test_odd_spellings_are_no_origin(
    hook: ThirdPartyAccountHook,
    service: Service,
    elsewhere: Service,
    lure: Callable[[httpx2.Client, Service, Service], None],
) -> None:
    with hook.get_conn() as client:
        lure(client, service, elsewhere)
    assert TOKEN not in repr(elsewhere.seen)


async def test_no_credential_arrives_elsewhere_asynchronously(
    hook: ThirdPartyAccountHook, service: Service, elsewhere: Service
) -> None:
    service.answers["/a"] = lambda _: (302, {"Location": f"{elsewhere.url}/x"})
    elsewhere.answers["/x"] = lambda _: (401, {})
    async with await hook.aget_conn() as client:
        await client.get("/own")
        await client.get(f"{elsewhere.url}/x")
        await client.get("/a", follow_redirects=True)
    assert len(elsewhere.seen) >= 2
    assert elsewhere.credentials() == []
    assert service.credentials()


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        pytest.param("https://b\u00fccher.example/x", True, id="as people write it"),
        pytest.param("https://xn--bcher-kva.example/x", True, id="as it is called"),
        pytest.param("https://xn--bcher-kva.example:443/x", True, id="the plain port, spelled"),
        pytest.param("https://bucher.example/x", False, id="a look-alike"),
    ],
)
def test_a_host_with_other_letters_is_the_same_host(
    hook: ThirdPartyAccountHook, supervisor: Supervisor, url: str, is_own: bool
) -> None:
    supervisor.answers["acme"] = lambda request: projected(TOKEN, "https://xn--bcher-kva.example")
    flow = hook.get_conn().auth.sync_auth_flow(httpx2.Request("GET", url))
    assert ("Authorization" in next(flow).headers) is is_own


OTHER_WAYS = [
    pytest.param({"auth_header": "X-Shopify-Access-Token", "auth_scheme": "none"}, id="another header"),
    pytest.param({"auth_scheme": "Zoho-oauthtoken"}, id="another scheme"),
    pytest.param({"auth_scheme": "none", "headers": {"DD-API-KEY": "{key}"}}, id="a key among the headers"),
]


@pytest.mark.parametrize("lure", LURES)
@pytest.mark.parametrize("told", OTHER_WAYS)
def test_no_credential_arrives_elsewhere_however_the_api_takes_it(
    hook: ThirdPartyAccountHook,
    supervisor: Supervisor,
    service: Service,
    elsewhere: Service,
    lure: Callable[[httpx2.Client, Service, Service], None],
    told: dict[str, Any],
) -> None:
    supervisor.answers["acme"] = lambda request: projected(TOKEN, service.url, **told)
    with hook.get_conn() as client:
        client.get("/own")
        lure(client, service, elsewhere)
    assert elsewhere.seen
    assert TOKEN not in repr(elsewhere.seen)
    assert TOKEN in repr(service.seen)


@pytest.mark.parametrize(
    ("told", "arrives"),
    [
        *WAYS,
        pytest.param({"headers": {"Accept": "application/x"}}, {"accept": "application/x"}, id="Accept"),
    ],
)
def test_how_the_api_takes_it(
    hook: ThirdPartyAccountHook,
    supervisor: Supervisor,
    service: Service,
    told: dict[str, Any],
    arrives: dict[str, str],
) -> None:
    supervisor.answers["acme"] = lambda request: projected(TOKEN, service.url, **told)
    hook.run("GET", "/own")
    headers = service.seen[-1][1]
    assert arrives.items() <= headers.items()
    own_way = told.get("auth_scheme") == "none"
    assert ("authorization" in headers) is not own_way
    hook.run("GET", "/own", headers={"Accept": "text/csv"})
    assert service.seen[-1][1]["accept"] == "text/csv"
