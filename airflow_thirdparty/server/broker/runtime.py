"""What one API server process holds: the way to services and the brokers that use it."""

from __future__ import annotations

import os
import secrets
import socket
from functools import cache

from airflow_thirdparty import settings
from airflow_thirdparty.server.broker.refreshing import Refresher
from airflow_thirdparty.server.broker.tokens import TokenBroker
from airflow_thirdparty.server.oauth.transport import Transport


@cache
def transport() -> Transport:
    """The only way out of this process to services."""
    return Transport(allow_http=settings.allow_http())


@cache
def owner() -> str:
    """Name of this process in leases."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"


@cache
def refresher() -> Refresher:
    """What renews sign-ins in this process."""
    return Refresher(transport(), owner())


@cache
def token_broker() -> TokenBroker:
    """What hands out access tokens in this process."""
    return TokenBroker(refresher())
