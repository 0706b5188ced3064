"""Who is signed in to an account, and what becomes of what is kept about a person."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from airflow_thirdparty.server.broker.views.people import SignedIn


class SignInOfPerson(BaseModel):
    """One person's sign-in as an admin sees it.

    :param there: who they are at the service
    :param lapsed_text: why they have to sign in again; nothing where they do not
    """

    id: int
    user_name: str
    there: str
    signed_in_at: datetime
    last_used_at: datetime | None
    lapsed_at: datetime | None
    lapsed_text: str | None

    @classmethod
    def of(cls, seen: SignedIn) -> SignInOfPerson:
        """Spell what the broker knows.

        :param seen: what the broker knows
        :return: it as JSON
        """
        row = seen.row
        soft = row.soft_lapsed_at if row.lapsed_at is None else None
        return cls(
            id=row.id,
            user_name=row.user_name,
            there=row.subject_name or row.subject,
            signed_in_at=row.signed_in_at,
            last_used_at=seen.last_used_at,
            lapsed_at=row.lapsed_at or soft,
            lapsed_text=row.lapsed_text if row.lapsed_at else row.failed_text if soft else None,
        )


class SignInsAnswer(BaseModel):
    """A page of the people who are signed in to an account."""

    sign_ins: list[SignInOfPerson]
    total: int


class EverybodySignedOut(BaseModel):
    """How many sign-ins were ended."""

    ended: int


class Deleted(BaseModel):
    """What was forgotten about the caller."""

    sign_ins: int
    delegations: int
    uses: int
