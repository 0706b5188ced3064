"""Where a hook that never heard of us looks for its credential."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.tokens import AccessToken

_EXTRA_FIELD = re.compile(r"extra\.([A-Za-z][A-Za-z0-9_]{0,60})")

PLACES: Mapping[str, Callable[[AccessToken], dict[str, Any]]] = {
    "password": lambda _token: {},
    "bearer_header": lambda token: {"Authorization": f"Bearer {token.value}"},
}
"""What stands in the extra of the projected connection, by ``expose_as``."""


def extra_fields(account: Account, token: AccessToken) -> dict[str, Any]:
    """The extra of a projected connection: allow-listed keys only, since a hook may send any key as a header.

    :raises AccountMisconfigured: when ``expose_as`` is none of the known places
    """
    if account.expose_as in PLACES:
        return PLACES[account.expose_as](token)
    field = _EXTRA_FIELD.fullmatch(account.expose_as)
    if field is None:
        raise AccountMisconfigured(
            f"Account '{account.conn_id}': field 'expose_as' has the unknown value "
            f"{account.expose_as[:60]!r}.",
            f"Choose one of: {', '.join(PLACES)}, or extra.<name of the field>.",
            field="expose_as",
        )
    return {field.group(1): token.value}


def for_foreign_hook(account: Account, token: AccessToken) -> dict[str, Any]:
    """The connection that an existing provider's hook gets.

    The token always stands in ``password`` too, because that is the one place whose value Airflow's SDK
    registers with the secrets masker by itself.
    """
    extra = extra_fields(account, token)
    return {
        "host": account.host,
        "login": token.login,
        "password": token.value,
        "extra": json.dumps(extra) if extra else None,
    }
