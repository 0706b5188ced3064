"""Accounts without OAuth: people hand over a key, or login and password, of their own."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountMisconfigured, ThirdPartyAccountError
from airflow_thirdparty.server.accounts import api_auth
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.database import in_database
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.broker.sign_in import storing
from airflow_thirdparty.server.broker.telemetry import audit
from airflow_thirdparty.server.oauth.errors import OAuthError
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import sign_ins
from airflow_thirdparty.server.store.attempts import MOST, WINDOW, count_attempt
from airflow_thirdparty.server.store.seal import SealError
from airflow_thirdparty.server.store.sign_ins import Credentials


class TooManyAttempts(ThirdPartyAccountError):
    """A person handed over credentials for one account too often.

    :param conn_id: id of the account
    :param wait: how long until they may try again
    """

    code = "too_many_attempts"

    def __init__(self, conn_id: str, wait: timedelta) -> None:
        self.retry_after = max(1, math.ceil(wait.total_seconds()))
        super().__init__(
            f"You have handed over a credential for account '{conn_id}' {MOST} times within "
            f"{WINDOW.total_seconds() / 60:.0f} minutes.",
            f"Try again in {math.ceil(self.retry_after / 60)} minutes.",
        )


async def store(
    transport: Transport, person: Person, conn_id: str, login: str | None, key: str, now: datetime
) -> None:
    """Store the user's own key, or login and password, for an account of kind ``key`` or ``basic``.

    Where it is known how, the service is asked first whether it takes the credential; one that does not
    answer keeps nobody from storing it.

    :param transport: the way to services
    :param person: who hands it over
    :param conn_id: id of the account
    :param login: their name at the service; needed for ``basic``
    :param key: the key, or the password
    :param now: the time, in UTC
    :raises AccountMisconfigured: when the account is of another kind, or the credential is unusable
    :raises TooManyAttempts: when this person tried too often with this account
    """
    # in a transaction of its own: what is refused below counts as well
    wait = await in_database(_count, person=person, conn_id=conn_id, now=now)
    if wait is not None:
        raise TooManyAttempts(conn_id, wait)
    account = await in_database(registrations.find, conn_id=conn_id)
    _checked(account, login, key)
    await _try(transport, account, login, key.strip() if account.kind == "key" else key)
    await in_database(_store, person=person, conn_id=conn_id, login=login, key=key, now=now)


def _count(session: Session, person: Person, conn_id: str, now: datetime) -> timedelta | None:
    registrations.find(session, conn_id)  # only accounts that there are get rows
    return count_attempt(session, person, conn_id, now)


def _store(
    session: Session, person: Person, conn_id: str, login: str | None, key: str, now: datetime
) -> None:
    account = registrations.find(session, conn_id)
    value = _checked(account, login, key)
    name = login or person.name
    columns = {
        "kind": account.kind,
        "issuer": "",
        "subject": name,
        "subject_name": name,
        "binding": account.binding().text(),
        "endpoints": "{}",
        "signed_in_at": now,
        "refreshed_at": None,
    }
    try:
        sign_ins.put(session, person, conn_id, Credentials(value, None, now, None, ()), columns)
    except SealError as error:
        raise storing.cannot_be_kept(error) from None
    audit.write(session, "sign_in", conn_id=conn_id, person=person)


async def _try(transport: Transport, account: Account, login: str | None, key: str) -> None:
    if not account.key_check_url:
        return
    headers = api_auth.request_headers(account, login, key)
    try:
        answer = await transport.get(account.key_check_url, step="userinfo", headers=headers)
    except OAuthError:
        return
    if answer.status in (401, 403):
        what = f"is not accepted by {account.preset.name} ({answer.status})"
        raise _unusable(account, "key", what, "Copy it from the service again.")


def _checked(account: Account, login: str | None, key: str) -> str:
    """The credential as it is stored."""
    if account.kind == "oauth2":
        raise AccountMisconfigured(
            f"Account '{account.conn_id}' does not take keys: people sign in at the service.",
            "Begin a sign-in.",
            field="kind",
        )
    if account.kind == "key":
        key = key.strip()  # what is copied from a page often brings a line end along
    elif not login or ":" in login:  # RFC 7617 section 2
        raise _unusable(account, "login", "is empty or has a colon", "Enter your login there.")
    if not key:
        raise _unusable(account, "key", "is empty", "Enter the key, or the password.")
    for field, text in (("login", login or ""), ("key", key)):
        # they go into HTTP headers, where a line end would begin another header
        if not text.isprintable():
            raise _unusable(
                account, field, "has a line end or another invisible character", "Enter it again."
            )
    return json.dumps([login, key]) if account.kind == "basic" else key


def _unusable(account: Account, field: str, what: str, remedy: str) -> AccountMisconfigured:
    return AccountMisconfigured(
        f"The credential for account '{account.conn_id}' cannot be used: '{field}' {what}.",
        remedy,
        field=field,
    )
