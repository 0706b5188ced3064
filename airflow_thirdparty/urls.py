"""The origin of an address: one spelling for every zone, made with the standard library only."""

from __future__ import annotations

from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
"""The port that a scheme means when an address names none (RFC 9110 sections 4.2.1 and 4.2.2)."""

SERVICE_PORTS = {
    **DEFAULT_PORTS,
    "ftp": 21,
    "ftps": 990,
    "imap": 143,
    "imaps": 993,
    "mysql": 3306,
    "postgresql": 5432,
    "sftp": 22,
    "smtp": 587,
    "smtps": 465,
    "ssh": 22,
}
"""The port that a scheme means in an account's host (IANA's registry; for mail RFC 6409, RFC 8314)."""


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, to compare and to show (RFC 6454 sections 4 and 6.2).

    Two addresses have the same origin exactly when these texts are the same: scheme and host are in lower
    case, and the scheme's own port is left out whether or not the address spells it.

    :param url: an absolute ``http`` or ``https`` address
    :raises ValueError: when it is none, or its port is no number up to 65535
    :return: the origin, such as ``https://service.example`` or ``http://[::1]:8080``
    """
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError("An absolute http or https address is needed")
    port = DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    return spell_origin(parts.scheme, parts.hostname, port)


def service_origin(url: str) -> str:
    """Scheme, host and port of an account's host, which may be a database or a mail or file server.

    :param url: an absolute address whose scheme is one of :data:`SERVICE_PORTS`
    :raises ValueError: when it is none, or its port is no number up to 65535
    :return: the origin, such as ``https://service.example`` or ``postgresql://database.example:5432``
    """
    parts = urlsplit(url)
    if parts.scheme in DEFAULT_PORTS:
        return origin_of(url)
    if parts.scheme not in SERVICE_PORTS or not parts.hostname:
        raise ValueError("An absolute address of a service is needed")
    port = SERVICE_PORTS[parts.scheme] if parts.port is None else parts.port
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}"


def with_port(address: str, port: int) -> str:
    """Put the port that stands beside an address into it.

    :param address: with a scheme
    :param port: number of the port
    :raises ValueError: when the address names another one
    :return: the address with the port; unchanged when it names that one already, or is no address at all
    """
    try:
        parts = urlsplit(address)
        named = parts.port
    except ValueError:
        return address
    if not parts.netloc or named == port:
        return address
    if named is not None:
        raise ValueError(f"The address names port {named}, not {port}")
    netloc = parts.netloc.removesuffix(":")
    return address.replace(f"//{parts.netloc}", f"//{netloc}:{port}", 1)


def spell_origin(scheme: str, host: str, port: int) -> str:
    """Write an origin whose parts are known already (RFC 6454 section 6.2).

    :param scheme: ``http`` or ``https``, in lower case
    :param host: name or address; an IPv6 address without its brackets
    :param port: number of the port, also where it is the scheme's own
    :return: the origin as :func:`origin_of` returns it
    """
    host = host.lower()
    bracketed = f"[{host}]" if ":" in host else host
    return f"{scheme}://{bracketed}" + ("" if port == DEFAULT_PORTS[scheme] else f":{port}")
