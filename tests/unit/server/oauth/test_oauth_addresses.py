"""Which addresses the server may speak to."""

from __future__ import annotations

import pytest

from airflow_thirdparty.server.oauth.addresses import AddressRefused, Origin, check_resolved, parse


@pytest.mark.parametrize(
    ("url", "origin", "target"),
    [
        pytest.param("https://github.com/login", "https://github.com", "/login", id="https"),
        pytest.param("https://GitHub.com:443/a?b=c", "https://github.com", "/a?b=c", id="default port, case"),
        pytest.param("https://id.example.org:8443", "https://id.example.org:8443", "/", id="other port"),
        pytest.param("http://localhost:8090/me", "http://localhost:8090", "/me", id="this machine by name"),
        pytest.param("http://127.0.0.1/", "http://127.0.0.1", "/", id="this machine by address"),
        pytest.param("http://[::1]:1/", "http://[::1]:1", "/", id="this machine by IPv6 address"),
        pytest.param("https://10.1.2.3/", "https://10.1.2.3", "/", id="a private network is the admin's"),
    ],
)
def test_addresses_that_may_be_called(url: str, origin: str, target: str) -> None:
    found, found_target = parse(url)
    assert (str(found), found_target) == (origin, target)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="empty"),
        pytest.param("/relative", id="relative"),
        pytest.param("//evil.example/x", id="no scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https:///x", id="empty host"),
        pytest.param("http://github.com/", id="not encrypted"),
        pytest.param("http://127.0.0.1.evil.example/", id="looks like this machine"),
        pytest.param("http://localhost.evil.example/", id="begins like this machine"),
        pytest.param("http://169.254.169.254/latest/meta-data", id="metadata, not encrypted"),
        pytest.param("file:///etc/passwd", id="a file"),
        pytest.param("ftp://example.org/", id="another scheme"),
        pytest.param("javascript:alert(1)", id="a script"),
        pytest.param("https://user@example.org/", id="user name"),
        pytest.param("https://localhost@evil.example/", id="user name that looks like a host"),
        pytest.param("https://example.org/#x", id="fragment"),
        pytest.param("https://example.org#@evil.example/", id="fragment that hides a host"),
        pytest.param("https://evil.example\\@example.org/", id="backslash"),
        pytest.param("https://exa\tmple.org/", id="tab inside"),
        pytest.param("https://example.org/\r\nHost: evil", id="line break"),
        pytest.param(" https://example.org/", id="blank in front"),
        pytest.param("https://exämple.org/", id="not ASCII"),
        pytest.param("https://example.org:0/", id="port 0"),
        pytest.param("https://example.org:99999/", id="port out of range"),
        pytest.param("https://[::1/", id="broken IPv6"),
        pytest.param("https://exa%6dple.org/", id="percent in the host"),
        pytest.param("https://example.org/" + "a" * 5000, id="too long"),
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        parse(url)


def test_http_elsewhere_only_where_it_is_allowed() -> None:
    assert str(parse("http://idp.test/x", allow_http=True)[0]) == "http://idp.test"
    with pytest.raises(AddressRefused):
        parse("http://idp.test/x")


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("169.254.169.254", id="metadata of most clouds"),
        pytest.param("169.254.0.1", id="link-local"),
        pytest.param("fe80::1", id="link-local IPv6"),
        pytest.param("fe80::1%eth0", id="link-local with a zone"),
        pytest.param("fd00:ec2::254", id="AWS IPv6"),
        pytest.param("fd20:ce::254", id="Google IPv6"),
        pytest.param("100.100.100.200", id="Alibaba"),
        pytest.param("168.63.129.16", id="Azure"),
        pytest.param("192.0.0.192", id="Oracle"),
        pytest.param("0.0.0.0", id="unspecified"),
        pytest.param("0.1.2.3", id="this network"),
        pytest.param("::", id="unspecified IPv6"),
        pytest.param("224.0.0.1", id="multicast"),
        pytest.param("ff02::1", id="multicast IPv6"),
        pytest.param("255.255.255.255", id="broadcast"),
        pytest.param("::ffff:169.254.169.254", id="mapped"),
        pytest.param("::169.254.169.254", id="compatible"),
        pytest.param("2002:a9fe:a9fe::1", id="6to4"),
        pytest.param("64:ff9b::a9fe:a9fe", id="NAT64"),
        pytest.param("64:ff9b:1::a9fe:a9fe", id="local NAT64"),
        pytest.param("2001:0:1:1:1:1:5601:5601", id="Teredo"),
        pytest.param("127.0.0.1", id="this machine"),
        pytest.param("127.8.9.10", id="this machine, other address"),
        pytest.param("::1", id="this machine, IPv6"),
        pytest.param("::ffff:127.0.0.1", id="this machine, mapped"),
    ],
)
def test_where_a_name_must_not_lead(address: str) -> None:
    origin = Origin("https", "service.example", 443)
    assert check_resolved(origin, ["93.184.216.34", "2606:2800:220:1::1", "10.0.0.1"])
    with pytest.raises(AddressRefused):
        check_resolved(origin, ["93.184.216.34", address])


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may_be_named_as_such(address: str) -> None:
    assert check_resolved(Origin("http", "localhost", 80), [address]) == [address]


def test_localhost_that_leads_elsewhere_is_not_spoken_to_unencrypted() -> None:
    with pytest.raises(AddressRefused):
        check_resolved(Origin("http", "localhost", 80), ["10.0.0.1"])


def test_a_trusted_network_still_has_no_metadata() -> None:
    origin = Origin("http", "idp.test", 80)
    assert check_resolved(origin, ["127.0.0.1"], allow_http=True)
    with pytest.raises(AddressRefused):
        check_resolved(origin, ["169.254.169.254"], allow_http=True)
