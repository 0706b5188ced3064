"""How an account stands for one person, in one word and in plain words: pure rules over what is stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from airflow_thirdparty import settings
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.tokens import keep_alive
from airflow_thirdparty.server.broker.tokens.broker import asked_scopes
from airflow_thirdparty.server.oauth.errors import ADMINS_KINDS
from airflow_thirdparty.server.store import sign_ins
from airflow_thirdparty.server.store.models import AccountHealth, SignIn


class Status(str, Enum):
    """What the page's icon says."""

    SIGNED_IN = "signed_in"
    SIGN_IN_NEEDED = "sign_in_needed"
    LAPSED = "lapsed"
    ACCOUNT_CHANGED = "account_changed"
    SCOPES_MISSING = "scopes_missing"
    SERVICE_UNREACHABLE = "service_unreachable"


@dataclass(frozen=True)
class AccountStatus:
    """What a person is told of an account.

    :param text: the same in words, with what to do
    :param at: since when, or of which moment that is
    :param ends_at: when the sign-in ends for want of anything that could refresh or use it
    """

    status: Status
    text: str
    at: datetime | None = None
    missing: tuple[str, ...] = ()
    ends_at: datetime | None = None


def standing(
    account: Account,
    row: SignIn | None,
    health: AccountHealth | None,
    now: datetime,
    used_at: datetime | None = None,
) -> AccountStatus:
    """Work out how the account stands for whoever ``row`` belongs to.

    :param account: the account as it is registered now
    :param row: the person's sign-in, if there is one
    :param health: what is known of the account's service, if anything is wrong
    :param now: the time, in UTC
    :param used_at: when the person last used or delegated the sign-in, if they did
    :return: the status, with what to do
    """
    if row is None:
        return AccountStatus(Status.SIGN_IN_NEEDED, "You have not signed in.")
    if not account.binding().covers(row.binding):
        return AccountStatus(
            Status.ACCOUNT_CHANGED,
            "An admin changed this account after you signed in, so your sign-in is not used any more. "
            "Sign in again.",
        )
    if row.lapsed_at is not None:
        return AccountStatus(
            Status.LAPSED, f"Your sign-in has lapsed: {row.lapsed_text}. Sign in again.", row.lapsed_at
        )
    expired = row.told_expiry is not None and row.told_expiry <= now
    if expired and row.sealed_refresh is None:
        return AccountStatus(
            Status.LAPSED,
            "Your sign-in has expired, and the service gave nothing to refresh it with. Sign in again.",
            row.access_expires_at,
        )
    if row.soft_lapsed_at is not None:
        return AccountStatus(Status.LAPSED, _softly_lapsed(row, expired), row.soft_lapsed_at)
    granted, asked = tuple(row.scopes.split()), asked_scopes(row, account)
    rules = account.preset.scope_rules()
    wanted = sign_ins.scopes_to_ask(row, account.scopes)
    missing = rules.missing(wanted, granted, asked) if row.kind == "oauth2" else ()
    if missing:
        return AccountStatus(
            Status.SCOPES_MISSING,
            f"Your sign-in does not cover: {' '.join(missing)}. Sign in again and allow it.",
            missing=missing,
        )
    stands = _with_end(_reachable(row, health, expired), account, row, now, used_at)
    narrower = rules.missing(account.scopes, granted) if row.kind == "oauth2" else ()
    if not narrower:
        return stands
    text = f"{stands.text} The service did not grant: {' '.join(narrower)}."
    return replace(stands, text=text, missing=narrower)


def _softly_lapsed(row: SignIn, expired: bool) -> str:
    if row.sealed_refresh is None:
        return f"The service refuses your sign-in: {row.failed_text}. Sign in again."
    still = "" if expired else " Your access still works for now."
    return (
        f"The service keeps refusing to refresh your sign-in: {row.failed_text}. Sign in again. "
        f"Until then it is tried by itself now and then.{still}"
    )


def _with_end(
    stands: AccountStatus, account: Account, row: SignIn, now: datetime, used_at: datetime | None
) -> AccountStatus:
    """Say when the sign-in ends, where nothing keeps it alive."""
    if row.sealed_refresh is None:
        return replace(stands, ends_at=row.told_expiry)
    end = keep_alive.ends_at(account, row)
    kept = keep_alive.can_be_kept(account, used_at, now, settings.keep_alive_days())
    if end is None or (kept and row.failed_at is None):
        return stands
    if end <= now:
        return replace(
            stands,
            text=f"{stands.text} It was not used in time and may have ended on {end:%Y-%m-%d}.",
            ends_at=end,
        )
    return replace(
        stands, text=f"{stands.text} If it is not used before, it ends on {end:%Y-%m-%d}.", ends_at=end
    )


def _reachable(row: SignIn, health: AccountHealth | None, expired: bool) -> AccountStatus:
    # what failed for one other person alone may be their sign-in's own trouble
    general = health is not None and health.next_call_at is not None and health.several_failed
    failed_at = row.failed_at or (health.failed_at if health and general else None)
    if failed_at is None:
        return AccountStatus(Status.SIGNED_IN, "You are signed in.", row.signed_in_at)
    text = row.failed_text or (health.failed_text if health else None) or "it did not answer as it should"
    still = "" if expired else " Your access still works for now."
    flagged = health is not None and health.flagged_at is not None
    if flagged and row.failed_kind in ADMINS_KINDS:
        said = f"The service turns this Airflow away: {text}. An admin has to mend the account."
        return AccountStatus(Status.SERVICE_UNREACHABLE, f"{said} Your sign-in is kept.{still}", failed_at)
    return AccountStatus(
        Status.SERVICE_UNREACHABLE,
        f"The service could not refresh your sign-in: {text}. It is tried again by itself.{still}",
        failed_at,
    )
