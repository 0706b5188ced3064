"""Where a request carries the credential, and to whom it may go: the same for every HTTP library."""

from __future__ import annotations

import base64
import re
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_thirdparty.exceptions import LeavesAccount
from airflow_thirdparty.urls import origin_of

if TYPE_CHECKING:
    from airflow_thirdparty.hooks.access import Access

_PLAIN_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")
"""Host and port as every parser reads them: a user name, a backslash or a blank is read in two ways."""

_OF_LIBRARIES = ("*/*", "python-httpx", "python-requests")
"""How the values of headers begin that HTTP libraries set by themselves: Accept and User-Agent."""


def is_own(url: str, access: Access) -> bool:
    """Whether an address is at one of the account's own origins.

    :param url: an absolute address
    :param access: says where the credential may go
    :return: false also for addresses that two parsers may read differently
    """
    origin = plain_origin(url)
    return origin is not None and origin in access.origins


def plain_origin(url: str) -> str | None:
    """The origin of an address, if every parser finds the same one.

    :param url: an absolute address
    :return: nothing where there is a doubt
    """
    try:
        return origin_of(url) if _PLAIN_HOST.fullmatch(urlsplit(url).netloc) else None
    except ValueError:
        return None


def demand_own(url: str, conn_id: str, access: Access) -> None:
    """Refuse to ask anybody but the account's own service, since no credential could go there.

    :param url: an absolute address
    :param conn_id: id of the account
    :param access: says where the credential may go
    :raises LeavesAccount: when the address is at another origin
    """
    if not is_own(url, access):
        raise leaves(url, conn_id, access)


def leaves(url: str, conn_id: str, access: Access) -> LeavesAccount:
    """The refusal of an address at another origin.

    :param url: the address; of what it holds, only scheme and host are told
    :param conn_id: id of the account
    :param access: says where the credential may go
    :return: the error, to be raised
    """
    try:
        parts = urlsplit(url)
        where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    except ValueError:
        where = "no address"
    return LeavesAccount(
        f"The address leads to {where}, which is not the service of the third-party account '{conn_id}', so "
        "the person's login is not sent there.",
        f"Ask for a path below {access.host}, or register the other service as an account of its own.",
    )


def was_refused(status: int, access: Access) -> bool:
    """Whether the service refused a credential of which there can be a new one.

    :param status: of its response, from one of the account's own origins
    :param access: what the request showed
    :return: false for keys and passwords, which nobody but the person can replace
    """
    return status == 401 and access.kind == "oauth2"


def place(headers: MutableMapping[str, Any], access: Access) -> None:
    """Put the credential, and what else the API wants, into the headers of a request.

    A header that the task set itself stays, unless it is one of the credential's.

    :param headers: of a request to one of the account's own origins
    :param access: the credential, and how the API takes it
    """
    shown = shown_in(access)
    for name, text in access.headers.items():
        if name not in shown and str(headers.get(name, _OF_LIBRARIES[0])).startswith(_OF_LIBRARIES):
            headers[name] = text
    for name, value in shown.items():
        headers[name] = value


def take_away(headers: MutableMapping[str, Any], access: Access) -> None:
    """Take the credential from the headers of a request that leaves the account's origins.

    :param headers: of the request
    :param access: how the API takes the credential
    """
    for name in ("Authorization", *shown_in(access)):
        headers.pop(name, None)


def shown_in(access: Access) -> dict[str, str]:
    """The headers that hold the credential or a part of it.

    :param access: the credential, and how the API takes it
    :return: values by name
    """
    shown = {}
    for name, text in access.headers.items():
        value = text.replace("{login}", access.login or "").replace("{key}", access.value)
        if value != text:
            shown[name] = value
    if access.auth_scheme == "none" and access.auth_header == "Authorization":
        return shown  # the credential stands in the further headers
    if access.kind == "basic":
        pair = base64.b64encode(f"{access.login or ''}:{access.value}".encode()).decode()
        return {**shown, "Authorization": f"Basic {pair}"}
    scheme = "" if access.auth_scheme == "none" else f"{access.auth_scheme} "
    return {**shown, access.auth_header: f"{scheme}{access.value}"}
