"""Who is signed in to an account, for its admins; what is kept about oneself, to take along or to delete."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from sqlalchemy import delete
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.server.broker import runtime
from airflow_thirdparty.server.broker.acting import delegations
from airflow_thirdparty.server.broker.database import in_database, utcnow
from airflow_thirdparty.server.broker.sign_in import signing_out
from airflow_thirdparty.server.broker.telemetry import audit
from airflow_thirdparty.server.broker.views import people as people_views
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store.usage import Usage
from airflow_thirdparty.server.web.dependencies import (
    AdminOnly,
    AdminsAccount,
    LeavingPersonDep,
    PersonDep,
    SameOrigin,
)
from airflow_thirdparty.server.web.paging import Limit, Offset
from airflow_thirdparty.server.web.schemas.accounts import SignOutAnswer
from airflow_thirdparty.server.web.schemas.common import LARGEST
from airflow_thirdparty.server.web.schemas.people import (
    Deleted,
    EverybodySignedOut,
    SignInOfPerson,
    SignInsAnswer,
)

router = APIRouter(prefix="/api/v1", tags=["People"])

AT_ONCE = 200
"""Sign-ins that are ended in one transaction: a second's work, so nobody waits long for the database."""


class NoSuchSignIn(ThirdPartyAccountError):
    """There is no sign-in of this id to that account."""

    code = "no_such_sign_in"


@router.get("/admin/accounts/{conn_id}/sign-ins", dependencies=[AdminOnly, AdminsAccount])
async def list_sign_ins(
    conn_id: str,
    search: Annotated[str, Query(max_length=100)] = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> SignInsAnswer:
    """Who is signed in to an account; for admins, without any secret."""
    return await in_database(_sign_ins, conn_id=conn_id, search=search, limit=limit, offset=offset)


def _sign_ins(session: Session, conn_id: str, search: str, limit: int, offset: int) -> SignInsAnswer:
    rows, total = people_views.of_account(session, conn_id, search, limit, offset)
    return SignInsAnswer(sign_ins=[SignInOfPerson.of(row) for row in rows], total=total)


@router.delete(
    "/admin/accounts/{conn_id}/sign-ins/{row_id}", dependencies=[AdminOnly, AdminsAccount, SameOrigin]
)
async def sign_somebody_out(
    conn_id: str, row_id: Annotated[int, Path(ge=1, le=LARGEST)], person: PersonDep
) -> SignOutAnswer:
    """End somebody's sign-in, here and at the service; for admins."""
    theirs = await in_database(people_views.find, conn_id, row_id)
    if theirs is None:
        raise NoSuchSignIn("There is no such sign-in any more.", "Reload the list.")
    done = await signing_out.sign_out(runtime.transport(), theirs, conn_id, utcnow(), by=person)
    return SignOutAnswer(result="revoked" if done.revoked else "forgotten", message=done.message)


@router.delete("/admin/accounts/{conn_id}/sign-ins", dependencies=[AdminOnly, AdminsAccount, SameOrigin])
async def sign_everybody_out(conn_id: str, person: PersonDep) -> EverybodySignedOut:
    """End all sign-ins to an account; their tokens are revoked in the background. For admins."""
    ended = 0
    while people := await in_database(people_views.everybody, conn_id, AT_ONCE):
        ended += await in_database(_forget, conn_id=conn_id, people=people, by=person)
    return EverybodySignedOut(ended=ended)


def _forget(session: Session, conn_id: str, people: list[Person], by: Person) -> int:
    now = utcnow()
    return sum(signing_out.forget(session, theirs, conn_id, now, by)[0] for theirs in people)


@router.get("/me/data")
async def export_my_data(person: LeavingPersonDep, response: Response) -> dict[str, Any]:
    """All that is kept about the caller, but for their credentials, which stay sealed."""
    response.headers["Content-Disposition"] = 'attachment; filename="third-party-accounts.json"'
    kept = await in_database(people_views.kept_about, person)
    return {"user": person.name, "auth_manager": person.auth_manager, **kept}


@router.delete("/me/data", dependencies=[SameOrigin])
async def delete_my_data(person: LeavingPersonDep) -> Deleted:
    """Sign the caller out everywhere, withdraw what they delegated, forget where their sign-ins were used."""
    kept = await in_database(people_views.kept_about, person)
    for sign_in in kept["sign_ins"]:
        await signing_out.sign_out(runtime.transport(), person, sign_in["conn_id"], utcnow())
    await in_database(_delete, person=person, kept=kept)
    return Deleted(
        sign_ins=len(kept["sign_ins"]), delegations=len(kept["delegations"]), uses=len(kept["uses"])
    )


def _delete(session: Session, person: Person, kept: dict[str, Any]) -> None:
    for row in kept["delegations"]:
        delegations.withdraw(session, person, row["dag_id"], row["conn_id"], is_admin=False)
    session.execute(delete(Usage).where(Usage.belongs_to(person.key)))
    audit.write(session, "own_data_deleted", person=person)
