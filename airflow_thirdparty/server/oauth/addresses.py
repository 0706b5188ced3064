"""Which addresses the server may speak to: what a URL may look like, and where its name may lead."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from airflow_thirdparty.urls import DEFAULT_PORTS, spell_origin

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_PRINTABLE = re.compile(r"[\x21-\x5b\x5d-\x7e]{1,4096}")  # ASCII, no blank, no backslash
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")

_METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in (
        "100.100.100.200",  # Alibaba Cloud
        "168.63.129.16",  # Azure's host
        "192.0.0.192",  # Oracle Cloud
        "fd00:ec2::254",  # AWS, metadata
        "fd00:ec2::23",  # AWS, credentials of pods
        "fd20:ce::254",  # Google Cloud
    )
)
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_THIS_NETWORK = ipaddress.IPv4Network("0.0.0.0/8")


class AddressRefused(Exception):
    """The address is one the server does not speak to; the text says why and is safe to show."""


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port of a service: what has a connection pool of its own."""

    scheme: str
    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether the host *names* this machine, before any look-up."""
        if self.host == "localhost" or self.host.endswith(".localhost"):  # RFC 6761 section 6.3
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return spell_origin(self.scheme, self.host, self.port)


def parse(url: str, *, allow_http: bool = False) -> tuple[Origin, str]:
    """Take a URL apart, once, so that what is checked is what is called.

    :param url: an absolute ``https`` address; ``http`` on this machine, or where it is allowed
    :param allow_http: whether ``http`` is allowed to anywhere
    :return: the origin and the request target (path and query)
    :raises AddressRefused: for any other address
    """
    if not _PRINTABLE.fullmatch(url):
        raise AddressRefused("The address is empty, too long or has characters that no address has")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("The address cannot be read") from None
    host = (parts.hostname or "").lower()
    if parts.scheme not in DEFAULT_PORTS or not _HOST.fullmatch(host):
        raise AddressRefused("The address must be an absolute https address")
    if "@" in parts.netloc or "#" in url or port == 0:
        raise AddressRefused("The address must not hold a user name, a fragment or port 0")
    origin = Origin(parts.scheme, host, DEFAULT_PORTS[parts.scheme] if port is None else port)
    if origin.scheme == "http" and not allow_http and not origin.is_loopback:
        raise AddressRefused(f"{origin} is not encrypted: https is required")
    return origin, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def check_resolved(origin: Origin, addresses: list[str], *, allow_http: bool = False) -> list[str]:
    """Look at every address a name leads to; one bad address condemns the name.

    :param origin: what is about to be called
    :param addresses: what its name resolved to
    :param allow_http: a network in which unencrypted services, also on this machine, are trusted
    :return: the same addresses, to connect to exactly these
    :raises AddressRefused: for link-local, metadata, unspecified, multicast and broadcast addresses, and
        for loopback addresses behind a name that is not this machine's
    """
    for text in addresses:
        for address in _meanings(ipaddress.ip_address(text.partition("%")[0])):
            if _is_forbidden(address):
                raise AddressRefused(f"{origin} leads to a link-local, metadata or reserved address")
            if address.is_loopback and not (origin.is_loopback or allow_http):
                raise AddressRefused(f"{origin} leads to this machine itself")
            if origin.scheme == "http" and not allow_http and not address.is_loopback:
                raise AddressRefused(f"{origin} leads elsewhere, and is not encrypted")
    return addresses


def _is_forbidden(address: IPAddress) -> bool:
    return (
        address in _METADATA
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address == ipaddress.IPv4Address("255.255.255.255")
        or (isinstance(address, ipaddress.IPv4Address) and address in _THIS_NETWORK)
    )


def _meanings(address: IPAddress) -> list[IPAddress]:
    """The address and every IPv4 address it carries inside (mapped, 6to4, Teredo, NAT64, compatible)."""
    found: list[IPAddress] = [address]
    if isinstance(address, ipaddress.IPv4Address) or address.is_loopback:
        return found
    found += [inner for inner in (address.ipv4_mapped, address.sixtofour) if inner is not None]
    if address.teredo is not None:
        found.append(address.teredo[1])
    if any(address in network for network in (*_NAT64, _COMPATIBLE)):
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if address.ipv4_mapped is not None:
        return found[1:]  # the mapped form itself is neither loopback nor link-local to every Python
    return found
