"""The only way out: where it goes, how long it waits, how much it takes."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.transport import BODY_CAP, Timeouts, Transport
from tests.support import faulty_service_client
from tests.support.faulty_service import FaultyService, serving
from tests.support.faulty_service_client import Remote

PATIENT = Timeouts(connect=5, read=10, total=20)


class Names:
    """A name server that answers what the test says, one answer after the other."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def refused(transport: Transport, url: str) -> OAuthError:
    with pytest.raises(OAuthError) as caught:
        await transport.get(url, step="userinfo", bearer="access-canary")
    return caught.value


@pytest.mark.parametrize(
    "location",
    [
        pytest.param("/elsewhere", id="same service"),
        pytest.param("{other}/elsewhere", id="another service"),
        pytest.param("http://169.254.169.254/latest", id="metadata"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_never_followed(
    service: FaultyService, transport: Transport, status: int, location: str
) -> None:
    async with serving() as other:
        location = location.format(other=other.base_url)
        service.fault("userinfo", "status", status=status, headers={"Location": location})
        answer = await transport.get(f"{service.base_url}/userinfo", step="userinfo", bearer="access-canary")
        with pytest.raises(OAuthError) as caught:
            answer.raise_for_error()
        assert caught.value.kind is Kind.REFUSED
        assert service.calls == {"userinfo": 1}
        assert not other.calls


async def test_a_name_that_changes_its_mind_is_checked_again(service: FaultyService) -> None:
    port = service.base_url.rpartition(":")[2]
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    transport = Transport(allow_http=True, timeouts=PATIENT, resolver=names)
    url = f"http://rebinding.test:{port}/userinfo"
    service.fault("userinfo", "cut", times=1)
    assert (await refused(transport, url)).kind is Kind.TRANSIENT  # the connection is gone, the next is new
    assert (await refused(transport, url)).kind is Kind.REFUSED
    assert service.calls == {"userinfo": 1}
    assert names.asked == ["rebinding.test"] * 2


async def test_the_connection_goes_where_the_check_looked(service: FaultyService) -> None:
    """The name exists only for our resolver: were it looked up a second time, nothing would be found."""
    port = service.base_url.rpartition(":")[2]
    names = Names(["127.0.0.1"])
    transport = Transport(allow_http=True, timeouts=PATIENT, resolver=names)
    answer = await transport.get(f"http://only-here.test:{port}/userinfo", step="userinfo")
    assert answer.status == 401
    assert f"Host: only-here.test:{port}\r\n" in service.requests[0]["head"]
    assert names.asked == ["only-here.test"]
    await transport.aclose()


@pytest.mark.parametrize(
    ("address", "allow_http"),
    [
        pytest.param("127.0.0.1", False, id="this machine"),
        pytest.param("169.254.169.254", False, id="metadata"),
        pytest.param("169.254.169.254", True, id="metadata, in a trusted network"),
    ],
)
async def test_a_name_that_leads_inside_is_refused(
    service: FaultyService, address: str, allow_http: bool
) -> None:
    port = service.base_url.rpartition(":")[2]
    transport = Transport(allow_http=allow_http, timeouts=PATIENT, resolver=Names([address]))
    error = await refused(transport, f"https://service.test:{port}/userinfo")
    assert error.kind is Kind.REFUSED
    assert not service.calls


async def test_the_next_address_is_tried_when_one_is_dead(service: FaultyService) -> None:
    port = service.base_url.rpartition(":")[2]
    transport = Transport(allow_http=True, timeouts=PATIENT, resolver=Names(["127.0.0.2", "127.0.0.1"]))
    answer = await transport.get(f"http://two.test:{port}/userinfo", step="userinfo")
    assert answer.status == 401
    await transport.aclose()


async def test_a_name_without_address_is_a_passing_trouble() -> None:
    async def unknown(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    error = await refused(Transport(timeouts=PATIENT, resolver=unknown), "https://gone.test/")
    assert (error.kind, error.text) == (Kind.TRANSIENT, "No connection to https://gone.test")


async def test_a_hung_name_server_holds_one_look_up() -> None:
    asked = []

    async def hung(host: str, port: int) -> list[str]:
        asked.append(host)
        await asyncio.sleep(3600)
        return []

    transport = Transport(timeouts=Timeouts(connect=0.2, read=1, total=1), resolver=hung)
    errors = await asyncio.gather(*(refused(transport, "https://hung.test/") for _ in range(15)))
    assert {error.kind for error in errors} == {Kind.TRANSIENT}
    assert asked == ["hung.test"]


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        pytest.param("hang", {}, id="never answers"),
        pytest.param("answer", {"delay": 30}, id="answers too late"),
        pytest.param("endless", {}, id="never ends, piece by piece"),
        pytest.param("cut", {}, id="breaks off in the middle"),
        pytest.param("drop", {}, id="hangs up"),
    ],
)
async def test_a_service_that_does_not_answer_properly(
    service: FaultyService, hasty: Transport, kind: str, details: dict[str, Any]
) -> None:
    service.fault("userinfo", kind, **details)
    error = await refused(hasty, f"{service.base_url}/userinfo")
    assert error.kind is Kind.TRANSIENT


async def test_a_closed_port_is_a_passing_trouble(transport: Transport) -> None:
    assert (await refused(transport, "http://127.0.0.1:1/")).kind is Kind.TRANSIENT


async def test_one_hung_service_does_not_hold_up_another(service: FaultyService) -> None:
    transport = Transport(timeouts=Timeouts(connect=30, read=30, total=30))
    async with serving() as other:
        service.fault("userinfo", "hang")
        stuck = [
            asyncio.ensure_future(transport.get(f"{service.base_url}/userinfo", step="userinfo"))
            for _ in range(200)
        ]
        await asyncio.sleep(0.2)
        answer = await transport.get(f"{other.base_url}/userinfo", step="userinfo")
        assert answer.status == 401
        assert not any(call.done() for call in stuck)
        for call in stuck:
            call.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
        await transport.aclose()


async def test_connections_are_used_again(service: FaultyService, transport: Transport) -> None:
    connections = 0
    serve = service._one

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        seen.add(writer.get_extra_info("peername"))
        return await serve(reader, writer)

    seen: set[Any] = set()
    service._one = counted  # type: ignore[method-assign]
    for _ in range(5):
        await transport.get(f"{service.base_url}/userinfo", step="userinfo")
    connections = len(seen)
    assert connections == 1


def test_one_transport_serves_one_loop_after_the_other() -> None:
    transport = Transport(timeouts=PATIENT)

    async def once() -> int:
        async with serving() as service:
            return (await transport.get(f"{service.base_url}/userinfo", step="userinfo")).status

    gone = [asyncio.run(once()) for _ in range(3)]
    assert gone == [401] * 3
    pools = transport._connections()._pools
    assert len(pools) == 1  # of the loops that have ended only the last is still known
    pools.clear()
    gc.collect()


async def test_cookies_are_not_kept(service: FaultyService, transport: Transport) -> None:
    service.fault("userinfo", "status", status=200, headers={"Set-Cookie": "who=alice"}, body="{}")
    for _ in range(2):
        await transport.get(f"{service.base_url}/userinfo", step="userinfo")
    assert not any("cookie" in request["head"].lower() for request in service.requests)


async def test_proxies_of_the_environment_are_not_used(
    service: FaultyService, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    assert (await transport.get(f"{service.base_url}/userinfo", step="userinfo")).status == 401


@pytest.fixture(scope="module")
def monster() -> Iterator[Remote]:
    """In a process of its own, so that only our memory is measured."""
    with faulty_service_client.running() as found:
        yield found


@pytest.mark.parametrize(
    ("details", "kind"),
    [
        pytest.param({"kind": "bomb"}, Kind.REFUSED, id="gzip bomb"),
        pytest.param({"kind": "endless"}, Kind.TRANSIENT, id="endless stream"),
        pytest.param(
            {"kind": "answer", "fields": {"access_token": "t" * 1_000_000}}, Kind.REFUSED, id="1 MB token"
        ),
        pytest.param(
            {"kind": "status", "status": 200, "body": "[" * 250_000}, Kind.TRANSIENT, id="deeply nested"
        ),
        pytest.param(
            {"kind": "status", "status": 500, "body": "<html>" * 1_000_000}, Kind.REFUSED, id="6 MB of HTML"
        ),
        pytest.param(
            {"kind": "status", "status": 200, "headers": {"Content-Encoding": "gzip"}, "body": "no gzip"},
            Kind.TRANSIENT,
            id="not compressed as promised",
        ),
        pytest.param(
            {"kind": "status", "status": 200, "headers": {"Content-Encoding": "br"}, "body": "{}"},
            Kind.TRANSIENT,
            id="compressed in a way that cannot be bounded",
        ),
    ],
)
async def test_monstrous_answers_cost_little_memory(
    monster: Remote, transport: Transport, hasty: Transport, details: dict[str, Any], kind: Kind
) -> None:
    patience = hasty if details["kind"] == "endless" else transport
    monster.heal()
    monster.fault("userinfo", **details)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    with pytest.raises(OAuthError) as caught:
        await _read(patience, f"{monster.base_url}/userinfo")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.kind is kind
    assert peak - before < 20_000_000
    assert len(str(caught.value)) < 200


async def _read(transport: Transport, url: str) -> None:
    """As far as anybody reads an answer: the token of the exchange included."""
    answer = await transport.get(url, step="userinfo")
    answer.raise_for_error()
    answer.json()


@pytest.mark.parametrize(
    ("size", "fits"),
    [pytest.param(BODY_CAP, True, id="exactly the cap"), pytest.param(BODY_CAP + 1, False, id="one more")],
)
async def test_the_cap_is_exact(service: FaultyService, transport: Transport, size: int, fits: bool) -> None:
    service.fault("userinfo", "status", status=200, body="{}".ljust(size))
    if fits:
        assert (await transport.get(f"{service.base_url}/userinfo", step="userinfo")).json() == {}
    else:
        assert (await refused(transport, f"{service.base_url}/userinfo")).kind is Kind.REFUSED
