"""One spelling of an origin, whoever asks."""

from __future__ import annotations

import pytest

from airflow_thirdparty.server.oauth.addresses import parse
from airflow_thirdparty.urls import origin_of, with_port

ORIGINS = [
    pytest.param("https://A.example/x?y", "https://a.example", id="path and query left out"),
    pytest.param("HTTPS://A.EXAMPLE", "https://a.example", id="lower case"),
    pytest.param("https://a.example:443", "https://a.example", id="the port of https, spelled"),
    pytest.param("http://a.example:80/", "http://a.example", id="the port of http, spelled"),
    pytest.param("https://a.example:", "https://a.example", id="no port after the colon"),
    pytest.param("http://a.example:443", "http://a.example:443", id="the port of the other scheme"),
    pytest.param("https://a.example:8443", "https://a.example:8443", id="another port"),
    pytest.param("https://[2001:DB8::1]/x", "https://[2001:db8::1]", id="IPv6"),
    pytest.param("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443", id="IPv6 and another port"),
    pytest.param("https://xn--bcher-kva.example", "https://xn--bcher-kva.example", id="other letters"),
]


@pytest.mark.parametrize(("url", "expected"), ORIGINS)
def test_an_origin_has_one_spelling(url: str, expected: str) -> None:
    assert origin_of(url) == expected
    assert origin_of(origin_of(url)) == expected


@pytest.mark.parametrize(("url", "expected"), ORIGINS)
def test_what_is_called_has_the_origin_that_is_compared(url: str, expected: str) -> None:
    assert str(parse(url, allow_http=True)[0]) == expected


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="empty"),
        pytest.param("null", id="what a sandboxed frame sends"),
        pytest.param("//a.example", id="no scheme"),
        pytest.param("ftp://a.example", id="another scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https://:443", id="only a port"),
        pytest.param("http://[::1", id="half an address"),
        pytest.param("https://a.example:99999", id="a port that there is not"),
        pytest.param("https://a.example:x", id="a port that is no number"),
    ],
)
def test_what_has_no_origin(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the text is of the standard library in some cases
        origin_of(url)


@pytest.mark.parametrize(
    ("address", "port", "expected"),
    [
        pytest.param("https://a.example", 8443, "https://a.example:8443", id="a host"),
        pytest.param("https://a.example/v2?x=1", 8443, "https://a.example:8443/v2?x=1", id="path and query"),
        pytest.param("https://a.example:", 8443, "https://a.example:8443", id="no port after the colon"),
        pytest.param("https://a.example:8443/v2", 8443, "https://a.example:8443/v2", id="the same port"),
        pytest.param("http://a.example", 443, "http://a.example:443", id="the port of the other scheme"),
        pytest.param("http://[::1]/x", 8080, "http://[::1]:8080/x", id="IPv6"),
        pytest.param(
            "https://a.example//a.example", 1, "https://a.example:1//a.example", id="its name twice"
        ),
        pytest.param("https://", 8443, "https://", id="no host"),
        pytest.param("https://a.example:x", 8443, "https://a.example:x", id="no number"),
    ],
)
def test_a_port_beside_an_address(address: str, port: int, expected: str) -> None:
    assert with_port(address, port) == expected


def test_two_ports_are_none() -> None:
    with pytest.raises(ValueError, match="8443"):
        with_port("https://a.example:8443", 9443)
