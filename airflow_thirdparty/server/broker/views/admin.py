"""The accounts as an admin sees them: whether they work, and how many people are signed in; never who."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.registry import findings, registrations
from airflow_thirdparty.server.broker.registry.registrations import AccountEntry
from airflow_thirdparty.server.broker.tokens import refusals
from airflow_thirdparty.server.reasons import misconfigured
from airflow_thirdparty.server.store import account_health, account_seen, sign_in_counts
from airflow_thirdparty.server.store.models import AccountHealth, AccountSeen

State = Literal["worked", "failed", "untried"]
"""What is known of an account by evidence alone."""


@dataclass(frozen=True)
class Overview:
    """One account.

    :param problem: why it cannot be used, or does not work with its service
    :param problem_at: since when, where that is known
    :param state: what was last seen: that it worked, that it did not, or nothing
    :param state_at: when that was
    :param checked_at: when it was last checked
    :param sign_ins: how many people have a sign-in
    :param lapsed: how many of them must sign in again
    """

    entry: AccountEntry
    problem: AccountMisconfigured | None
    problem_at: datetime | None
    state: State
    state_at: datetime | None
    checked_at: datetime | None
    sign_ins: int
    lapsed: int


def of_accounts(session: Session) -> list[Overview]:
    """All accounts, by id, in a constant number of queries.

    :param session: a session
    :return: them
    """
    counted = sign_in_counts.counts(session)
    health = account_health.all_of(session)
    seen = account_seen.all_of(session)
    return [
        Overview(entry, *_state(entry, health.get(conn_id), seen.get(conn_id)), *counted.get(conn_id, (0, 0)))
        for entry in registrations.list_all(session)
        for conn_id in (entry.registration.conn_id,)
    ]


Known = tuple[AccountMisconfigured | None, datetime | None, State, datetime | None, datetime | None]


def _state(entry: AccountEntry, health: AccountHealth | None, seen: AccountSeen | None) -> Known:
    """The latest evidence decides; without any, nothing is claimed."""
    if entry.account is None:
        return entry.problem, None, "failed", None, None
    if seen is not None and seen.binding != entry.account.binding().text():
        seen = None
    checked_at = seen.checked_at if seen else None
    problem, since = _trouble(entry.account, health)
    if problem is not None:
        return problem, since, "failed", since, checked_at
    worked_at = seen.worked_at if seen else None
    report = findings.read(seen.report, seen.checked_at) if seen and seen.checked_at else None
    if report is not None and (worked_at is None or worked_at < report.at):
        for finding in report.findings:
            if finding.outcome == "change":
                return finding.problem(), report.at, "failed", report.at, checked_at
        if report.outcome == "fine":
            worked_at = report.at
    return None, None, "worked" if worked_at else "untried", worked_at, checked_at


def _trouble(
    account: Account, health: AccountHealth | None
) -> tuple[AccountMisconfigured | None, datetime | None]:
    if health is not None and health.flagged_at is not None:
        said = (health.flagged_text or "the service turns Airflow away").rstrip(".")
        return refusals.account_flagged(account, said), health.flagged_at
    if health is not None and health.next_call_at is not None and health.several_failed:
        silent = misconfigured("service_silent", account=account.conn_id, said=str(health.failed_text))
        return silent, health.failed_at
    return None, None
