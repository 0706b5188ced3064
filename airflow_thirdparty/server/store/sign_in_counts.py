"""How many people are signed in to each account: counted when asked for, or as it was counted last."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from airflow_thirdparty.server.store.models import SignIn, SignInCount

MOST = 10_000
"""Up to so many sign-ins are counted when somebody asks: some milliseconds. A million would take a second."""

Counts = dict[str, tuple[int, int]]
"""How many sign-ins there are, and how many of them have lapsed, by id of the account."""


def counts(session: Session) -> Counts:
    """How many sign-ins there are: exactly while they are few, else as of the last minutes.

    :param session: a session
    :return: numbers by account; one without sign-ins is left out
    """
    rows = session.scalars(select(SignInCount)).all()
    if sum(row.sign_ins for row in rows) <= MOST:
        return counted_now(session)
    return {row.conn_id: (row.sign_ins, row.lapsed) for row in rows}


def counted_now(session: Session) -> Counts:
    """Count, which reads the whole index of the accounts.

    :param session: a session
    :return: as :func:`counts`
    """
    lapsed = func.count(func.coalesce(SignIn.lapsed_at, SignIn.soft_lapsed_at))
    statement = select(SignIn.conn_id, func.count(), lapsed).group_by(SignIn.conn_id)
    return {conn_id: (sign_ins, gone) for conn_id, sign_ins, gone in session.execute(statement)}
