"""Where the API is, at services that name it in their answers: believed only if the host is one of theirs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_thirdparty.server.oauth import paths
from airflow_thirdparty.server.oauth.addresses import AddressRefused, Origin, parse
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.service_rules import ServiceRules

_HTTPS_PORT = 443
"""Of RFC 9110 section 4.2.2: services name their APIs without a port."""


def named_in(found: Mapping[str, Any], rules: ServiceRules, step: str) -> str | None:
    """The address of the API that an answer names.

    :param found: the answer
    :param rules: of the service
    :param step: for the error
    :raises OAuthError: REFUSED, if it is not one that the service can have
    :return: the address; nothing where the answer names none
    """
    told = paths.text_at(found, rules.host_from) if rules.host_from else None
    if told is None:
        return None
    url = told.strip()
    url = url if "://" in url else f"https://{url}"
    try:
        origin, _ = parse(url)
    except AddressRefused:
        raise _refused(step) from None
    if not _fits(origin, rules.host_pattern):
        raise _refused(step)
    return url.rstrip("/")


def _fits(origin: Origin, pattern: str) -> bool:
    return (origin.scheme, origin.port) == ("https", _HTTPS_PORT) and bool(re.fullmatch(pattern, origin.host))


def _refused(step: str) -> OAuthError:
    text = "The service names a host for its API that is none of its own; if it is right, enter it"
    return OAuthError(Kind.REFUSED, step, text, field="host")
