"""What the API takes and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.options import KINDS
from airflow_thirdparty.server.broker.views.accounts import View
from airflow_thirdparty.server.broker.views.admin import Overview
from airflow_thirdparty.server.broker.views.status import Status
from airflow_thirdparty.server.web.delegations import DagDelegations

Kind = Annotated[str, Field(json_schema_extra={"enum": [*KINDS]})]
"""How people authenticate at an account's service; described as one of the kinds there are."""


class Strict(BaseModel):
    """A request body that takes no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Problem(BaseModel):
    """What went wrong, and what to do about it."""

    code: str
    message: str
    remedy: str
    field: str | None = None
    link: str | None = None

    @classmethod
    def of(cls, error: ThirdPartyAccountError) -> Problem:
        """Spell an error."""
        return cls(
            code=error.code, message=error.message, remedy=error.remedy, field=error.field, link=error.link
        )


class ProblemAnswer(BaseModel):
    """The body of every answer that is not a success."""

    error: Problem


class Who(BaseModel):
    """Who the user is at the service."""

    subject: str
    name: str


class AccountView(BaseModel):
    """One account as the caller sees it."""

    conn_id: str
    service: str
    service_name: str
    icon: str
    kind: Kind
    description: str | None
    status: Status
    status_text: str
    status_at: datetime | None
    identity: Who | None
    scopes: list[str]
    missing_scopes: list[str]
    expires_at: datetime | None
    refreshable: bool
    signed_in_at: datetime | None
    last_used_at: datetime | None
    sign_in_allowed: bool
    problem: Problem | None

    @classmethod
    def of(cls, view: View) -> AccountView:
        """Spell what the broker knows."""
        account, row, standing = view.entry.account, view.sign_in, view.standing
        problem = view.entry.problem
        return cls(
            conn_id=view.entry.registration.conn_id,
            service=account.service if account else "",
            service_name=account.preset.name if account else "",
            icon=account.service if account else "generic",
            kind=account.kind if account else "oauth2",
            description=view.entry.registration.description,
            status=standing.status if standing else Status.SIGN_IN_NEEDED,
            status_text=standing.text if standing else "An admin has to mend this account first.",
            status_at=standing.at if standing else None,
            identity=Who(subject=row.subject, name=row.subject_name) if row else None,
            scopes=row.scopes.split() if row else list(account.scopes) if account else [],
            missing_scopes=list(standing.missing) if standing else [],
            expires_at=row.access_expires_at if row else None,
            refreshable=bool(row and row.sealed_refresh),
            signed_in_at=row.signed_in_at if row else None,
            last_used_at=view.last_used_at,
            sign_in_allowed=account is not None,
            problem=Problem.of(problem) if problem else None,
        )


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


class DagAccount(BaseModel):
    """An account that a DAG uses, as the caller sees it.

    :param found_in: ids of the tasks that use it, where that is known
    :param delegations: who lets the DAG's runs act with it
    """

    account: AccountView
    found_in: list[str]
    delegations: DagDelegations


class DagWarning(BaseModel):
    """What the policy says of a DAG.

    :param why: paragraphs apart by blank lines; the first line of each is its heading
    """

    code: str
    message: str
    why: str


class DagAnswer(BaseModel):
    """A DAG's tab in one answer."""

    accounts: list[DagAccount]
    warning: DagWarning | None


class DagAtRisk(BaseModel):
    """A public DAG that uses accounts.

    :param unknown: whether it uses an account that is only known when it runs
    :param acknowledged: whether its author says that it was reviewed
    """

    dag_id: str
    file: str
    bundle: str
    accounts: list[str]
    unknown: bool
    acknowledged: bool


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
        """Spell what the broker knows."""
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
