"""Whether this API server can do its work: key, migrations, address, and middlewares that see requests."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from airflow.models.crypto import get_fernet
from sqlalchemy.orm import Session

from airflow_thirdparty import settings

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
    return {
        "fernet_key": ""
        if get_fernet().is_encrypted
        else "[core] fernet_key is empty: no user can sign in, and the DAG policy is told of no accounts.",
        "migrations": _migrations(session),
        "base_url": ""
        if settings.base_url().startswith(("http://", "https://"))
        else "[api] base_url is not set: no user can sign in.",
    }


def warnings(session: Session) -> list[str]:
    """What an admin has to mend, in words.

    :param session: a session
    :return: one sentence for each thing
    """
    return [text for text in checks(session).values() if text]


def _migrations(session: Session) -> str:
    from airflow_thirdparty.server.store.manager import ThirdPartyAccountsDBManager

    try:
        manager: Any = ThirdPartyAccountsDBManager
        if not manager(session).check_migration():
            return "The tables are missing or old: run 'airflow db migrate'."
        return str(manager(session).foreign_tables())
    except Exception as error:  # whatever keeps the check from running is what the admin has to hear
        return f"The tables could not be checked: {type(error).__name__}."
