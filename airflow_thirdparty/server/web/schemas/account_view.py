"""One account as its person sees it, in their list, in a DAG's and in a run's."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.views.accounts import View
from airflow_thirdparty.server.broker.views.status import Status
from airflow_thirdparty.server.web.schemas.common import Kind, Problem


class Who(BaseModel):
    """Who the user is at the service."""

    subject: str
    name: str


class AccountView(BaseModel):
    """One account as the caller sees it.

    :param scope_words: what scopes allow, in words, as far as that is known
    :param ends_at: when the sign-in ends unless it is used or made anew
    """

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
    scope_words: dict[str, str]
    missing_scopes: list[str]
    expires_at: datetime | None
    refreshable: bool
    ends_at: datetime | None
    signed_in_at: datetime | None
    last_used_at: datetime | None
    sign_in_allowed: bool
    problem: Problem | None

    @classmethod
    def of(cls, view: View) -> AccountView:
        """Spell what the broker knows.

        :param view: what the broker knows
        :return: it as JSON
        """
        account, row, standing = view.entry.account, view.sign_in, view.standing
        problem = view.entry.problem
        return cls(
            conn_id=view.entry.registration.conn_id,
            service=account.service if account else "",
            service_name=account.preset.name if account else "",
            icon=(account.preset.icon or account.preset.id) if account else "generic",
            kind=account.kind if account else "oauth2",
            description=view.entry.registration.description,
            status=standing.status if standing else Status.SIGN_IN_NEEDED,
            status_text=standing.text if standing else "An admin has to fix this account first.",
            status_at=standing.at if standing else None,
            identity=Who(subject=row.subject, name=row.subject_name) if row else None,
            scopes=row.scopes.split() if row else list(account.scopes) if account else [],
            scope_words=_words(account),
            missing_scopes=list(standing.missing) if standing else [],
            expires_at=row.told_expiry if row else None,
            refreshable=bool(row and row.sealed_refresh),
            ends_at=standing.ends_at if standing else None,
            signed_in_at=row.signed_in_at if row else None,
            last_used_at=view.last_used_at,
            sign_in_allowed=account is not None,
            problem=Problem.of(problem) if problem else None,
        )


def _words(account: Account | None) -> dict[str, str]:
    return dict(account.preset.scope_words) if account else {}
