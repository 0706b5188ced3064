"""How an account's API takes the credential, for whoever calls it."""

from __future__ import annotations

import base64
from typing import Any

from airflow_thirdparty.server.accounts.account import Account


def api_auth(account: Account) -> dict[str, Any]:
    """What a client has to know besides the credential.

    :param account: as it is registered now
    :return: the credential's header, the word before it, and further headers, in which ``{login}`` and
        ``{key}`` stand for the credential
    """
    preset = account.preset
    headers = {
        name: text.replace("{client_id}", account.client_id) for name, text in preset.api_headers.items()
    }
    return {"auth_header": preset.api_header, "auth_scheme": preset.api_scheme, "headers": headers}


def request_headers(account: Account, login: str | None, value: str) -> dict[str, str]:
    """The headers of a request to the API.

    :param account: as it is registered now
    :param login: the person's user name there, for ``basic``
    :param value: the credential
    :return: values by name
    """
    told = api_auth(account)
    headers = {
        name: text.replace("{login}", login or "").replace("{key}", value)
        for name, text in told["headers"].items()
    }
    header, scheme = told["auth_header"], told["auth_scheme"]
    if scheme == "none" and header == "Authorization":
        return headers  # the credential stands in the further headers
    if account.kind == "basic":
        scheme, value = "Basic", base64.b64encode(f"{login}:{value}".encode()).decode()
    return {**headers, header: value if scheme == "none" else f"{scheme} {value}"}
