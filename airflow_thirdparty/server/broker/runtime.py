"""What one API server process holds: the way to services and the brokers that use it."""

from __future__ import annotations

import os
import secrets
import socket
from functools import cache

from airflow_thirdparty import settings
from airflow_thirdparty.server.broker.tokens.broker import TokenBroker
from airflow_thirdparty.server.broker.tokens.refresher import Refresher
from airflow_thirdparty.server.oauth.transport import Transport


def transport() -> Transport:
    """The only way out of this process to services."""
    return refresher().transport


def refresher() -> Refresher:
    """What refreshes sign-ins in this process."""
    return token_broker().refresher


def token_broker() -> TokenBroker:
    """What hands out access tokens in this process."""
    return _of_process(os.getpid())


@cache
def _of_process(pid: int) -> TokenBroker:
    # by process id: two processes forked from one must not go by the same name in a lease
    name = f"{socket.gethostname()[:40]}:{pid}:{secrets.token_hex(4)}"
    return TokenBroker(Refresher(Transport(allow_http=settings.allow_http()), name))
