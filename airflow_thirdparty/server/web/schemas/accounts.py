"""The caller's accounts, and all accounts for admins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from airflow_thirdparty.server.broker.registry.findings import Outcome, Report
from airflow_thirdparty.server.broker.views.accounts import View
from airflow_thirdparty.server.broker.views.admin import Overview, State
from airflow_thirdparty.server.broker.views.needs import Group, Needs, group_of
from airflow_thirdparty.server.web.schemas.account_view import AccountView
from airflow_thirdparty.server.web.schemas.common import Problem, Strict


class CallerView(BaseModel):
    """Who is asking."""

    user_name: str
    is_admin: bool


class ListedAccount(AccountView):
    """An account on the caller's page.

    :param group: whether it needs the caller, is connected, or is there to be used
    :param needed_by: ids of the caller's DAGs that use it: delegated to, or triggered lately
    """

    group: Group
    needed_by: list[str]

    @classmethod
    def listed(cls, view: View, needs: Needs | None) -> ListedAccount:
        """Spell what the broker knows.

        :param view: the account as the caller sees it
        :param needs: what of theirs needs it
        :return: it as JSON
        """
        return cls(
            **AccountView.of(view).model_dump(),
            group=group_of(view, needs),
            needed_by=needs.dags if needs else [],
        )

    def holds(self, words: str) -> bool:
        """Whether a search finds it.

        :param words: what is looked for, in any case
        :return: whether each word stands in its id, name, description or who the caller is there
        """
        name = self.identity.name if self.identity else ""
        return _holds((self.conn_id, self.service_name, self.description or "", name), words)


def _holds(texts: Iterable[str], words: str) -> bool:
    text = " ".join(texts).casefold()
    return all(word in text for word in words.casefold().split())


class GroupCounts(BaseModel):
    """How many accounts there are of each group."""

    needs_you: int
    connected: int
    available: int


class WarningView(BaseModel):
    """What an admin has to mend before anything works.

    :param code: of the words that pages have for it
    :param values: what stands in those words
    """

    model_config = ConfigDict(from_attributes=True)

    code: str
    text: str
    values: dict[str, str]


class AccountsAnswer(BaseModel):
    """The page in one answer.

    :param accounts: what was asked for: what needs the caller first, then by group and id
    :param total: how many there are of what was asked for, on all pages
    :param counts: how many of each group the search found
    :param all: how many there are without any search
    """

    accounts: list[ListedAccount]
    total: int
    counts: GroupCounts
    all: int
    user: CallerView
    warnings: list[WarningView]


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


class FindingView(BaseModel):
    """What one step of a check found.

    :param code: the same as a code that pages have words for; empty where there is none
    :param values: what stands in those words
    """

    model_config = ConfigDict(from_attributes=True)

    step: str
    outcome: Outcome
    text: str
    remedy: str
    code: str
    values: dict[str, str]


class CheckAnswer(BaseModel):
    """What a check found.

    :param at: when it was made: a service is asked once a minute at most
    :param outcome: of all steps
    """

    at: datetime
    outcome: Outcome
    findings: list[FindingView]

    @classmethod
    def of(cls, report: Report) -> CheckAnswer:
        """Spell what was found.

        :param report: what was found
        :return: it as JSON
        """
        findings = [FindingView.model_validate(finding) for finding in report.findings]
        return cls(at=report.at, outcome=report.outcome, findings=findings)


class DependentsAnswer(BaseModel):
    """What of the caller's acts with an account, and would not any more after signing out.

    :param delegated: ids of DAGs that they let act with it
    :param triggered: ids of DAGs that use it and that they triggered lately
    """

    delegated: list[str]
    triggered: list[str]


class AccountOverview(BaseModel):
    """An account as an admin sees it, without anybody's sign-in.

    :param problem: why it cannot be used, or does not work with its service
    :param problem_at: since when, where that is known
    :param state: what was last seen of it, or nothing
    :param state_at: when that was
    :param checked_at: when it was last checked
    :param sign_ins: how many people have a sign-in
    :param lapsed: how many of them must sign in again
    """

    conn_id: str
    service: str
    service_name: str
    icon: str
    problem: Problem | None
    problem_at: datetime | None
    state: State
    state_at: datetime | None
    checked_at: datetime | None
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
            icon=(account.preset.icon or account.preset.id) if account else "generic",
            problem=Problem.of(seen.problem) if seen.problem else None,
            problem_at=seen.problem_at,
            state=seen.state,
            state_at=seen.state_at,
            checked_at=seen.checked_at,
            sign_ins=seen.sign_ins,
            lapsed=seen.lapsed,
        )

    def holds(self, words: str) -> bool:
        """Whether a search finds it.

        :param words: what is looked for, in any case
        :return: whether each word stands in its id or the name of its service
        """
        return _holds((self.conn_id, self.service_name), words)


class AccountOverviewsPage(BaseModel):
    """Some of the accounts as an admin sees them.

    :param accounts: those that need fixing first, then by id
    :param total: how many the search found, on all pages
    :param all: how many there are without any search
    """

    accounts: list[AccountOverview]
    total: int
    all: int
