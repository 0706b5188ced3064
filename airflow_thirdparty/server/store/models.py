"""Tables of credentials and of what is known about them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from airflow_thirdparty.server.store.base import CONN_ID, Base, PersonColumns


class ClientSecret(Base):
    """An account's client secret, moved out of the connection row.

    ``binding`` is what the secret was entered for: it is sent nowhere else.
    """

    __tablename__ = "third_party_client_secret"

    conn_id: Mapped[str] = mapped_column(CONN_ID, primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    binding: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]


class AccountHealth(Base):
    """How an account's service fared since a sign-in succeeded, shared by all API server processes.

    ``failed_*`` is about calls that got no answer: ``failed_sign_in`` was the last, ``several_failed`` says
    whether others failed, too. ``refused_sign_in`` is the last for which the client was not accepted.
    """

    __tablename__ = "third_party_account_health"

    conn_id: Mapped[str] = mapped_column(CONN_ID, primary_key=True)
    flagged_at: Mapped[datetime | None]
    flagged_code: Mapped[str | None] = mapped_column(String(60))
    flagged_text: Mapped[str | None] = mapped_column(String(500))
    refused_sign_in: Mapped[int | None]
    failed_at: Mapped[datetime | None]
    failed_text: Mapped[str | None] = mapped_column(String(500))
    failed_sign_in: Mapped[int | None]
    several_failed: Mapped[bool] = mapped_column(Boolean, default=False)
    next_call_at: Mapped[datetime | None]


class AccountSeen(Base):
    """What was last seen of an account under one binding: evidence that it works, or of what is wrong.

    ``worked_at`` is when a sign-in or a refresh last succeeded, to the minute. ``report`` is what the check
    at ``checked_at`` found, as JSON without any secret.
    """

    __tablename__ = "third_party_account_seen"

    conn_id: Mapped[str] = mapped_column(CONN_ID, primary_key=True)
    binding: Mapped[str] = mapped_column(Text)
    worked_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    report: Mapped[str] = mapped_column(Text, default="[]")


class Authorization(PersonColumns, Base):
    """A sign-in that was begun: single use, ten minutes, bound to one browser and one user.

    ``sealed_answer`` is what the service answered while nobody was logged in to Airflow.
    """

    __tablename__ = "third_party_authorization"

    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    conn_id: Mapped[str] = mapped_column(CONN_ID)
    sealed: Mapped[str] = mapped_column(Text)
    sealed_answer: Mapped[str | None] = mapped_column(Text)
    browser_hash: Mapped[str] = mapped_column(String(64))
    binding: Mapped[str] = mapped_column(Text)
    endpoints: Mapped[str] = mapped_column(Text)
    redirect_uri: Mapped[str] = mapped_column(String(2000))
    scopes: Mapped[str] = mapped_column(Text)
    return_to: Mapped[str | None] = mapped_column(String(2000))
    switch_subject: Mapped[bool] = mapped_column(Boolean)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SignIn(PersonColumns, Base):
    """One person's sign-in to one account.

    ``version`` grows with every change of the credentials, is sealed into them and fences every write.
    ``scopes`` is what the service granted, ``asked_scopes`` what the sign-in asked for, ``extra_scopes`` what
    tasks needed beyond the account's own: the next sign-in asks for it as well.
    ``expiry_assumed`` says that the service told no end: a reason to refresh, never one to refuse.
    ``lapsed_*`` is permanent, ``failed_*`` transient; ``lease_*`` says who is refreshing.
    ``unknown_*`` counts refusals in words nobody knows, for which it lapses softly in time.
    """

    __tablename__ = "third_party_sign_in"
    __table_args__ = (
        UniqueConstraint("auth_manager", "user_id", "user_created", "conn_id", name="third_party_sign_in_uq"),
        # holds all that is needed to count an account's sign-ins and those of them that have lapsed
        Index("third_party_sign_in_conn_id_idx", "conn_id", "lapsed_at", "soft_lapsed_at"),
        # finds the few whose refresh was cut off
        Index("third_party_sign_in_lease_until_idx", "lease_until"),
        # finds the few that housekeeping tries
        Index("third_party_sign_in_soft_lapsed_at_idx", "soft_lapsed_at"),
        # a refresh that ends after its row is gone must never find another row under the same id
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    conn_id: Mapped[str] = mapped_column(CONN_ID)
    version: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(20))
    sealed_access: Mapped[str] = mapped_column(Text)
    sealed_refresh: Mapped[str | None] = mapped_column(Text)
    access_issued_at: Mapped[datetime]
    access_expires_at: Mapped[datetime | None]
    expiry_assumed: Mapped[bool] = mapped_column(Boolean, default=False)
    scopes: Mapped[str] = mapped_column(Text)
    asked_scopes: Mapped[str | None] = mapped_column(Text)
    extra_scopes: Mapped[str | None] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(500))
    subject_name: Mapped[str] = mapped_column(String(500))
    binding: Mapped[str] = mapped_column(Text)
    endpoints: Mapped[str] = mapped_column(Text)
    signed_in_at: Mapped[datetime]
    refreshed_at: Mapped[datetime | None]
    lapsed_at: Mapped[datetime | None]
    lapsed_code: Mapped[str | None] = mapped_column(String(60))
    lapsed_text: Mapped[str | None] = mapped_column(String(500))
    unknown_times: Mapped[int] = mapped_column(Integer, default=0)
    unknown_since: Mapped[datetime | None]
    unknown_at: Mapped[datetime | None]
    soft_lapsed_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(Integer, default=0)
    failed_at: Mapped[datetime | None]
    failed_kind: Mapped[str | None] = mapped_column(String(20))
    failed_code: Mapped[str | None] = mapped_column(String(60))
    failed_text: Mapped[str | None] = mapped_column(String(500))
    retry_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None]

    @property
    def is_refreshable(self) -> bool:
        """Whether the service gave something to refresh it with."""
        return self.sealed_refresh is not None

    @property
    def told_expiry(self) -> datetime | None:
        """When the access token expires, if the service said so."""
        return None if self.expiry_assumed else self.access_expires_at


class Revocation(PersonColumns, Base):
    """Tokens of a sign-in that is gone here and is still to be revoked at the service."""

    __tablename__ = "third_party_revocation"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    conn_id: Mapped[str] = mapped_column(CONN_ID)
    sealed: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(String(40))
    binding: Mapped[str] = mapped_column(Text)
    endpoints: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime] = mapped_column(index=True)
    give_up_at: Mapped[datetime]
    failed_code: Mapped[str | None] = mapped_column(String(60))


class SignInCount(Base):
    """How many people were signed in to an account when that was last counted, and how many had lapsed."""

    __tablename__ = "third_party_sign_in_count"

    conn_id: Mapped[str] = mapped_column(CONN_ID, primary_key=True)
    sign_ins: Mapped[int] = mapped_column(Integer)
    lapsed: Mapped[int] = mapped_column(Integer)
    counted_at: Mapped[datetime]


class Bookmark(Base):
    """Up to which row a walk over a table has come, so that the next step goes on there."""

    __tablename__ = "third_party_bookmark"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)


class LeaderLease(Base):
    """Background work that one API server process does at a time, by a lease."""

    __tablename__ = "third_party_leader_lease"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    owner: Mapped[str | None] = mapped_column(String(80))
    until: Mapped[datetime | None]
