"""Sign-ins that were begun: found by what the browser brings, opened for whoever began them, taken once."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.registry import endpoints, oauth_client, registrations
from airflow_thirdparty.server.broker.sign_in.refusals import not_ours
from airflow_thirdparty.server.broker.sign_in.storing import PendingSignIn
from airflow_thirdparty.server.broker.telemetry import audit
from airflow_thirdparty.server.oauth.types import Client
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import authorizations, sign_ins
from airflow_thirdparty.server.store.models import Authorization
from airflow_thirdparty.server.store.seal import SealContext, SealError, open_sealed


def digest(text: str) -> str:
    """What is stored of a state or a browser's nonce.

    :param text: the value that goes through the browser
    :return: its SHA-256, in hexadecimal
    """
    return hashlib.sha256(text.encode()).hexdigest()


def account_and_client(session: Session, conn_id: str) -> tuple[Account, Client]:
    """The account, and this Airflow as its service knows it.

    :param session: a session
    :param conn_id: id of the account
    :raises AccountMisconfigured: naming the field and the remedy
    :return: both; the client of an account without OAuth has no secret
    """
    account = registrations.find(session, conn_id)
    if account.kind != "oauth2":
        return account, Client(account.client_id)
    return account, oauth_client.client(session, account)


def to_begin(session: Session, person: Person, conn_id: str) -> tuple[Account, Client, tuple[str, ...]]:
    """What a sign-in begins with.

    :param session: a session
    :param person: who signs in
    :param conn_id: id of the account
    :raises AccountMisconfigured: naming the field and the remedy
    :return: the account, this Airflow's client, and the scopes to ask for
    """
    account, client = account_and_client(session, conn_id)
    return account, client, sign_ins.scopes_to_ask(sign_ins.find(session, person, conn_id), account.scopes)


def seal_context(row: Authorization, field: str = "authorization") -> SealContext:
    """Where a secret of a sign-in that was begun belongs.

    :param row: the sign-in
    :param field: which of its secrets
    :return: the context to seal it to
    """
    return SealContext(field, row.conn_id, 1, row.person, row.state_hash)


def is_of_browser(row: Authorization, nonces: Mapping[str, str]) -> bool:
    """Whether this browser began the sign-in.

    :param row: the sign-in
    :param nonces: the browser's cookies, by hash of the state
    :return: true when it brings the value of which the hash was stored
    """
    return hmac.compare_digest(digest(nonces.get(row.state_hash, "")), row.browser_hash)


def find(
    session: Session, conn_id: str, state_hash: str, nonces: Mapping[str, str], now: datetime
) -> Authorization:
    """The sign-in that this browser began.

    :param session: a session
    :param conn_id: id of the account, from the callback's path
    :param state_hash: hash of the state
    :param nonces: the browser's cookies, by hash of the state
    :param now: the time, in UTC
    :raises SignInRefused: when there is none any more, or it is another browser's or account's
    :return: it, left where it is
    """
    authorizations.remove_expired(session, now)
    row = session.get(Authorization, state_hash)
    if row is None:
        raise not_ours(
            "it was used before, took longer than ten minutes, gave way to newer ones or was never begun here"
        )
    if not is_of_browser(row, nonces):
        raise not_ours("it was begun in another browser, or too many were begun in this one since")
    if row.conn_id != conn_id:
        raise not_ours("it was begun by another user or for another account")
    return row


def take(session: Session, person: Person, row: Authorization) -> PendingSignIn:
    """Open a sign-in for whoever began it, and take it out of the store.

    :param session: deletes in its transaction
    :param person: who is logged in to Airflow now
    :param row: as :func:`find` found it
    :raises SignInRefused: when it is another user's, cannot be opened, is of an account that was changed, or
        somebody was faster
    :return: the sign-in; nobody can take it again
    """
    if row.person != person:
        raise not_ours("it was begun by another user or for another account")
    kept = json.loads(opened(session, row, row.sealed, seal_context(row)))
    account, client = account_and_client(session, row.conn_id)
    if not account.binding().covers(row.binding):
        raise not_ours("the account's addresses were changed in the meantime")
    pending = PendingSignIn(
        account,
        client,
        endpoints.load(row.endpoints),
        row.redirect_uri,
        tuple(row.scopes.split()),
        kept["verifier"],
        kept["nonce"],
        row.return_to,
        row.switch_subject,
    )
    if authorizations.remove(session, row.state_hash) != 1:
        raise not_ours("it was used before")
    return pending


def opened(session: Session, row: Authorization, sealed: str, context: SealContext) -> str:
    """Open one of a sign-in's secrets; one that does not open is put on record.

    :param session: writes an audit row in a transaction of its own
    :param row: the sign-in
    :param sealed: the ciphertext
    :param context: where it was found
    :raises SignInRefused: when it cannot be opened there
    :return: the secret
    """
    try:
        return open_sealed(sealed, context)
    except SealError as error:
        audit.write(session, "seal_refused", conn_id=row.conn_id, person=row.person, code=error.code)
        session.commit()  # the refusal that follows rolls back, the audit row stays
        raise not_ours(f"what was kept of it cannot be opened ({error.code})") from None
