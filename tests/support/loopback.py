"""HTTP clients for servers on this machine: without proxies, and without authorities that nobody asks.

Each client would read the whole bundle of certificate authorities anew, longer than most requests take. They
wait longer than HTTPX does by itself, since a busy machine owes nobody an answer within 5 seconds.
"""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any

import httpx2

PATIENCE = 60.0
"""Seconds to wait for an answer where a test says nothing."""


@cache
def _no_authorities() -> ssl.SSLContext:
    """What trusts nobody, made once: no server here speaks TLS but where a test says so."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def client(**options: Any) -> httpx2.Client:
    """A client that keeps its connections and cookies.

    :param options: as :class:`httpx2.Client` has them
    """
    return httpx2.Client(trust_env=False, verify=_no_authorities(), **{"timeout": PATIENCE, **options})


def async_client(**options: Any) -> httpx2.AsyncClient:
    """The same for coroutines.

    :param options: as :class:`httpx2.AsyncClient` has them
    """
    return httpx2.AsyncClient(trust_env=False, verify=_no_authorities(), **{"timeout": PATIENCE, **options})


def get(url: str, **options: Any) -> httpx2.Response:
    """Ask once, with no cookie of before.

    :param url: where
    :param options: as :func:`httpx2.get` has them
    """
    return httpx2.get(url, trust_env=False, verify=_no_authorities(), **{"timeout": PATIENCE, **options})


def post(url: str, **options: Any) -> httpx2.Response:
    """Send once, with no cookie of before.

    :param url: where
    :param options: as :func:`httpx2.post` has them
    """
    return httpx2.post(url, trust_env=False, verify=_no_authorities(), **{"timeout": PATIENCE, **options})
