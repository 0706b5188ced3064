"""Where a hook that never heard of us looks for its credential."""

from __future__ import annotations

import json
from typing import Any

from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.accounts.fields import EXTRA_PLACE
from airflow_thirdparty.server.broker.tokens.broker import AccessToken


def extra_fields(account: Account, token: AccessToken) -> dict[str, str]:
    """The extra of a projected connection: allow-listed keys only, a hook may send any other as a header.

    :param account: the account as it is registered now
    :param token: what the task is handed
    :return: the fields, as text
    """
    if account.expose_as == "bearer_header":
        return {"Authorization": f"Bearer {token.value}"}
    place = EXTRA_PLACE.fullmatch(account.expose_as)
    return {place.group(1): token.value} if place else {}


def for_foreign_hook(account: Account, token: AccessToken) -> dict[str, Any]:
    """The connection that an existing provider's hook gets.

    The token always stands in ``password`` too, because that is the one place whose value Airflow's SDK
    registers with the secrets masker by itself.

    :param account: the account as it is registered now
    :param token: what the task is handed
    :return: the connection's fields, by name
    """
    extra = extra_fields(account, token)
    return {
        "host": account.host,
        "login": token.login,
        "password": token.value,
        "extra": json.dumps(extra) if extra else None,
    }
