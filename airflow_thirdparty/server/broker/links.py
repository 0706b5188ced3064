"""Addresses of our pages, made from ``[api] base_url`` only and never from what a request claims."""

from __future__ import annotations

from urllib.parse import quote

from airflow_thirdparty import settings
from airflow_thirdparty.server.reasons import misconfigured
from airflow_thirdparty.wire import WEB_PREFIX, sign_in_page


def page() -> str:
    """Address of the page with the accounts; a path when ``[api] base_url`` is not set."""
    return sign_in_page(settings.base_url())


def sign_in(conn_id: str) -> str:
    """Address of the page, at this account.

    :param conn_id: id of the account
    :return: an address that goes into messages
    """
    return sign_in_page(settings.base_url(), conn_id)


def redirect_uri(conn_id: str) -> str:
    """The address that the service sends people back to, one per account (RFC 9700 section 2.1).

    :param conn_id: id of the account
    :raises AccountMisconfigured: when ``[api] base_url`` is not an address
    :return: the address, as it has to be registered at the service
    """
    base = base_url()
    return f"{base}{WEB_PREFIX}/callback/{quote(conn_id, safe='')}"


def base_url() -> str:
    """``[api] base_url``, where it must be set.

    :raises AccountMisconfigured: when it is not an address
    :return: the address, without a slash at its end
    """
    base = settings.base_url()
    if not base.startswith(("https://", "http://")):
        raise misconfigured("no_base_url", "[api] base_url")
    return base
