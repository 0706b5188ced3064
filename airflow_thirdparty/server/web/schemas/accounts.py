"""The caller's accounts, and all accounts for admins."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from airflow_thirdparty.server.broker.views.admin import Overview
from airflow_thirdparty.server.web.schemas.common import AccountView, Problem, Strict


class CallerView(BaseModel):
    """Who is asking."""

    user_name: str
    is_admin: bool


class AccountsAnswer(BaseModel):
    """The page in one answer."""

    accounts: list[AccountView]
    user: CallerView
    warnings: list[str]


class SignInBody(Strict):
    """Begin a sign-in, or hand over the caller's own credential for a ``key`` or ``basic`` account."""

    return_to: str | None = None
    confirm_other_subject: bool = False
    login: str | None = Field(None, max_length=250)
    key: str | None = Field(None, max_length=16_384, repr=False)


class SignInAnswer(BaseModel):
    """Where the browser goes; absent when the credential was stored at once."""

    authorization_url: str | None


class SignOutAnswer(BaseModel):
    """What became of the sign-in."""

    result: Literal["revoked", "forgotten"]
    message: str


class AccountOverview(BaseModel):
    """An account as an admin sees it, without anybody's sign-in.

    :param problem: why it cannot be used, or does not work with its service
    :param problem_at: since when, where that is known
    :param sign_ins: how many people have a sign-in
    :param lapsed: how many of them must sign in again
    """

    conn_id: str
    service: str
    service_name: str
    icon: str
    problem: Problem | None
    problem_at: datetime | None
    sign_ins: int
    lapsed: int

    @classmethod
    def of(cls, seen: Overview) -> AccountOverview:
        """Spell what the broker knows.

        :param seen: what the broker knows
        :return: it as JSON
        """
        account = seen.entry.account
        return cls(
            conn_id=seen.entry.registration.conn_id,
            service=account.service if account else "",
            service_name=account.preset.name if account else "",
            icon=account.service if account else "generic",
            problem=Problem.of(seen.problem) if seen.problem else None,
            problem_at=seen.problem_at,
            sign_ins=seen.sign_ins,
            lapsed=seen.lapsed,
        )
