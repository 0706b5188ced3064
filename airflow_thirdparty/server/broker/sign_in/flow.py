"""Signing in: from the button on the page to the stored sign-in."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker import links
from airflow_thirdparty.server.broker.database import in_database
from airflow_thirdparty.server.broker.registry import endpoints, oauth_client
from airflow_thirdparty.server.broker.sign_in import begun, kept_answers, storing
from airflow_thirdparty.server.broker.sign_in.refusals import to_user_error
from airflow_thirdparty.server.broker.sign_in.storing import PendingSignIn
from airflow_thirdparty.server.broker.telemetry.tracing import span
from airflow_thirdparty.server.oauth import authorization, grants, identity, token_answers
from airflow_thirdparty.server.oauth.errors import OAuthError
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Identity, TokenSet
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import authorizations, sign_ins
from airflow_thirdparty.server.store.authorizations import Dropped
from airflow_thirdparty.server.store.base import PersonColumns
from airflow_thirdparty.server.store.models import Authorization
from airflow_thirdparty.server.store.seal import SealError, seal

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
    account, client, scopes = await in_database(begun.to_begin, person=person, conn_id=conn_id)
    if account.kind != "oauth2":
        raise AccountMisconfigured(
            f"Account '{conn_id}' is of kind '{account.kind}': its users enter their own credential.",
            "Send the credential instead.",
            field="kind",
        )
    oauth_client.check_code_binding(account)
    try:
        with span("discovery", conn_id):
            found = await endpoints.find_endpoints(transport, account)
        request = authorization.begin(
            client,
            found,
            redirect_uri,
            scopes,
            account.authorize_params,
            allow_http=transport.allow_http,
            rules=oauth_client.rules(account),
        )
    except OAuthError as error:
        raise oauth_client.to_user_error(error, account) from None
    nonce = secrets.token_urlsafe(32)
    state_hash = begun.digest(request.state)
    row = Authorization(
        state_hash=state_hash,
        conn_id=conn_id,
        browser_hash=begun.digest(nonce),
        binding=account.binding().text(),
        endpoints=endpoints.dump(found),
        redirect_uri=redirect_uri,
        scopes=" ".join(scopes),
        return_to=return_to,
        switch_subject=switch_subject,
        expires_at=now + LIFETIME,
        **PersonColumns.person_values(person),
    )
    kept = json.dumps({"verifier": request.verifier, "nonce": request.nonce})
    try:
        row.sealed = seal(kept, begun.seal_context(row))
    except SealError as error:
        raise storing.cannot_be_kept(error) from None
    dropped = await in_database(authorizations.add, row)
    return StartedSignIn(request.url, state_hash, nonce, dropped)


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
    pending = await in_database(_take, person, conn_id, state, browser_nonces, clock())
    return await _finish(transport, person, pending, params, clock)


def _take(
    session: Session, person: Person, conn_id: str, state: str, nonces: dict[str, str], now: datetime
) -> PendingSignIn:
    return begun.take(session, person, begun.find(session, conn_id, begun.digest(state), nonces, now))


async def resume(
    transport: Transport,
    person: Person,
    conn_id: str,
    state_hash: str,
    browser_nonces: dict[str, str],
    clock: Callable[[], datetime],
) -> Completed:
    """Go on with an answer that came while nobody was logged in to Airflow, as :func:`complete` does.

    :param transport: the way to services
    :param person: who is logged in to Airflow now
    :param conn_id: id of the account, from the path
    :param state_hash: names the sign-in
    :param browser_nonces: the browser's cookies, by hash of the state
    :param clock: tells the time; asked again after the service has answered
    :raises SignInRefused: when it is not this user's and browser's; of another user's nothing is left then
    :raises ThirdPartyAccountError: as :func:`complete` does
    :return: who they are at the service, and where to go back to
    """
    pending, params = await in_database(
        kept_answers.take, person, conn_id, state_hash, browser_nonces, clock()
    )
    return await _finish(transport, person, pending, params, clock)


async def _finish(
    transport: Transport,
    person: Person,
    pending: PendingSignIn,
    params: list[tuple[str, str]],
    clock: Callable[[], datetime],
) -> Completed:
    try:
        with span("exchange", pending.account.conn_id):
            tokens, who = await _exchange(transport, pending, params, clock())
    except OAuthError as error:
        if error.step == "authorization":  # declined, or a scope the service does not know
            await in_database(sign_ins.forget_extra_scopes, person, pending.account.conn_id)
        raise to_user_error(error, pending.account) from None
    other = await in_database(storing.store_sign_in, person, pending, tokens, who, clock())
    if other is not None:
        raise other
    granted = tokens.scopes if tokens.scopes is not None else pending.scopes
    not_granted = pending.account.preset.scope_rules().missing(pending.scopes, granted)
    return Completed(pending.account, who, pending.return_to, not_granted)


async def _exchange(
    transport: Transport, pending: PendingSignIn, params: list[tuple[str, str]], now: datetime
) -> tuple[TokenSet, Identity]:
    rules = oauth_client.rules(pending.account)
    code = authorization.check_answer(pending.endpoints, params, dict(params).get("state", ""), rules)
    tokens = await grants.exchange_code(
        transport,
        pending.client,
        pending.endpoints,
        code=code,
        redirect_uri=pending.redirect_uri,
        verifier=pending.verifier,
        scopes=pending.scopes,
        now=now,
        rules=rules,
    )
    if pending.account.preset.scopes_checked == "callback":
        told = dict(params).get("scope")
        tokens = replace(tokens, scopes=token_answers.granted_scopes(told, tokens.scopes, rules))
    who = await identity.identify(
        transport, pending.endpoints, tokens, pending.client, nonce=pending.nonce, now=now, rules=rules
    )
    return tokens, who
