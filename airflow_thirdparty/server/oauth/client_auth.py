"""How the client shows who it is at the exchange and revocation endpoints (RFC 6749 section 2.3)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import quote_plus

from airflow_thirdparty.options import ClientAuthMethod
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.types import Client
from airflow_thirdparty.server.service_rules import STANDARD, ServiceRules


def credentials(
    client: Client, step: str, rules: ServiceRules = STANDARD, auth_method: ClientAuthMethod | None = None
) -> tuple[dict[str, str], dict[str, str]]:
    """What a request needs to be the client's.

    Authlib's own encoder leaves out the percent-encoding that RFC 6749 2.3.1 asks for, and fails on
    secrets outside Latin-1; so this is our own.

    :param client: who asks
    :param step: for the error
    :param rules: of the service
    :param auth_method: how the secret travels, where that is not as everywhere
    :return: the parameters and the headers to add
    :raises OAuthError: MISCONFIGURED, if the client needs a secret and has none
    """
    named = {rules.client_id_param: client.client_id}
    if client.auth_method == "none":
        return named, {}
    if not client.client_secret:
        raise OAuthError(Kind.MISCONFIGURED, step, "The account has no client secret")
    if (auth_method or client.auth_method) == "client_secret_post":
        return {**named, "client_secret": client.client_secret}, {}
    return {}, {"Authorization": f"Basic {_basic(client)}"}


def _basic(client: Client) -> str:
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret or '')}"
    return base64.b64encode(pair.encode("ascii")).decode("ascii")


def headers_of(client: Client, rules: ServiceRules) -> dict[str, str]:
    """The headers that the service wants at all its endpoints.

    :param client: whose id may stand in them
    :param rules: of the service
    :return: values by name
    """
    return fill_in(rules.headers, {"client_id": client.client_id})


def fill_in(templates: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Put values in the places of their names in braces.

    :param templates: texts by name
    :param values: what stands for ``{name}``
    :return: the texts
    """
    filled = {}
    for key, text in templates.items():
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        filled[key] = text
    return filled
