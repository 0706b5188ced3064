"""Who is asking, and whether a browser asks on its own page's behalf."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, cast

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import Depends, HTTPException, Request, status
from fastapi.exceptions import RequestValidationError
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.server.broker import links
from airflow_thirdparty.server.broker.database import in_database
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.people import caller, directory, entitlement
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.urls import origin_of


class SharedIdentity(ThirdPartyAccountError):
    """The caller is logged in as nobody in particular."""

    code = "shared_identity"


class CrossSite(ThirdPartyAccountError):
    """Another site's page sent this request."""

    code = "cross_site"


class NotEntitled(ThirdPartyAccountError):
    """Accounts are not for the caller."""

    code = "not_entitled"


async def logged_in(user: GetUserDep) -> None:
    """Let pass whom the auth manager knows: Keycloak's has nobody for a log-in whose own tokens are gone.

    :param user: as Airflow authenticated them
    :raises HTTPException: 401 when that is nobody
    """
    if cast("BaseUser | None", user) is None:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Not authenticated")


def demand_entitled(user: BaseUser) -> None:
    """Refuse whom accounts are not for.

    :param user: as Airflow authenticated them
    :raises NotEntitled: when accounts are for those who have a permission, and the caller has not
    """
    if not entitlement.may_use_page(user):
        raise NotEntitled(
            "Accounts are only for people who can read on 'Third-Party Accounts', and you cannot.",
            "Ask an Airflow admin, who may give that permission to a role of yours.",
        )


def get_person(user: GetUserDep) -> Person:
    """The caller as a person, who may have accounts.

    :param user: as Airflow authenticated them
    :raises NotEntitled: when accounts are for those who have a permission, and the caller has not
    :raises SharedIdentity: when several people share the caller's identity
    :return: the caller
    """
    demand_entitled(user)
    return get_leaving_person(user)


def get_leaving_person(user: GetUserDep) -> Person:
    """The caller as a person, who takes back what is theirs, also once accounts are not for them any more.

    :param user: as Airflow authenticated them
    :raises SharedIdentity: when several people share the caller's identity
    :return: the caller
    """
    person = directory.person_of(user)
    if person is None:
        raise SharedIdentity(
            "You are not logged in as one single person, so no sign-in can be kept for you.",
            "Log in to Airflow with a user of your own.",
        )
    return person


def without_nul(request: Request) -> None:
    """Refuse a NUL in the address, which no id has and which Postgres takes in no text.

    :param request: what the browser sent
    :raises RequestValidationError: naming the parameter
    """
    places = {"path": request.path_params, "query": request.query_params}
    for place, values in places.items():
        for name, value in values.items():
            if "\x00" in f"{name}{value}":
                error = {"loc": (place, name), "msg": "it holds a NUL character", "type": "nul"}
                raise RequestValidationError([error])


def same_origin(request: Request) -> None:
    """Refuse requests that another site's page makes the browser send (RFC 6454, Fetch metadata).

    :param request: what the browser sent
    :raises CrossSite: when the browser says so
    :raises AccountMisconfigured: when it cannot be told, since ``[api] base_url`` is not set
    """
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise CrossSite("Only JSON is taken.", "Send Content-Type: application/json.")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise CrossSite("Another site sent this request.", "Use the page of this Airflow.")
    sent = request.headers.get("origin")
    if sent is not None and not _is_ours(sent, request):
        raise CrossSite("Another site sent this request.", "Use the page of this Airflow.")


def _is_ours(sent: str, request: Request) -> bool:
    try:
        origin = origin_of(sent)
    except ValueError:
        return False  # "null", as sandboxed frames send it
    # reached under another name than base_url, as through a tunnel: then the browser's own word decides
    return request.headers.get("sec-fetch-site") == "same-origin" or origin == origin_of(links.base_url())


def check_team(session: Session, user: BaseUser, conn_id: str) -> None:
    """Treat another team's account as if there was none.

    :param session: a session
    :param user: as Airflow authenticated them
    :param conn_id: id of the account
    :raises NoSuchAccount: when it belongs to a team that the user is not of
    """
    if entitlement.has_teams() and not entitlement.sees(user)(registrations.team_of(session, conn_id)):
        raise registrations.no_such_account(conn_id)


async def own_team_only(conn_id: str, user: GetUserDep) -> None:
    """Let nobody pass to another team's account.

    :param conn_id: id of the account, from the path
    :param user: as Airflow authenticated them
    :raises NoSuchAccount: when it belongs to a team that the user is not of
    """
    if entitlement.has_teams():
        await in_database(check_team, user, conn_id)


class NotAdmin(ThirdPartyAccountError):
    """The caller may not edit connections."""

    code = "not_admin"


def admin_only(user: GetUserDep) -> None:
    """Let admins pass.

    :param user: as Airflow authenticated them
    :raises NotAdmin: when the caller may not edit connections
    """
    if not entitlement.may_administer(user):
        raise NotAdmin("Only who may edit connections may see this.", "Ask an Airflow admin.")


def administered(session: Session, user: BaseUser) -> Callable[[str], bool]:
    """Which accounts the user may edit, all of them where there are no teams.

    :param session: a session
    :param user: as Airflow authenticated them, who may edit some connection
    :return: tells it by the id of an account
    """
    if not entitlement.has_teams():
        return lambda conn_id: True
    teams = registrations.teams(session)
    return lambda conn_id: entitlement.may_administer_account(user, conn_id, teams.get(conn_id))


async def administers_account(conn_id: str, user: GetUserDep) -> None:
    """Let nobody administer another team's account.

    :param conn_id: id of the account, from the path
    :param user: as Airflow authenticated them, who may edit some connection
    :raises NoSuchAccount: when the caller may not edit this one
    """
    if entitlement.has_teams():
        team = await in_database(registrations.team_of, conn_id)
        if not entitlement.may_administer_account(user, conn_id, team):
            raise registrations.no_such_account(conn_id)


OptionalUserDep = Annotated[BaseUser | None, Depends(caller.user_of)]
"""The caller, or nobody: for pages that answer in words to whoever is not logged in."""

PersonDep = Annotated[Person, Depends(get_person)]
LeavingPersonDep = Annotated[Person, Depends(get_leaving_person)]
SameOrigin = Depends(same_origin)
OwnTeam = Depends(own_team_only)
LoggedIn = Depends(logged_in)
AdminOnly = Depends(admin_only)
AdminsAccount = Depends(administers_account)
