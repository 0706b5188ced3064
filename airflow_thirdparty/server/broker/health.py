"""Whether this API server can do its work: key, migrations, address, and middlewares that see requests."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from airflow.models.crypto import get_fernet
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.server.reasons import Reason, reason

PASSED = "third_party_accounts.passed"
"""The key in a request's ASGI scope under which our middlewares leave their names as it passes them."""

MIDDLEWARES = ("projection", "attribution")
"""What every request to this API server has to pass."""


def mark_passed(scope: MutableMapping[str, Any], name: str) -> bool:
    """Note that a request passes a middleware.

    :param scope: the request's ASGI scope
    :param name: one of :data:`MIDDLEWARES`
    :return: whether it does so for the first time: a middleware that is installed twice works once
    """
    passed = scope.setdefault(PASSED, [])
    if name in passed:
        return False
    passed.append(name)
    return True


def middlewares(scope: Mapping[str, Any]) -> str:
    """Say which of our middlewares a request has not passed; empty text means all is well.

    :param scope: the request's ASGI scope
    :return: what is missing, in words
    """
    missing = [name for name in MIDDLEWARES if name not in scope.get(PASSED, ())]
    if not missing:
        return ""
    return f"Not installed in this API server: {', '.join(missing)}. Tasks are refused; see its log at start."


def checks(session: Session) -> dict[str, str]:
    """What is wrong, by what was looked at; empty text means all is well.

    :param session: a session
    :return: words, by ``fernet_key``, ``migrations`` and ``base_url``
    """
    return {name: wrong.text if wrong else "" for name, wrong in _wrong(session).items()}


def warnings(session: Session) -> list[Reason]:
    """What an admin has to mend.

    :param session: a session
    :return: one sentence for each thing
    """
    return [wrong for wrong in _wrong(session).values() if wrong]


def _wrong(session: Session) -> dict[str, Reason | None]:
    has_address = settings.base_url().startswith(("http://", "https://"))
    return {
        "fernet_key": None if get_fernet().is_encrypted else reason("fernet_key_empty"),
        "migrations": _migrations(session),
        "base_url": None if has_address else reason("base_url_unset"),
    }


def _migrations(session: Session) -> Reason | None:
    from airflow_thirdparty.server.store.manager import ThirdPartyAccountsDBManager

    try:
        manager: Any = ThirdPartyAccountsDBManager
        if not manager(session).check_migration():
            return reason("tables_old")
        differences = str(manager(session).foreign_tables())
        return reason("tables_foreign", differences=differences) if differences else None
    except Exception as error:  # whatever keeps the check from running is what the admin has to hear
        return reason("tables_unchecked", error=type(error).__name__)
