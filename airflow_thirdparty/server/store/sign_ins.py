"""Rows of sign-ins: sealed when written, opened when read, every write fenced by the row's version."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from airflow_thirdparty.server.accounts.binding import AccountBinding
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store.base import PersonColumns, changed_rows
from airflow_thirdparty.server.store.models import SignIn
from airflow_thirdparty.server.store.seal import SealContext, open_sealed, seal


@dataclass(frozen=True)
class Credentials:
    """What a sign-in yields.

    :param access: the access token; for ``key`` the key, for ``basic`` login and password as JSON
    :param expires_at: when the access token expires; ``None`` when it is not known to
    :param scopes: what the service granted
    :param expiry_assumed: the service did not say when it expires
    """

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    issued_at: datetime
    expires_at: datetime | None
    scopes: tuple[str, ...]
    expiry_assumed: bool = False

    @property
    def told_expiry(self) -> datetime | None:
        """When the access token expires, if the service said so."""
        return None if self.expiry_assumed else self.expires_at


@dataclass(frozen=True)
class SignInFacts:
    """The part of a sign-in's row from which a good access token is handed out, as plain data.

    The names are those of :class:`~airflow_thirdparty.server.store.models.SignIn`: both are judged alike.

    :param is_refreshable: whether there is a refresh token, which itself is left where it is
    """

    person: Person
    conn_id: str
    version: int
    kind: str
    sealed_access: str = field(repr=False)
    is_refreshable: bool
    access_issued_at: datetime
    access_expires_at: datetime | None
    expiry_assumed: bool
    scopes: str
    asked_scopes: str | None
    subject: str
    subject_name: str
    binding: str
    endpoints: str
    lapsed_at: datetime | None
    lapsed_text: str | None
    soft_lapsed_at: datetime | None

    @property
    def told_expiry(self) -> datetime | None:
        """When the access token expires, if the service said so."""
        return None if self.expiry_assumed else self.access_expires_at


def context(person: Person, conn_id: str, version: int, column: str) -> SealContext:
    """Where a sign-in's secret belongs.

    :param person: whose it is
    :param conn_id: id of the account
    :param version: version of the row
    :param column: ``access`` or ``refresh``
    :return: the place to seal for, and to open at
    """
    return SealContext(column, conn_id, version, person)


_PERSON = ("auth_manager", "user_id", "user_created")

# built once, since it is on the path of every fetch; what a session read before may have changed since
_FIND = (
    select(SignIn)
    .where(
        SignIn.belongs_to(bindparam(name) for name in _PERSON),
        SignIn.conn_id == bindparam("conn_id"),
    )
    .execution_options(populate_existing=True)
)


def find(session: Session, person: Person, conn_id: str) -> SignIn | None:
    """The person's sign-in to the account; compared in Python, since databases fold case in places.

    :param session: a session
    :param person: whose it is
    :param conn_id: id of the account
    :return: ``None`` when they have none
    """
    rows = session.scalars(_FIND, {**dict(zip(_PERSON, person.key, strict=True)), "conn_id": conn_id})
    return next((row for row in rows if row.person == person and row.conn_id == conn_id), None)


def scopes_to_ask(row: SignIn | None, scopes: Sequence[str]) -> tuple[str, ...]:
    """What the next sign-in asks for: the account's scopes, and what tasks of this person needed beyond them.

    :param row: the sign-in before it; ``None`` at the first
    :param scopes: the account's own
    :return: each once
    """
    extra = (row.extra_scopes or "").split() if row is not None else ()
    return tuple(dict.fromkeys((*scopes, *extra)))


def forget_extra_scopes(session: Session, person: Person, conn_id: str) -> None:
    """Ask for the account's own scopes alone from now on, until a task needs more again.

    :param session: writes in its transaction
    :param person: whose sign-in it is
    :param conn_id: id of the account
    """
    row = find(session, person, conn_id)
    if row is not None and row.extra_scopes:
        note(session, row.id, row.version, None, extra_scopes=None)


def is_usable(row: SignIn, binding: AccountBinding, now: datetime) -> bool:
    """Whether a sign-in yields tokens, as far as its row tells.

    :param row: the sign-in
    :param binding: what sign-ins to the account belong to now
    :param now: the time, in UTC
    :return: false when it has lapsed, is for what the account was before, or has expired for good
    """
    expired = row.access_expires_at is not None and row.access_expires_at <= now
    if row.lapsed_at is not None or (expired and row.sealed_refresh is None):
        return False
    return binding.covers(row.binding)


def of_person(session: Session, person: Person) -> dict[str, SignIn]:
    """All sign-ins of a person, by account.

    :param session: a session
    :param person: whose it is
    :return: them, by id of the account
    """
    rows = session.scalars(select(SignIn).where(SignIn.belongs_to(person.key)))
    return {row.conn_id: row for row in rows if row.person == person}


def open_access(row: SignIn | SignInFacts) -> str:
    """The access token in this row.

    :param row: the sign-in
    :raises SealError: when it cannot be opened here
    :return: the token; see :class:`Credentials` for the other kinds
    """
    return open_sealed(row.sealed_access, context(row.person, row.conn_id, row.version, "access"))


def open_refresh(row: SignIn) -> str | None:
    """The refresh token in this row, if there is one.

    :param row: the sign-in
    :raises SealError: when it cannot be opened here
    :return: ``None`` when there is none
    """
    if row.sealed_refresh is None:
        return None
    return open_sealed(row.sealed_refresh, context(row.person, row.conn_id, row.version, "refresh"))


def open_credentials(row: SignIn) -> Credentials:
    """What this row yields, the refresh token left sealed.

    :param row: the sign-in
    :raises SealError: when it cannot be opened here
    :return: the credentials
    """
    return Credentials(
        access=open_access(row),
        refresh=None,
        issued_at=row.access_issued_at,
        expires_at=row.access_expires_at,
        scopes=tuple(row.scopes.split()),
        expiry_assumed=bool(row.expiry_assumed),
    )


def credential_columns(
    person: Person, conn_id: str, version: int, credentials: Credentials
) -> dict[str, Any]:
    """The columns that change together whenever the credentials do.

    :param person: whose it is
    :param conn_id: id of the account
    :param version: version that the row will have
    :param credentials: what is to be sealed
    :raises SealError: when Airflow has no Fernet key
    :return: values by name of the column
    """
    refresh = credentials.refresh
    return {
        "version": version,
        "sealed_access": seal(credentials.access, context(person, conn_id, version, "access")),
        "sealed_refresh": None
        if refresh is None
        else seal(refresh, context(person, conn_id, version, "refresh")),
        "access_issued_at": credentials.issued_at,
        "access_expires_at": credentials.expires_at,
        "expiry_assumed": credentials.expiry_assumed,
        "scopes": " ".join(credentials.scopes),
        **CLEAN,
    }


CLEAN: Mapping[str, Any] = {
    "lapsed_at": None,
    "lapsed_code": None,
    "lapsed_text": None,
    "unknown_times": 0,
    "unknown_since": None,
    "unknown_at": None,
    "soft_lapsed_at": None,
    "failures": 0,
    "failed_at": None,
    "failed_kind": None,
    "failed_code": None,
    "failed_text": None,
    "retry_at": None,
    "lease_owner": None,
    "lease_until": None,
}
"""What a sign-in looks like when nothing is wrong with it."""


def put(
    session: Session, person: Person, conn_id: str, credentials: Credentials, columns: Mapping[str, Any]
) -> SignIn:
    """Store a new sign-in, in place of the person's former one to this account.

    :param session: writes in its transaction
    :param person: whose it is
    :param conn_id: id of the account
    :param credentials: what the sign-in yields
    :param columns: the columns that only a sign-in sets: identity, binding, endpoints, kind
    :raises SealError: when Airflow has no Fernet key
    :return: the row
    """
    for _ in range(TRIES):
        row = find(session, person, conn_id)
        version = (row.version if row else 0) + 1
        values = {
            **credential_columns(person, conn_id, version, credentials),
            **columns,
            "user_name": person.name,
        }
        if row is None:
            row = _inserted(session, person, conn_id, values)
            if row is not None:
                return row
        elif _updated(session, row.id, row.version, values):
            session.refresh(row)
            return row
    raise RuntimeError("A sign-in is being changed by too many at once")


TRIES = 10
"""How often a write is tried that others come before; each of them has changed the row meanwhile."""


def _inserted(session: Session, person: Person, conn_id: str, values: Mapping[str, Any]) -> SignIn | None:
    row = SignIn(conn_id=conn_id, **{**PersonColumns.person_values(person), **values})
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return None  # the person signed in twice at once; the other one was first
    return row


def replace_credentials(
    session: Session, row: SignIn, version: int, credentials: Credentials, now: datetime | None
) -> bool:
    """Write what a refresh yielded, unless the credentials changed since ``version`` or the row is gone.

    :param session: writes in its transaction
    :param row: the sign-in
    :param version: version of the credentials that are replaced
    :param credentials: what the refresh yielded
    :param now: when that was; ``None`` when it was no refresh
    :return: whether it was written
    """
    values = credential_columns(row.person, row.conn_id, version + 1, credentials)
    values["refreshed_at"] = now
    return _updated(session, row.id, version, values)


def note(session: Session, row_id: int, version: int, owner: str | None, **values: Any) -> bool:
    """Write what is known about a sign-in, its credentials unchanged; fenced by the version.

    :param session: writes in its transaction
    :param row_id: id of the sign-in
    :param version: version that the row must have
    :param owner: who must hold the lease; ``None`` when that does not matter
    :param **values: values by name of the column
    :return: whether it was written
    """
    return _updated(session, row_id, version, values, owner)


def _updated(
    session: Session, row_id: int, version: int, values: Mapping[str, Any], owner: str | None = None
) -> bool:
    statement = update(SignIn).where(SignIn.id == row_id, SignIn.version == version).values(**values)
    if owner is not None:
        statement = statement.where(SignIn.lease_owner == owner)
    return changed_rows(session, statement) == 1


def try_again(session: Session, conn_id: str, failed_kinds: Collection[str]) -> None:
    """Let sign-ins be tried at once that failed in a way that may be mended now.

    :param session: writes in its transaction
    :param conn_id: id of the account
    :param failed_kinds: how they failed, see :class:`~airflow_thirdparty.server.oauth.errors.Kind`
    """
    which = update(SignIn).where(SignIn.conn_id == conn_id, SignIn.failed_kind.in_(failed_kinds))
    changed_rows(session, which.values(retry_at=None))


def take_lease(
    session: Session, row_id: int, version: int, owner: str, now: datetime, until: datetime
) -> bool:
    """Become the one who refreshes, if nobody is and the credentials are still those of ``version``.

    :param session: writes in its transaction
    :param row_id: id of the sign-in
    :param version: version that the row must have
    :param owner: name of the process
    :param now: the time, in UTC
    :param until: when another process may take over
    :return: whether it was taken
    """
    statement = (
        update(SignIn)
        .where(
            SignIn.id == row_id,
            SignIn.version == version,
            (SignIn.lease_until.is_(None)) | (SignIn.lease_until < now),
        )
        .values(lease_owner=owner, lease_until=until)
    )
    return changed_rows(session, statement) == 1


def exists(session: Session, row_id: int) -> bool:
    """Whether the sign-in is still there, whatever this session read before.

    :param session: a session
    :param row_id: id of the sign-in
    :return: whether it is there
    """
    return session.scalar(select(SignIn.id).where(SignIn.id == row_id)) is not None


def remove(session: Session, row: SignIn) -> bool:
    """Delete a sign-in, unless its credentials changed since it was read.

    :param session: writes in its transaction
    :param row: the sign-in, as it was read
    :return: whether it was deleted
    """
    statement = delete(SignIn).where(SignIn.id == row.id, SignIn.version == row.version)
    return changed_rows(session, statement) == 1


def abandoned(session: Session, now: datetime, at_most: int = 50) -> list[SignIn]:
    """Sign-ins whose refresh was begun by a process that has fallen silent since.

    :param session: a session
    :param now: the time, in UTC
    :param at_most: most rows to read
    :return: them, those that wait longest first
    """
    statement = select(SignIn).where(SignIn.lease_until < now, SignIn.lapsed_at.is_(None))
    return list(session.scalars(statement.order_by(SignIn.lease_until).limit(at_most)))
