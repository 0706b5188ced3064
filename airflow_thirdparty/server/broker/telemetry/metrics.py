"""Counters and timers, through Airflow's own metrics."""

from __future__ import annotations

import logging

from airflow.observability.stats import Stats

from airflow_thirdparty.server.oauth.errors import OAuthError

log = logging.getLogger(__name__)


def _count(name: str, **tags: str) -> None:
    try:
        Stats.incr(f"third_party_accounts.{name}", tags=tags)
    except Exception:  # a broken metrics backend must not cost anybody a token
        log.debug("Could not count %s", name, exc_info=True)


def prepare() -> None:
    """Have Airflow read its own list of metrics, which takes it a tenth of a second; nothing is counted."""
    try:
        Stats.incr("third_party_accounts.issued", 0)
    except Exception:  # as above
        log.debug("Metrics could not be prepared", exc_info=True)


def issued(conn_id: str) -> None:
    """An access token was handed to a task.

    :param conn_id: id of the account
    """
    _count("issued", account=conn_id)


def refused(conn_id: str, code: str) -> None:
    """A task was refused.

    :param conn_id: id of the account
    :param code: code of the refusal
    """
    _count("refused", account=conn_id, reason=code)


def refreshed(conn_id: str, seconds: float) -> None:
    """A sign-in was refreshed.

    :param conn_id: id of the account
    :param seconds: how long the service took
    """
    _count("refreshed", account=conn_id)
    try:
        Stats.timing("third_party_accounts.refresh", seconds * 1000, tags={"account": conn_id})
    except Exception:  # as above
        log.debug("Could not time a refresh", exc_info=True)


def refresh_failed(conn_id: str, error: OAuthError) -> None:
    """A refresh did not yield a token.

    :param conn_id: id of the account
    :param error: what went wrong
    """
    _count("refresh_failed", account=conn_id, kind=error.kind.value)


def lapsed(conn_id: str) -> None:
    """A service withdrew a sign-in.

    :param conn_id: id of the account
    """
    _count("lapsed", account=conn_id)


def soft_lapsed(conn_id: str) -> None:
    """A service refused a sign-in for so long that its person is asked to sign in again.

    :param conn_id: id of the account
    """
    _count("soft_lapsed", account=conn_id)


def lost(conn_id: str) -> None:
    """New tokens could not be written.

    :param conn_id: id of the account
    """
    _count("lost", account=conn_id)


def attribution_not_recorded() -> None:
    """It could not be put on record who caused a run or a re-run."""
    _count("attribution_not_recorded")
