from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from airflow_thirdparty.demo import ports


@contextlib.contextmanager
def listening(host: str) -> Iterator[int]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind((host, 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("127.0.0.1", id="on the loopback address"),
        pytest.param("0.0.0.0", id="on all addresses"),
        pytest.param("::1", id="by IPv6, where browsers look first for localhost"),
    ],
)
def test_a_port_that_somebody_listens_on_is_taken(host: str) -> None:
    with listening(host) as port:
        assert not ports.is_free(port)
        assert ports.next_free(port) != port


def test_a_port_is_free_again_when_the_listener_has_gone() -> None:
    with listening("127.0.0.1") as port:
        pass
    assert ports.is_free(port)


def test_free_ports_are_free_and_differ() -> None:
    found = ports.free_ports(20)
    assert len(set(found)) == 20
    assert all(map(ports.is_free, found))
