"""Signing in: from the button on the page to the stored sign-in."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.protocol import SCOPE_PATTERN
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker import links
from airflow_thirdparty.server.broker.database import in_database
from airflow_thirdparty.server.broker.registry import endpoints, oauth_client, registrations
from airflow_thirdparty.server.broker.sign_in import storing
from airflow_thirdparty.server.broker.sign_in.refusals import not_ours, to_user_error
from airflow_thirdparty.server.broker.sign_in.storing import PendingSignIn
from airflow_thirdparty.server.broker.telemetry import audit
from airflow_thirdparty.server.broker.telemetry.tracing import span
from airflow_thirdparty.server.oauth import authorization, grants, identity
from airflow_thirdparty.server.oauth.errors import OAuthError
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Client, Identity, TokenSet
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import authorizations
from airflow_thirdparty.server.store.authorizations import Dropped
from airflow_thirdparty.server.store.base import PersonColumns
from airflow_thirdparty.server.store.models import Authorization
from airflow_thirdparty.server.store.seal import SealContext, SealError, open_sealed, seal

LIFETIME = timedelta(minutes=10)
"""How long a sign-in that was begun may take: as long as a code may live (RFC 6749 section 4.1.2)."""


@dataclass(frozen=True)
class StartedSignIn:
    """A sign-in that was begun.

    :param authorization_url: where the browser goes
    :param state_hash: names the browser's cookie
    :param browser_nonce: the cookie's value; only its hash is stored
    :param dropped: whose cookies the browser need not keep any more
    """

    authorization_url: str = field(repr=False)
    state_hash: str
    browser_nonce: str = field(repr=False)
    dropped: tuple[Dropped, ...] = ()


@dataclass(frozen=True)
class Completed:
    """A sign-in that succeeded.

    :param not_granted: scopes that were asked for and not granted
    """

    account: Account
    identity: Identity
    return_to: str | None
    not_granted: tuple[str, ...] = ()


def digest(text: str) -> str:
    """What is stored of a state or a browser's nonce.

    :param text: the value that goes through the browser
    :return: its SHA-256, in hexadecimal
    """
    return hashlib.sha256(text.encode()).hexdigest()


async def begin(
    transport: Transport,
    person: Person,
    conn_id: str,
    now: datetime,
    return_to: str | None = None,
    switch_subject: bool = False,
) -> StartedSignIn:
    """Begin a sign-in (RFC 6749 section 4.1.1, RFC 7636, OpenID Connect Core 3.1.2.1).

    :param transport: the way to services
    :param person: who signs in
    :param conn_id: id of the account
    :param now: the time, in UTC
    :param return_to: page of this Airflow to go back to afterwards
    :param switch_subject: the user agreed to replace a sign-in as somebody else
    :raises AccountMisconfigured: naming the field and the remedy
    :raises ServiceUnavailable: when the service does not answer
    :return: where the browser goes, and the value for its cookie
    """
    redirect_uri = links.redirect_uri(conn_id)
    account, client = await in_database(_account_and_client, conn_id=conn_id)
    if account.kind != "oauth2":
        raise AccountMisconfigured(
            f"Account '{conn_id}' is of kind '{account.kind}': its users enter their own credential.",
            "Send the credential instead.",
            field="kind",
        )
    try:
        with span("discovery", conn_id):
            found = await endpoints.find_endpoints(transport, account)
        request = authorization.begin(
            client,
            found,
            redirect_uri,
            account.scopes,
            account.authorize_params,
            allow_http=transport.allow_http,
            rules=oauth_client.rules(account),
        )
    except OAuthError as error:
        raise oauth_client.to_user_error(error, account) from None
    nonce = secrets.token_urlsafe(32)
    state_hash = digest(request.state)
    row = Authorization(
        state_hash=state_hash,
        conn_id=conn_id,
        browser_hash=digest(nonce),
        binding=account.binding().text(),
        endpoints=endpoints.dump(found),
        redirect_uri=redirect_uri,
        scopes=" ".join(account.scopes),
        return_to=return_to,
        switch_subject=switch_subject,
        expires_at=now + LIFETIME,
        **PersonColumns.person_values(person),
    )
    kept = json.dumps({"verifier": request.verifier, "nonce": request.nonce})
    try:
        row.sealed = seal(kept, _seal_context(row))
    except SealError as error:
        raise storing.cannot_be_kept(error) from None
    dropped = await in_database(authorizations.add, row)
    return StartedSignIn(request.url, state_hash, nonce, dropped)


def _account_and_client(session: Session, conn_id: str) -> tuple[Account, Client]:
    account = registrations.find(session, conn_id)
    if account.kind != "oauth2":
        return account, Client(account.client_id)
    return account, oauth_client.client(session, account)


def _seal_context(row: Authorization) -> SealContext:
    return SealContext("authorization", row.conn_id, 1, row.person, row.state_hash)


async def complete(
    transport: Transport,
    person: Person,
    conn_id: str,
    params: list[tuple[str, str]],
    browser_nonces: dict[str, str],
    clock: Callable[[], datetime],
) -> Completed:
    """Take the service's answer and store the sign-in (RFC 6749 section 4.1.2 and following).

    :param transport: the way to services
    :param person: who is logged in to Airflow now
    :param conn_id: id of the account, from the callback's path
    :param params: the callback's query, as received
    :param browser_nonces: the browser's cookies, by hash of the state
    :param clock: tells the time; asked again after the service has answered
    :raises SignInRefused: when the answer does not belong to this user and browser; nothing is stored
    :raises SignInCancelled: when the user said no
    :raises OtherSubject: when the user is somebody else there than before
    :raises ThirdPartyAccountError: for everything else that went wrong, in words
    :return: who they are at the service, and where to go back to
    """
    state = dict(params).get("state", "")
    now = clock()
    pending = await in_database(_take, person, conn_id, state, browser_nonces, now)
    try:
        with span("exchange", conn_id):
            tokens, who = await _exchange(transport, pending, params, state, now)
    except OAuthError as error:
        raise to_user_error(error, pending.account) from None
    other = await in_database(storing.store_sign_in, person, pending, tokens, who, clock())
    if other is not None:
        raise other
    granted = tokens.scopes if tokens.scopes is not None else pending.scopes
    not_granted = pending.account.preset.scope_rules().missing(pending.scopes, granted)
    return Completed(pending.account, who, pending.return_to, not_granted)


def _take(
    session: Session, person: Person, conn_id: str, state: str, nonces: dict[str, str], now: datetime
) -> PendingSignIn:
    authorizations.remove_expired(session, now)
    state_hash = digest(state)
    row = session.get(Authorization, state_hash)
    if row is None:
        raise not_ours(
            "it was used before, took longer than ten minutes, gave way to newer ones or was never begun here"
        )
    nonce = nonces.get(state_hash, "")
    if not hmac.compare_digest(digest(nonce), row.browser_hash):
        raise not_ours("it was begun in another browser, or too many were begun in this one since")
    if row.person != person or row.conn_id != conn_id:
        raise not_ours("it was begun by another user or for another account")
    try:
        kept = json.loads(open_sealed(row.sealed, _seal_context(row)))
    except SealError as error:
        audit.write(session, "seal_refused", conn_id=conn_id, person=person, code=error.code)
        session.commit()  # the refusal that follows rolls back, the audit row stays
        raise not_ours(f"what was kept of it cannot be opened ({error.code})") from None
    account, client = _account_and_client(session, conn_id)
    if account.binding().text() != row.binding:
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
    if authorizations.remove(session, state_hash) != 1:
        raise not_ours("it was used before")
    return pending


async def _exchange(
    transport: Transport, pending: PendingSignIn, params: list[tuple[str, str]], state: str, now: datetime
) -> tuple[TokenSet, Identity]:
    code = authorization.check_answer(pending.endpoints, params, state)
    tokens = await grants.exchange_code(
        transport,
        pending.client,
        pending.endpoints,
        code=code,
        redirect_uri=pending.redirect_uri,
        verifier=pending.verifier,
        scopes=pending.scopes,
        now=now,
        rules=oauth_client.rules(pending.account),
    )
    if pending.account.preset.scopes_checked == "callback":
        tokens = replace(tokens, scopes=_granted_in(params) or tokens.scopes)
    who = await identity.identify(
        transport, pending.endpoints, tokens, client_id=pending.client.client_id, nonce=pending.nonce, now=now
    )
    return tokens, who


def _granted_in(params: list[tuple[str, str]]) -> tuple[str, ...]:
    """The scopes that the callback names."""
    words = dict(params).get("scope", "").replace(",", " ").split()
    return tuple(dict.fromkeys(word for word in words if SCOPE_PATTERN.fullmatch(word)))
