"""The caller's accounts: see them, sign in, sign out; for oneself only."""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.broker import health, runtime
from airflow_thirdparty.server.broker.acting import rights
from airflow_thirdparty.server.broker.database import in_database, utcnow
from airflow_thirdparty.server.broker.registry.registrations import NoSuchAccount
from airflow_thirdparty.server.broker.sign_in import flow, own_credentials, signing_out
from airflow_thirdparty.server.broker.views import accounts as account_views
from airflow_thirdparty.server.broker.views import admin as admin_views
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.web import cookies
from airflow_thirdparty.server.web.dependencies import AdminOnly, PersonDep, SameOrigin, is_admin
from airflow_thirdparty.server.web.safe_paths import is_safe
from airflow_thirdparty.server.web.schemas.accounts import (
    AccountOverview,
    AccountsAnswer,
    CallerView,
    SignInAnswer,
    SignInBody,
    SignOutAnswer,
)
from airflow_thirdparty.server.web.schemas.common import AccountView

router = APIRouter(prefix="/api/v1", tags=["Accounts"])


@router.get("/accounts")
async def list_accounts(user: GetUserDep, person: PersonDep) -> AccountsAnswer:
    """All accounts, with how they stand for the caller."""
    await in_database(rights.keep_own, person, user, utcnow())
    seen = await in_database(_views, person=person)
    admin = is_admin(user)
    warnings = await in_database(health.warnings) if admin else []
    return AccountsAnswer(
        accounts=seen, user=CallerView(user_name=person.name, is_admin=admin), warnings=warnings
    )


@router.get("/accounts/{conn_id}")
async def get_account(conn_id: str, person: PersonDep) -> AccountView:
    """One account, with how it stands for the caller."""
    for view in await in_database(_views, person=person):
        if view.conn_id == conn_id:
            return view
    raise NoSuchAccount(f"There is no third-party account '{conn_id}'.", "Check the id.")


def _views(session: Session, person: Person) -> list[AccountView]:
    return [AccountView.of(view) for view in account_views.of_person(session, person, utcnow())]


@router.post("/accounts/{conn_id}/sign-in", dependencies=[SameOrigin])
async def sign_in(conn_id: str, body: SignInBody, response: Response, person: PersonDep) -> SignInAnswer:
    """Begin a sign-in: the browser goes to the answered address and comes back to the callback."""
    if body.return_to is not None and not is_safe(body.return_to, urlsplit(settings.base_url()).path):
        raise AccountMisconfigured(
            "The field 'return_to' does not name a page of this Airflow.",
            "Send a path that begins with one slash.",
            field="return_to",
        )
    if body.key is not None:
        await own_credentials.store(person, conn_id, body.login, body.key, utcnow())
        return SignInAnswer(authorization_url=None)
    started = await flow.begin(
        runtime.transport(), person, conn_id, utcnow(), body.return_to, body.confirm_other_subject
    )
    cookies.bind(response, conn_id, started)
    return SignInAnswer(authorization_url=started.authorization_url)


@router.delete("/accounts/{conn_id}/sign-in", dependencies=[SameOrigin])
async def sign_out(conn_id: str, person: PersonDep) -> SignOutAnswer:
    """Sign out: forgotten here at once, and revoked at the service."""
    done = await signing_out.sign_out(runtime.transport(), person, conn_id, utcnow())
    return SignOutAnswer(result="revoked" if done.revoked else "forgotten", message=done.message)


@router.get("/admin/accounts", dependencies=[AdminOnly])
async def list_accounts_for_admins() -> list[AccountOverview]:
    """All accounts with what an admin has to mend, and how many people are signed in."""
    return await in_database(_overview)


def _overview(session: Session) -> list[AccountOverview]:
    return [AccountOverview.of(seen) for seen in admin_views.of_accounts(session)]
