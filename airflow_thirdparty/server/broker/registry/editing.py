"""Accounts made, changed and deleted by an admin on the page, as connections of Airflow's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow.models.connection import Connection
from airflow.models.dag import DagTag
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from airflow_thirdparty import dag_tags, settings
from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.server.accounts.account import Registration, parse
from airflow_thirdparty.server.accounts.fields import wrong
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.broker.telemetry import audit
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store.client_secrets import registration_of
from airflow_thirdparty.server.store.delegations import Delegation
from airflow_thirdparty.server.store.models import ClientSecret, SignIn
from airflow_thirdparty.wire import CONN_ID_PATTERN, CONN_TYPE


class IdTaken(ThirdPartyAccountError):
    """A connection of this id exists."""

    code = "id_taken"


class KeptElsewhere(ThirdPartyAccountError):
    """The account lives in a secrets backend, which Airflow only reads."""

    code = "kept_elsewhere"


@dataclass(frozen=True)
class Entered:
    """What an admin entered.

    :param login: the client id
    :param secret: the client secret; ``None`` keeps the stored one
    :param host: where the API is
    :param extra: the account's own fields by name; empty ones are left out
    """

    description: str | None = None
    login: str | None = None
    secret: str | None = field(default=None, repr=False)
    host: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    def extra_text(self) -> str:
        """The extra as the connection keeps it."""
        return json.dumps({name: value for name, value in self.extra.items() if value != ""})


@dataclass(frozen=True)
class Losses:
    """Who and what uses an account, and would not any more.

    :param sign_ins: how many people are signed in
    :param delegations: how many delegations name it
    :param dags: ids of DAGs that use it
    """

    sign_ins: int
    delegations: int
    dags: tuple[str, ...]


def create(session: Session, conn_id: str, entered: Entered, by: Person) -> None:
    """Make an account.

    :param session: writes in its transaction
    :param conn_id: its id, which no connection has yet
    :param entered: its fields
    :param by: who makes it
    :raises IdTaken: when there is a connection of this id, of whatever type
    :raises AccountMisconfigured: naming the field that cannot be
    """
    if not CONN_ID_PATTERN.fullmatch(conn_id):
        raise wrong(conn_id[:60], "conn_id", "new_id_characters")
    if conn_id in settings.accounts_in_secrets_backend() or session.scalar(
        select(Connection.id).where(func.lower(Connection.conn_id) == conn_id.lower()).limit(1)
    ):
        raise IdTaken(
            f"There is a connection '{conn_id}' already.",
            "Choose another id, or change that connection's type under Admin, Connections.",
            field="conn_id",
        )
    row = Connection(conn_id=conn_id, conn_type=CONN_TYPE)
    _fill(row, entered)
    session.add(row)
    session.flush()
    audit.write(session, "account_created", conn_id=conn_id, person=by)


def change(session: Session, conn_id: str, entered: Entered, by: Person) -> None:
    """Change an account; what was entered before and is empty now is gone, but for the client secret.

    :param session: writes in its transaction
    :param conn_id: its id
    :param entered: its fields
    :param by: who changes it
    :raises NoSuchAccount: when there is none
    :raises KeptElsewhere: when it lives in a secrets backend
    :raises AccountMisconfigured: naming the field that cannot be
    """
    row = _row(session, conn_id)
    _fill(row, entered)
    session.flush()
    audit.write(session, "account_changed", conn_id=conn_id, person=by)


def remove(session: Session, conn_id: str, by: Person) -> None:
    """Delete an account; sign-ins stay until they are pruned, and wait for an account of the same service.

    :param session: writes in its transaction
    :param conn_id: its id
    :param by: who deletes it
    :raises NoSuchAccount: when there is none
    :raises KeptElsewhere: when it lives in a secrets backend
    """
    session.delete(_row(session, conn_id))
    session.flush()
    audit.write(session, "account_deleted", conn_id=conn_id, person=by)


def read(session: Session, conn_id: str) -> tuple[Registration, bool, bool]:
    """An account as it was entered.

    :param session: a session
    :param conn_id: its id
    :raises NoSuchAccount: when there is none
    :return: its registration, whether a client secret is stored, and whether it lives in a secrets backend
    """
    entries = {entry.registration.conn_id: entry for entry in registrations.list_all(session)}
    if conn_id not in entries:
        raise registrations.no_such_account(conn_id)
    has_secret = session.get(ClientSecret, conn_id) is not None
    return entries[conn_id].registration, has_secret, conn_id in settings.accounts_in_secrets_backend()


def losses(session: Session, conn_id: str) -> Losses:
    """Who would lose what if the account went.

    :param session: a session
    :param conn_id: its id
    :return: counted, and the DAGs by id
    """
    tag = dag_tags.account_tag(conn_id)
    return Losses(
        session.scalar(select(func.count()).where(SignIn.conn_id == conn_id)) or 0,
        session.scalar(select(func.count()).where(Delegation.conn_id == conn_id)) or 0,
        tuple(session.scalars(select(DagTag.dag_id).where(DagTag.name == tag).order_by(DagTag.dag_id))),
    )


def _row(session: Session, conn_id: str) -> Connection:
    if conn_id in settings.accounts_in_secrets_backend():
        raise KeptElsewhere(
            f"Account '{conn_id}' lives in a secrets backend, which Airflow only reads.",
            "Change it there. Its client secret is stored by: airflow third-party-accounts set-secret.",
        )
    row: Connection | None = session.scalar(select(Connection).where(Connection.conn_id == conn_id))
    if row is None or row.conn_type != CONN_TYPE:
        raise registrations.no_such_account(conn_id)
    return row


def _fill(row: Connection, entered: Entered) -> None:
    """Put what was entered into a row, once it is known that it can be."""
    row.description = entered.description or None
    row.login = entered.login or None
    row.host = entered.host or None
    row.port, row.schema = None, None
    row.set_extra(entered.extra_text())
    parse(registration_of(row))
    if entered.secret:
        row.set_password(entered.secret)
