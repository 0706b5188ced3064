"""The caller's accounts: see them, sign in, sign out; for oneself only."""

from __future__ import annotations

from collections import Counter
from typing import Annotated
from urllib.parse import urlsplit

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.broker import health, runtime
from airflow_thirdparty.server.broker.acting import rights
from airflow_thirdparty.server.broker.database import in_database, utcnow
from airflow_thirdparty.server.broker.registry import doctor, registrations
from airflow_thirdparty.server.broker.sign_in import flow, own_credentials, signing_out
from airflow_thirdparty.server.broker.views import accounts as account_views
from airflow_thirdparty.server.broker.views import admin as admin_views
from airflow_thirdparty.server.broker.views import needs
from airflow_thirdparty.server.broker.views.needs import Group, Needs
from airflow_thirdparty.server.people import entitlement
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.web import cookies
from airflow_thirdparty.server.web.dependencies import (
    AdminOnly,
    AdminsAccount,
    LeavingPersonDep,
    OwnTeam,
    PersonDep,
    SameOrigin,
    administered,
)
from airflow_thirdparty.server.web.paging import Limit, Offset
from airflow_thirdparty.server.web.safe_paths import is_safe
from airflow_thirdparty.server.web.schemas.account_view import AccountView
from airflow_thirdparty.server.web.schemas.accounts import (
    AccountOverview,
    AccountOverviewsPage,
    AccountsAnswer,
    CallerView,
    CheckAnswer,
    DependentsAnswer,
    GroupCounts,
    ListedAccount,
    SignInAnswer,
    SignInBody,
    SignOutAnswer,
    WarningView,
)

router = APIRouter(prefix="/api/v1", tags=["Accounts"])

PAGE = 50
"""Accounts on a page of the list, unless more are asked for: more than most people ever see."""


@router.get("/accounts")
async def list_accounts(
    user: GetUserDep,
    person: PersonDep,
    search: Annotated[str, Query(max_length=100)] = "",
    group: Group | None = None,
    limit: Limit = PAGE,
    offset: Offset = 0,
) -> AccountsAnswer:
    """The accounts, with how they stand for the caller: what needs them first."""
    await in_database(rights.keep_own, person, user, utcnow())
    listed = await in_database(_listed, person=person, user=user)
    found = [account for account in listed if account.holds(search)]
    asked = [account for account in found if group in (None, account.group)]
    counted = Counter(account.group for account in found)
    admin = entitlement.may_administer(user)
    return AccountsAnswer(
        accounts=asked[offset : offset + limit],
        total=len(asked),
        counts=GroupCounts(**{each.value: counted[each] for each in Group}),
        all=len(listed),
        user=CallerView(user_name=person.name, is_admin=admin),
        warnings=await in_database(_warnings) if admin else [],
    )


def _warnings(session: Session) -> list[WarningView]:
    return [WarningView.model_validate(wrong) for wrong in health.warnings(session)]


def _listed(session: Session, person: Person, user: BaseUser) -> list[ListedAccount]:
    seen = _seen(session, person, user)
    ids = {view.entry.registration.conn_id for view in seen}
    needed = needs.of_person(session, person, ids, utcnow())
    listed = [ListedAccount.listed(view, needed.get(view.entry.registration.conn_id)) for view in seen]
    order = list(Group)
    return sorted(listed, key=lambda account: order.index(account.group))  # stable: by id within a group


@router.get("/accounts/{conn_id}")
async def get_account(conn_id: str, user: GetUserDep, person: PersonDep) -> AccountView:
    """One account, with how it stands for the caller."""
    for view in await in_database(_views, person=person, user=user):
        if view.conn_id == conn_id:
            return view
    raise registrations.no_such_account(conn_id)


def _views(session: Session, person: Person, user: BaseUser) -> list[AccountView]:
    return [AccountView.of(view) for view in _seen(session, person, user)]


def _seen(session: Session, person: Person, user: BaseUser) -> list[account_views.View]:
    sees = entitlement.sees(user)
    return [
        view
        for view in account_views.of_person(session, person, utcnow())
        if sees(view.entry.registration.team)
    ]


@router.get("/accounts/{conn_id}/dependents")
async def list_dependents(conn_id: str, person: PersonDep) -> DependentsAnswer:
    """What of the caller's acts with an account: delegations, and DAGs that they triggered lately."""
    return await in_database(_dependents, conn_id=conn_id, person=person)


def _dependents(session: Session, conn_id: str, person: Person) -> DependentsAnswer:
    found = needs.of_person(session, person, {conn_id}, utcnow()).get(conn_id, Needs())
    return DependentsAnswer(delegated=sorted(found.delegated), triggered=sorted(found.triggered))


@router.post("/accounts/{conn_id}/sign-in", dependencies=[SameOrigin, OwnTeam])
async def sign_in(conn_id: str, body: SignInBody, response: Response, person: PersonDep) -> SignInAnswer:
    """Begin a sign-in: the browser goes to the answered address and comes back to the callback."""
    if body.return_to is not None and not is_safe(body.return_to, urlsplit(settings.base_url()).path):
        raise AccountMisconfigured(
            "The field 'return_to' does not name a page of this Airflow.",
            "Send a path that begins with one slash.",
            field="return_to",
        )
    if body.key is not None:
        await own_credentials.store(runtime.transport(), person, conn_id, body.login, body.key, utcnow())
        return SignInAnswer(authorization_url=None)
    started = await flow.begin(
        runtime.transport(), person, conn_id, utcnow(), body.return_to, body.confirm_other_subject
    )
    cookies.bind(response, conn_id, started)
    return SignInAnswer(authorization_url=started.authorization_url)


@router.delete("/accounts/{conn_id}/sign-in", dependencies=[SameOrigin])
async def sign_out(conn_id: str, person: LeavingPersonDep) -> SignOutAnswer:
    """Sign out: forgotten here at once, and revoked at the service."""
    done = await signing_out.sign_out(runtime.transport(), person, conn_id, utcnow())
    return SignOutAnswer(result="revoked" if done.revoked else "forgotten", message=done.message)


@router.get("/admin/accounts", dependencies=[AdminOnly])
async def list_accounts_for_admins(
    user: GetUserDep,
    search: Annotated[str, Query(max_length=100)] = "",
    limit: Limit = PAGE,
    offset: Offset = 0,
) -> AccountOverviewsPage:
    """The accounts with what an admin has to mend, which comes first, and how many people are signed in."""
    listed = await in_database(_overview, user=user)
    found = [account for account in listed if account.holds(search)]
    return AccountOverviewsPage(accounts=found[offset : offset + limit], total=len(found), all=len(listed))


def _overview(session: Session, user: BaseUser) -> list[AccountOverview]:
    is_theirs = administered(session, user)
    theirs = [
        AccountOverview.of(seen)
        for seen in admin_views.of_accounts(session)
        if is_theirs(seen.entry.registration.conn_id)
    ]
    return sorted(theirs, key=lambda account: account.state != "failed")  # stable: by id otherwise


@router.post("/admin/accounts/{conn_id}/check", dependencies=[AdminOnly, AdminsAccount, SameOrigin])
async def check_account(conn_id: str, request: Request, person: PersonDep) -> CheckAnswer:
    """Try all that can be tried of an account without a person; for admins, at most once a minute."""
    origin = request.headers.get("origin")
    return CheckAnswer.of(await doctor.examine(runtime.transport(), conn_id, utcnow(), person, origin))
