"""Handing out access tokens: from the row when they are good, after a refresh when they are not."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountMisconfigured, ServiceUnavailable
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.database import in_database
from airflow_thirdparty.server.broker.registry import endpoints
from airflow_thirdparty.server.broker.tokens import refusals
from airflow_thirdparty.server.broker.tokens.doubts import Doubts
from airflow_thirdparty.server.broker.tokens.freshness import (
    Freshness,
    TokenRequirements,
    judge,
)
from airflow_thirdparty.server.broker.tokens.refresher import Refresher, StillRefreshing
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import sign_ins
from airflow_thirdparty.server.store.models import SignIn
from airflow_thirdparty.server.store.seal import SealError
from airflow_thirdparty.server.store.sign_ins import Credentials, SignInFacts

MAX_WAIT = 3.0
"""Longest a request is held, in seconds; Airflow's client gives up on a try after five."""


LONGEST_EXTRA = 2000
"""Characters of scopes that tasks may add to a person's sign-in: addresses to services stay below 8,000."""


@dataclass(frozen=True)
class AccessToken:
    """What a task gets.

    :param value: the access token; for a ``key`` account the key, for ``basic`` the password
    :param expires_at: when it expires; ``None`` when the service did not say
    :param login: the user's name at the service, for ``basic``
    :param renewable: whether the service gave something to get the next one with
    """

    value: str = field(repr=False)
    expires_at: datetime | None
    scopes: tuple[str, ...]
    subject: str
    subject_name: str
    login: str | None = None
    renewable: bool = True


@dataclass(frozen=True)
class Found:
    """What the row yields at once.

    :param account: the account, with the address of the API that the service named at this sign-in
    :param token: the access token, when it may be handed out as it is
    :param renew: whether the row needs a refresh, before or beside handing out
    :param asked: the scopes that the sign-in asked for
    :param fallback: the access token, when it may be handed out only if it cannot be refreshed: nobody said
        that it has expired
    :param doubted: the access token, when it may be handed out only if the service still accepts it
    """

    account: Account
    row_id: int
    version: int
    subject: str
    subject_name: str
    token: AccessToken | None
    renew: bool
    asked: tuple[str, ...] = ()
    fallback: AccessToken | None = None
    doubted: AccessToken | None = None


def with_api_host(account: Account, row: SignIn | SignInFacts) -> Account:
    """The account with the address of the API as its service named it, where an admin entered none.

    :param account: as it is registered now
    :param row: the sign-in
    :return: the same account at most services
    """
    if not account.preset.host_from or "host" in account.entered.addresses:
        return account
    return replace(account, host=endpoints.load(row.endpoints).api_host or account.host)


def asked_scopes(row: SignIn | SignInFacts, account: Account) -> tuple[str, ...]:
    """What a sign-in asked for; asking for it again would be no help where the service granted less.

    :param row: the sign-in
    :param account: the account as it is registered now
    :return: scopes; the account's own where it is not known
    """
    return account.scopes if row.asked_scopes is None else tuple(row.asked_scopes.split())


def _missing(
    account: Account, requirements: TokenRequirements, granted: tuple[str, ...], asked: tuple[str, ...]
) -> tuple[str, ...]:
    """What a new sign-in could bring, or an admin: the scopes neither granted nor asked for before."""
    wanted = requirements.scopes or account.scopes
    return account.preset.scope_rules().missing(wanted, granted, asked)


def _ask_for_them_next_time(
    session: Session, row: SignIn, account: Account, missing: tuple[str, ...]
) -> None:
    """Note what a task needs, so that the page asks for the union; bounded, since any task may ask."""
    known = sign_ins.scopes_to_ask(row, account.scopes)
    further = [scope for scope in missing if scope not in known]
    text = " ".join([*(row.extra_scopes or "").split(), *further])
    if further and len(text) <= LONGEST_EXTRA:
        sign_ins.note(session, row.id, row.version, None, extra_scopes=text)
        session.commit()  # the refusal that follows may roll back


def missing_scopes(
    row: SignIn | SignInFacts, account: Account, requirements: TokenRequirements
) -> tuple[str, ...]:
    """The scopes for want of which a sign-in is refused.

    :param row: the sign-in
    :param account: the account as it is registered now
    :param requirements: what the task asks of the token
    :return: none where it is good, or where its kind has no scopes
    """
    if row.kind != "oauth2":
        return ()
    return _missing(account, requirements, tuple(row.scopes.split()), asked_scopes(row, account))


def freshness_of(
    row: SignIn | SignInFacts, account: Account, requirements: TokenRequirements, now: datetime
) -> Freshness:
    """Decide what to do with a sign-in's access token, from what is known of the sign-in alone.

    :param row: the sign-in
    :param account: the account as it is registered now
    :param requirements: what the task asks of the token
    :param now: the time, in UTC
    :raises SignInLapsed: when it has expired and there is nothing to refresh it with
    :return: what to do
    """
    freshness = judge(
        row.access_issued_at,
        row.access_expires_at,
        requirements,
        account.min_lifetime,
        now,
        assumed=row.expiry_assumed,
    )
    if row.is_refreshable:
        return freshness
    if row.access_expires_at is not None and row.access_expires_at <= now:
        raise refusals.expired_for_good(account)
    refused = requirements.force_refresh and freshness is Freshness.REFRESH_FIRST
    if row.kind == "oauth2" and (refused or row.soft_lapsed_at is not None):
        return Freshness.ASK_FIRST
    return Freshness.USE


def open_token(row: SignIn | SignInFacts) -> AccessToken:
    """The access token of a sign-in, as it is handed out.

    :param row: the sign-in
    :raises SealError: when it cannot be opened here
    :return: the token
    """
    value = sign_ins.open_access(row)
    login = None
    if row.kind == "basic":
        login, value = json.loads(value)
    return AccessToken(
        value,
        row.told_expiry,
        tuple(row.scopes.split()),
        row.subject,
        row.subject_name,
        login,
        renewable=row.is_refreshable,
    )


class TokenBroker:
    """Hands out access tokens in this process.

    :param refresher: refreshes them
    """

    def __init__(self, refresher: Refresher) -> None:
        self.refresher = refresher
        self.doubts = Doubts(refresher.transport, refresher.clock)

    def look_up(
        self, session: Session, person: Person, account: Account, requirements: TokenRequirements
    ) -> Found:
        """Read the person's sign-in and decide what to do with its access token.

        :param session: a session
        :param person: whose it is
        :param account: the account as it is registered now
        :param requirements: what the task asks of the token
        :raises ThirdPartyAccountError: when the sign-in cannot be used, in words
        :return: the access token, or what is needed to refresh it
        """
        row = sign_ins.find(session, person, account.conn_id)
        if row is None:
            raise refusals.sign_in_required(account, person.name)
        refusals.check_sign_in(row, account)
        if missing := missing_scopes(row, account, requirements):
            _ask_for_them_next_time(session, row, account, missing)
            raise refusals.scopes_missing(account, missing)
        now = self.refresher.clock()
        freshness = freshness_of(row, account, requirements, now)
        assumed = bool(row.expiry_assumed)
        if assumed and requirements.force_refresh and freshness is Freshness.REFRESH_FIRST:
            # the service itself refused it: from now on it has an end that is not assumed
            sign_ins.note(session, row.id, row.version, None, access_expires_at=now, expiry_assumed=False)
            assumed = False
        may_wait = freshness in (Freshness.USE_AND_REFRESH, Freshness.ASK_FIRST) or assumed
        if may_wait and row.retry_at is not None and row.retry_at > now:
            if freshness is Freshness.ASK_FIRST and row.soft_lapsed_at is not None:
                raise refusals.token_refused(account)
            freshness = Freshness.USE  # the service was just asked, in vain
        renew = freshness in (Freshness.USE_AND_REFRESH, Freshness.REFRESH_FIRST)
        asked = asked_scopes(row, account)
        found = Found(
            with_api_host(account, row),
            row.id,
            row.version,
            row.subject,
            row.subject_name,
            None,
            renew,
            asked,
        )
        if freshness is Freshness.ASK_FIRST:
            return replace(found, doubted=self._open(session, row, account))
        if freshness is not Freshness.REFRESH_FIRST:
            return replace(found, token=self._open(session, row, account))
        return replace(found, fallback=self._open(session, row, account)) if assumed else found

    @staticmethod
    def _open(session: Session, row: SignIn, account: Account) -> AccessToken:
        try:
            return open_token(row)
        except SealError as error:
            raise refusals.cannot_be_opened(session, row, account, error) from None

    async def hand_out(
        self, found: Found, requirements: TokenRequirements, max_wait: float = MAX_WAIT
    ) -> AccessToken:
        """Answer what was found, after a refresh if need be.

        :param found: what :meth:`look_up` found
        :param requirements: what the task asks of the token
        :param max_wait: longest to wait for a refresh, in seconds
        :raises StillRefreshing: when the refresh takes longer; it goes on
        :raises ThirdPartyAccountError: when there is no token to be had
        :return: a token that meets the requirements
        """
        if found.token is not None:
            if found.renew:
                self.refresher.refresh_in_background(found.row_id, found.version, found.account)
            return found.token
        if found.doubted is not None:
            value = found.doubted.value
            await self.doubts.settle(found.row_id, found.version, found.account, value, max_wait)
            return found.doubted
        try:
            refreshed = await self.refresher.refresh(found.row_id, found.version, found.account, max_wait)
        except (ServiceUnavailable, AccountMisconfigured, refusals.SoftLapsed):
            if found.fallback is not None:
                return found.fallback
            raise
        return self._judged(found, refreshed, requirements)

    def _judged(self, found: Found, refreshed: Credentials, requirements: TokenRequirements) -> AccessToken:
        account = found.account
        missing = _missing(account, requirements, refreshed.scopes, found.asked)
        if missing:
            raise refusals.scopes_missing(account, missing)
        again = TokenRequirements(requirements.scopes, requirements.min_lifetime)
        now = self.refresher.clock()
        freshness = judge(
            refreshed.issued_at,
            refreshed.expires_at,
            again,
            account.min_lifetime,
            now,
            assumed=refreshed.expiry_assumed,
        )
        if freshness is Freshness.REFRESH_FIRST:
            raise StillRefreshing(
                f"The access token of account '{account.conn_id}' is being refreshed.", "Ask again."
            )
        return AccessToken(
            refreshed.access,
            refreshed.told_expiry,
            refreshed.scopes,
            found.subject,
            found.subject_name,
        )

    async def token(
        self, person: Person, account: Account, requirements: TokenRequirements, max_wait: float = MAX_WAIT
    ) -> AccessToken:
        """Hand out an access token of this person.

        :param person: whose it is
        :param account: the account as it is registered now
        :param requirements: what the task asks of the token
        :param max_wait: longest to wait for a refresh, in seconds
        :raises ThirdPartyAccountError: when there is none to be had, in words
        :return: a token that meets the requirements
        """
        found = await in_database(self.look_up, person=person, account=account, requirements=requirements)
        return await self.hand_out(found, requirements, max_wait)
