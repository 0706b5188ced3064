"""The accounts as an admin sees them: whether they work, and how many people are signed in; never who."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.broker.registry.registrations import AccountEntry
from airflow_thirdparty.server.broker.tokens import refusals
from airflow_thirdparty.server.store import account_health, sign_in_counts
from airflow_thirdparty.server.store.models import AccountHealth


@dataclass(frozen=True)
class Overview:
    """One account.

    :param problem: why it cannot be used, or does not work with its service
    :param problem_at: since when, where that is known
    :param sign_ins: how many people have a sign-in
    :param lapsed: how many of them must sign in again
    """

    entry: AccountEntry
    problem: AccountMisconfigured | None
    problem_at: datetime | None
    sign_ins: int
    lapsed: int


def of_accounts(session: Session) -> list[Overview]:
    """All accounts, by id, in a constant number of queries.

    :param session: a session
    :return: them
    """
    counted = sign_in_counts.counts(session)
    health = account_health.all_of(session)
    return [
        Overview(entry, *_problem(entry, health.get(conn_id)), *counted.get(conn_id, (0, 0)))
        for entry in registrations.list_all(session)
        for conn_id in (entry.registration.conn_id,)
    ]


def _problem(
    entry: AccountEntry, health: AccountHealth | None
) -> tuple[AccountMisconfigured | None, datetime | None]:
    if entry.account is None or health is None or health.flagged_at is None:
        return entry.problem, None
    said = (health.flagged_text or "the service turns Airflow away").rstrip(".")
    return refusals.account_flagged(entry.account, said), health.flagged_at
