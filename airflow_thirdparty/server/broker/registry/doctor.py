"""Tries all that can be tried of an account without a person, and says of each step what it knows.

Nothing is red that was not seen to be wrong: what only a sign-in shows is said to be so.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker import links
from airflow_thirdparty.server.broker.database import in_database
from airflow_thirdparty.server.broker.registry import check, oauth_client, registrations
from airflow_thirdparty.server.broker.registry.endpoints import find_endpoints
from airflow_thirdparty.server.broker.registry.findings import Finding, Report, found, read, refused
from airflow_thirdparty.server.broker.telemetry import audit
from airflow_thirdparty.server.oauth import grants
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Client, Endpoints
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import account_seen
from airflow_thirdparty.server.store.models import SignIn

CLOCK_SKEW = timedelta(seconds=60)
"""By how much clocks may differ: ID tokens and expiries are compared with more leeway than that."""


_ASKING_NOBODY = frozenset({"registration", "address", "hooks", "shadow"})
"""Steps that are looked at each time."""

_OF_THE_ASKER = frozenset({"address", "shadow"})
"""Steps that show who asks, and where: others are not told of them."""


async def examine(
    transport: Transport, conn_id: str, now: datetime, by: Person | None = None, origin: str | None = None
) -> Report:
    """Check an account; at most once a minute, for all who ask.

    :param transport: the way to its service
    :param conn_id: id of the account
    :param now: the time, in UTC
    :param by: who asks; nobody known on the command line
    :param origin: where the asking browser reaches this Airflow, if it says so
    :raises NoSuchAccount: when there is no such account
    :return: what was found, now or within the last minute
    """
    try:
        account = await in_database(registrations.find, conn_id)
    except registrations.NoSuchAccount:
        raise
    except ThirdPartyAccountError as error:
        return Report(now, (refused("registration", "change", error),))
    asking_nobody = [finding async for finding in _asking_nobody(account, origin)]
    binding = account.binding().text()
    if not await in_database(account_seen.reserve_check, conn_id, binding, now):
        kept = await in_database(account_seen.of, conn_id)
        report = read(kept.report, kept.checked_at) if kept is not None and kept.checked_at else None
        if report is not None and report.findings:
            of_service = (finding for finding in report.findings if finding.step not in _ASKING_NOBODY)
            return Report(report.at, (*asking_nobody, *of_service))
    findings = (*asking_nobody, *[finding async for finding in _asking(transport, account, now)])
    await in_database(_keep, account=account, now=now, findings=findings, by=by)
    return Report(now, findings)


def _keep(
    session: Session, account: Account, now: datetime, findings: tuple[Finding, ...], by: Person | None
) -> None:
    report: list[dict[str, Any]] = [asdict(each) for each in findings if each.step not in _OF_THE_ASKER]
    account_seen.store_report(session, account.conn_id, account.binding().text(), now, report)
    outcome = Report(now, findings).outcome
    audit.write(session, "account_checked", conn_id=account.conn_id, person=by, outcome=outcome)


async def _asking_nobody(account: Account, origin: str | None) -> AsyncIterator[Finding]:
    yield await in_database(check.registration, account=account)
    yield check.address(account, origin)
    for finding in check.hooks(account):
        yield finding


async def _asking(transport: Transport, account: Account, now: datetime) -> AsyncIterator[Finding]:
    if account.kind == "oauth2":
        async for finding in _service(transport, account, now):
            yield finding
    else:
        yield found("client", "unknown", "own_credentials")


async def _service(transport: Transport, account: Account, now: datetime) -> AsyncIterator[Finding]:
    client, finding = await in_database(check.secret, account=account)
    yield finding
    try:
        endpoints = await find_endpoints(transport, account)
    except OAuthError as error:
        unfound = _unfound(error, account)
        yield unfound
        for finding in check.tenant(account, [unfound]):
            yield finding
        return
    yield _discovered(endpoints)
    reached = [finding async for finding in _reached(transport, endpoints, now)]
    for finding in (*reached, *check.tenant(account, [each for each in reached if each.step != "clock"])):
        yield finding
    if client is not None:
        yield await _client(transport, client, endpoints, account, now)
    yield check.pkce(account, endpoints)
    for finding in await in_database(_lasting, account=account, endpoints=endpoints):
        yield finding


def _discovered(endpoints: Endpoints) -> Finding:
    where = {"authorize": endpoints.authorize_url, "exchange": endpoints.exchange_url}
    if not endpoints.left_out:
        return found("discovery", "fine", "discovered", **where)
    left_out = " ".join(endpoints.left_out)
    return found("discovery", "fine", "discovered_in_part", **where, left_out=left_out)


def _unfound(error: OAuthError, account: Account) -> Finding:
    """Why the service's addresses were not found; a service that says it is in trouble is not judged."""
    wrong = oauth_client.to_user_error(error, account)
    if error.kind is not Kind.TRANSIENT:
        return refused("discovery", "change", wrong)
    if error.status is not None:
        return found("discovery", "unknown", "service_in_trouble", **wrong.values)
    return found("discovery", "change", "addresses_unreached", **wrong.values)


async def _reached(transport: Transport, endpoints: Endpoints, now: datetime) -> AsyncIterator[Finding]:
    """Whether the addresses that a browser and the server go to answer at all, whatever they say."""
    for step, url in (("authorize", endpoints.authorize_url), ("userinfo", endpoints.userinfo_url)):
        if url is None:
            continue
        try:
            answer = await transport.get(url, step=step)
        except OAuthError as error:
            yield found(step, "change", "not_reached", url=url, said=error.text)
            continue
        if answer.status in (404, 410):
            yield found(step, "unknown", "odd_answer", url=url, status=str(answer.status))
        else:
            yield found(step, "fine", "answers", url=url)
        skew = answer.clock_skew(now)
        if step == "authorize" and skew is not None:
            yield _clock(skew)


def _clock(skew: timedelta) -> Finding:
    if abs(skew) <= CLOCK_SKEW:
        return found("clock", "fine", "clock_agrees")
    return found("clock", "change", "clock_differs", seconds=str(int(abs(skew).total_seconds())))


async def _client(
    transport: Transport, client: Client, endpoints: Endpoints, account: Account, now: datetime
) -> Finding:
    """Exchange a code that nobody was given: a service that knows the client says that the code is wrong."""
    code, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    try:
        await grants.exchange_code(
            transport,
            client,
            endpoints,
            code,
            links.redirect_uri(account.conn_id),
            verifier,
            account.scopes,
            now,
            oauth_client.rules(account),
        )
    except OAuthError as error:
        return _judged(error)
    except ThirdPartyAccountError as error:
        return refused("client", "unknown", error)
    return found("client", "unknown", "unknown_code_taken")


def _judged(error: OAuthError) -> Finding:
    suffix, said = ("", error.code) if error.code else ("_wordless", error.text)
    if error.kind is Kind.PERMANENT:
        return found("client", "fine", f"client_known{suffix}", said=said)
    if error.kind is Kind.CLIENT and error.code not in _NOT_THE_CLIENT:
        return found("client", "change", f"client_refused{suffix}", said=said)
    return found("client", "unknown", f"client_unseen{suffix}", said=said)


_NOT_THE_CLIENT = frozenset({"invalid_request", "invalid_scope", "redirect_uri_mismatch", "access_denied"})
"""What services also answer to a code that they never gave, before they look at who sends it."""


def _lasting(session: Session, account: Account, endpoints: Endpoints) -> list[Finding]:
    """What sign-ins that were made show of the service, and what only a sign-in can show."""
    binding = account.binding().text()
    mine = select(SignIn.id).where(SignIn.conn_id == account.conn_id, SignIn.binding == binding).limit(1)
    has_refresh = session.scalar(mine.where(SignIn.sealed_refresh.is_not(None))) is not None
    refreshed = session.scalar(mine.where(SignIn.refreshed_at.is_not(None))) is not None
    return [
        found("refresh", "fine", "refresh_given")
        if has_refresh
        else found("refresh", "unknown", "at_sign_in"),
        found("rotation", "fine", "refreshed") if refreshed else found("rotation", "unknown", "at_refresh"),
        found("revocation", "fine", "revokes", url=endpoints.revoke_url)
        if endpoints.revoke_url
        else found("revocation", "unknown", "no_revocation"),
    ]
