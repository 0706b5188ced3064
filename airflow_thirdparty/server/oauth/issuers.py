"""Which issuer's name is the right one, also where one address serves many issuers.

Microsoft's ``common`` and ``organizations`` describe themselves with the template
``https://login.microsoftonline.com/{tenantid}/v2.0``; the ID token names the tenant, in ``iss`` and ``tid``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_thirdparty.server.oauth.types import Endpoints

_PLACEHOLDER = re.compile(r"\{(?:tenantid|tid)\}")
_TENANT = r"[A-Za-z0-9][A-Za-z0-9.-]{0,99}"
_CLAIM = "tid"
_LONGEST_SHOWN = 120
"""Letters of a foreign issuer that are shown: enough for a host and a tenant's id."""


def is_template(found: object, pattern: str) -> bool:
    """Whether a description names its issuer with the pattern's own placeholder.

    :param found: what stands under ``issuer``
    :param pattern: of the service, with ``{tid}`` or ``{tenantid}``
    :return: true if it is the same but for the placeholder's name
    """
    if not isinstance(found, str) or not _PLACEHOLDER.search(found):
        return False
    return _PLACEHOLDER.sub("{}", found) == _PLACEHOLDER.sub("{}", pattern)


def fits(issuer: object, pattern: str) -> bool:
    """Whether a name is one of those that the pattern stands for.

    :param issuer: a name without placeholder
    :param pattern: with ``{tid}`` or ``{tenantid}``
    :return: true if only a tenant's id stands in the placeholder's place
    """
    parts = [re.escape(part) for part in _PLACEHOLDER.split(pattern)]
    return (
        len(parts) > 1 and isinstance(issuer, str) and re.fullmatch(_TENANT.join(parts), issuer) is not None
    )


def expected(endpoints: Endpoints, claims: Mapping[str, Any]) -> str:
    """The issuer that an ID token has to name; empty if it cannot be told.

    :param endpoints: of the service
    :param claims: of the token, which say the tenant where the issuer depends on it
    :return: the whole name
    """
    if endpoints.issuer_pattern is None:
        return endpoints.issuer or ""
    tenant = claims.get(_CLAIM)
    if not isinstance(tenant, str) or not re.fullmatch(_TENANT, tenant):
        return ""
    return _PLACEHOLDER.sub(lambda _: tenant, endpoints.issuer_pattern)


def is_one_of(issuer: str, endpoints: Endpoints) -> bool:
    """Whether an answer from the browser may name this issuer (RFC 9207 section 2.4).

    :param issuer: ``iss`` of the answer
    :param endpoints: of the service this authorization was begun at
    :return: true if it is the service's
    """
    if issuer == endpoints.issuer:
        return True
    pattern = endpoints.issuer_pattern
    return pattern is not None and fits(issuer, pattern)


def shown(issuer: object) -> str:
    """A foreign issuer's name for people to read: bounded, with nothing invisible in it.

    :param issuer: what stands where an issuer's name should
    :return: in quotes, or the name of its type
    """
    if issuer is None:
        return "none"
    return ascii(issuer[:_LONGEST_SHOWN] if isinstance(issuer, str) else type(issuer).__name__)
